package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"jejak/internal/clock"
)

// clockFile remembers the time of a simulated directory, so that it does not go back when the server starts again.
const clockFile = "clock.json"

// clockStart is the time of a new simulated directory until a simulator sets it: before anything of Pemilu 2024 that is played.
var clockStart = time.Date(2023, time.January, 1, 0, 0, 0, 0, time.FixedZone("WIB", 7*60*60))

// usualGap is how long a server may have been off, or its clock differ from that of the newest record, before it is told.
const (
	usualGap   = 24 * time.Hour
	usualError = 2 * time.Minute // by which the clock may be before the newest record
	// lookPatience is how long a warning of the clock waits for the newest record.
	lookPatience = time.Second
)

// openWatchedClock takes the machine's clock as it is, unless it cannot be right, tells how far it is from the newest record where that is much, and
// watches it from now on.
func (s *Server) openWatchedClock(ctx context.Context) error {
	s.watched = clock.NewWatched(s.cfg.Machine, s.log)
	s.clock = s.watched
	began, err := s.startClock(ctx, s.watched.Now())
	if err != nil {
		return err
	}
	if err := s.mayStart(&began); err != nil {
		return err
	}
	gap := time.Duration(0)
	if !began.Newest.IsZero() {
		gap = began.Now.Sub(began.Newest)
	}
	if gap > usualGap {
		told := fmt.Sprintf("at the start the clock was %s after the newest record (%s): right if the server was off for so long", gap.Round(time.Minute), stamp(began.Newest))
		s.log.Warn("look at the clock", "cause", told)
		s.warns(func() []string { return []string{told} })
	}
	s.warns(func() []string {
		if stepped := s.watched.Stepped(); stepped != nil {
			return []string{stepped.Error() + ": commands are refused (server_clock) until it is right, or jejak clock accept says that it is right now"}
		}
		return nil
	})
	s.warnOfTimesToCome(began.Newest)
	if s.metrics == nil {
		return nil
	}
	s.metrics.WatchClock(gap, func() time.Duration {
		if stepped := s.watched.Stepped(); stepped != nil {
			return stepped.Says.Sub(stepped.Expected)
		}
		return 0
	})
	return nil
}

// warnOfTimesToCome warns while the newest record bears a time that has not come yet: the one that was there at the start, or one that was recorded before
// the clock went back.
func (s *Server) warnOfTimesToCome(newest time.Time) {
	s.newest.reach(newest)
	s.warns(func() []string {
		if s.watched.Behind() > usualError { // else the log has nothing newer than now
			s.lookAtNewest()
		}
		newest := s.newest.get()
		ahead := newest.Sub(s.watched.Now())
		if newest.IsZero() || ahead <= usualError {
			return nil
		}
		return []string{fmt.Sprintf("the clock is %s before the newest record of the log (%s): one of them is wrong; until the clock reaches it, records of its ledger bear "+
			"its time", ahead.Round(time.Minute), stamp(newest))}
	})
}

// acceptClock believes the machine's clock after it was set. Nothing is recorded while it is not believed, so that the newest record is the one of before:
// it is looked at now, for if the clock goes back the next record bears an earlier time.
func (s *Server) acceptClock() clock.Accepted {
	if s.watched.Stepped() != nil {
		s.lookAtNewest()
	}
	return s.watched.Accept()
}

// lookAtNewest remembers when the newest record of the log was recorded.
func (s *Server) lookAtNewest() {
	ctx, cancel := context.WithTimeout(context.Background(), lookPatience)
	defer cancel()
	last, err := lastRecorded(ctx, s.store)
	if err != nil {
		s.log.Warn("the newest record cannot be held against the clock", "error", err)
		return
	}
	s.newest.reach(last)
}

// newestTime is the latest time that a record of the log is known to bear.
type newestTime struct {
	mu   sync.Mutex
	time time.Time
}

func (n *newestTime) get() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.time
}

func (n *newestTime) reach(t time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t.After(n.time) {
		n.time = t
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

type clockState struct {
	Now time.Time `json:"now"`
}

// drivenClock is a driven clock that is remembered in a directory.
type drivenClock struct {
	*clock.Driven
	dir string
	log *slog.Logger
}

// openDriven goes on with the time of a simulated directory: the remembered one, or a later one that the log proves.
func openDriven(dir string, proved time.Time, log *slog.Logger) (*drivenClock, error) {
	now, err := rememberedTime(dir)
	if err != nil {
		return nil, err
	}
	if proved.After(now) {
		now = proved
	}
	return &drivenClock{Driven: clock.NewDriven(now), dir: dir, log: log}, nil
}

// Set moves the clock and remembers the time. What cannot be remembered is no reason to refuse: the log proves the time of everything recorded.
func (c *drivenClock) Set(t time.Time) error {
	if err := c.Driven.Set(t); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(c.dir, clockFile), clockState{Now: t}); err != nil {
		c.log.Warn("time of the simulated directory is not remembered", "error", err)
	}
	return nil
}

func rememberedTime(dir string) (time.Time, error) {
	data, err := os.ReadFile(filepath.Join(dir, clockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return clockStart, nil
	}
	var state clockState
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the time of the simulated directory: %s: %w: delete this file to go on from the last record's time",
			filepath.Join(dir, clockFile), err)
	}
	return state.Now, nil
}
