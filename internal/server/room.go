package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"jejak/internal/diskfull"
)

// WarnFree is how many bytes must be free on the disk of the data directory, unless Config says otherwise, before it is told that there is little room.
const WarnFree = 1 << 30

const (
	// mostWriteAhead is how many bytes the log's write-ahead log may have: the engine empties it at an eighth of this, unless another program reads.
	mostWriteAhead = 256 << 20
	// roomEvery is how often it is looked whether a warning begins or ends.
	roomEvery = 5 * time.Second
)

// openRoom watches what room the log has, until the server closes.
func (s *Server) openRoom(ctx context.Context) error {
	if s.cfg.WarnFree == 0 {
		s.cfg.WarnFree = WarnFree
	}
	s.metrics.Room(func() float64 {
		if free, ok := diskfull.Free(s.cfg.Dir); ok {
			return float64(free)
		}
		return math.NaN()
	}, func() float64 { return float64(writeAhead(s.cfg.Dir)) })
	s.warns(func() (all []string) {
		for _, w := range roomWarnings(s.cfg.Dir, s.cfg.WarnFree, mostWriteAhead) {
			all = append(all, w.text)
		}
		return all
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(roomEvery)
		defer tick.Stop()
		for told := map[string]bool{}; ; {
			logRoom(s.log, told, roomWarnings(s.cfg.Dir, s.cfg.WarnFree, mostWriteAhead))
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	s.opened("watch of the room", func(context.Context) error {
		cancel()
		<-ended
		return nil
	})
	return nil
}

// logRoom logs the warnings that have begun or ended since it was called before; told are those that it has logged the beginning of.
func logRoom(log *slog.Logger, told map[string]bool, now []roomWarning) {
	for _, w := range now {
		if !told[w.short] {
			told[w.short] = true
			log.Warn(w.short, "what", w.text)
		}
	}
	for short := range told {
		if !slices.ContainsFunc(now, func(w roomWarning) bool { return w.short == short }) {
			delete(told, short)
			log.Info("over: " + short)
		}
	}
}

// roomWarning is something that is short: by name, and what mends it.
type roomWarning struct{ short, text string }

// writeAhead is how many bytes the write-ahead log of the log has; 0 where there is none.
func writeAhead(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, EventsFile+"-wal"))
	if err != nil {
		return 0
	}
	return info.Size()
}

// roomWarnings says what is short in a data directory, and what mends it.
func roomWarnings(dir string, least uint64, most int64) (all []roomWarning) {
	if free, ok := diskfull.Free(dir); ok && free < least {
		all = append(all, roomWarning{"there is little room on the disk of the data directory", fmt.Sprintf("%d MiB are free on the disk of %s: free some space before it is full, when nothing more can be recorded", free>>20, dir)})
	}
	if size := writeAhead(dir); size > most {
		all = append(all, roomWarning{"the write-ahead log of the event log is long", fmt.Sprintf("%s-wal has %d MiB: another program holds a transaction open on %s; end it, and the file is emptied", EventsFile, size>>20, EventsFile)})
	}
	return all
}
