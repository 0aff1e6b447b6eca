package server

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

const (
	// leastFree is how many bytes must be free on the disk of the data directory before it is told that there is little room.
	leastFree = 1 << 30
	// mostWriteAhead is how many bytes the log's write-ahead log may have: the engine empties it at an eighth of this, unless another program reads.
	mostWriteAhead = 256 << 20
)

// openRoom watches what room the log has.
func (s *Server) openRoom(context.Context) error {
	s.metrics.Room(func() float64 {
		if free, ok := freeBytes(s.cfg.Dir); ok {
			return float64(free)
		}
		return math.NaN()
	}, func() float64 { return float64(writeAhead(s.cfg.Dir)) })
	s.warns(func() []string { return roomWarnings(s.cfg.Dir, leastFree, mostWriteAhead) })
	return nil
}

// writeAhead is how many bytes the write-ahead log of the log has; 0 where there is none.
func writeAhead(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, EventsFile+"-wal"))
	if err != nil {
		return 0
	}
	return info.Size()
}

// roomWarnings says what is short in a data directory, and what mends it.
func roomWarnings(dir string, least uint64, most int64) (all []string) {
	if free, ok := freeBytes(dir); ok && free < least {
		all = append(all, fmt.Sprintf("%d MiB are free on the disk of %s: free some space before it is full, when nothing more can be recorded", free>>20, dir))
	}
	if size := writeAhead(dir); size > most {
		all = append(all, fmt.Sprintf("%s-wal has %d MiB: another program holds a transaction open on %s; end it, and the file is emptied", EventsFile, size>>20, EventsFile))
	}
	return all
}
