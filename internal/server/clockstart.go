package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"jejak/eventstore"
	"jejak/internal/backup"
)

// clockWordFile has a person's word that the clock is right although a start would refuse it.
const clockWordFile = "clock-accepted.json"

const (
	// greatestGap is how long after the newest record a server may be started without a word: more than a year, so that
	// a directory that is used for one election a year, and looked at before the next one, needs none.
	greatestGap = 400 * 24 * time.Hour
	// wordHolds is how long after the word the server must be started.
	wordHolds = time.Hour
)

// StartClock is how the machine's clock stands to the log of a directory, before a server starts there.
type StartClock struct {
	Now      time.Time
	Newest   time.Time // when the newest record was recorded; zero where there is none, and in a simulation, whose clock is driven
	Position eventstore.Position
	// Simulated says that the clock is driven: nothing is refused by the machine's.
	Simulated bool
	// Refused says that no server starts by this clock without a word, Word that there is one, which holds for the next start.
	Refused, Word bool
}

// ImplausibleClockError says that the clock at a start cannot be right, or the newest record was recorded by a wrong one.
type ImplausibleClockError struct {
	Dir         string
	Now, Newest time.Time
	Elsewhere   bool // the log is not in the directory but on a server that has to be named
}

func (e *ImplausibleClockError) Error() string {
	side, gap := "after", e.Now.Sub(e.Newest)
	if gap < 0 {
		side, gap = "before", -gap
	}
	way := "jejak clock accept --data " + e.Dir
	if e.Elsewhere {
		way += ", with the same --store,"
	}
	return fmt.Sprintf("look at the clock before anything is recorded by it: it says %s, %s %s the newest record of the log (%s): set the machine's clock right (NTP) and start again; "+
		"or if it is right now, run  %s  and start within an hour", stamp(e.Now), gap.Round(time.Second), side, stamp(e.Newest), way)
}

// refusedAtStart tells whether a clock that says now is too far from the newest record for a start.
func refusedAtStart(now, newest time.Time) bool {
	return !newest.IsZero() && (now.Sub(newest) > greatestGap || newest.Sub(now) > usualError)
}

// clockWord is the content of clockWordFile: for which newest record, and by which time, the clock was accepted.
type clockWord struct {
	Position   eventstore.Position `json:"position"`
	RecordedAt time.Time           `json:"recorded_at"`
	Clock      time.Time           `json:"clock"`
}

// covers tells whether the word was given for this record and, a little while ago, this time.
func (w *clockWord) covers(c *StartClock) bool {
	since := c.Now.Sub(w.Clock)
	return w.Position == c.Position && w.RecordedAt.Equal(c.Newest) && since >= -usualError && since <= wordHolds
}

// startClock looks how the clock stands to the log. A word that cannot be read is none: it is given again.
func (s *Server) startClock(ctx context.Context, now time.Time) (StartClock, error) {
	c := StartClock{Now: now, Simulated: s.cfg.Kind == Simulated}
	if c.Simulated {
		return c, nil
	}
	var err error
	if c.Position, c.Newest, err = newestRecord(ctx, s.store); err != nil {
		return c, err
	}
	c.Refused = refusedAtStart(now, c.Newest)
	data, err := os.ReadFile(filepath.Join(s.cfg.Dir, clockWordFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("read whether the clock was accepted: %w", err)
	}
	var word clockWord
	c.Word = c.Refused && err == nil && json.Unmarshal(data, &word) == nil && word.covers(&c)
	return c, nil
}

// mayStart refuses a clock that cannot be right and uses up the word, so that a later start by a wrong clock is refused again.
func (s *Server) mayStart(c *StartClock) error {
	if c.Refused && !c.Word {
		return &ImplausibleClockError{Dir: s.cfg.Dir, Now: c.Now, Newest: c.Newest, Elsewhere: engineOf(s.cfg.Store) != embedded}
	}
	if err := os.Remove(filepath.Join(s.cfg.Dir, clockWordFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("use up the word that the clock is right: %w", err)
	}
	if c.Word {
		s.log.Warn("the clock is taken as it is, on the word of jejak clock accept", "clock", stamp(c.Now), "newest", stamp(c.Newest))
	}
	return nil
}

// LookAtClock tells how a machine's clock that says now stands to the log of a directory that no server has open. store is
// as in Config. A directory in use is a *lock.HeldError.
func LookAtClock(ctx context.Context, dir, store string, now time.Time) (c StartClock, err error) {
	l, err := OpenLog(ctx, dir, store)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return l.server.startClock(ctx, now)
}

// AcceptClock lets the next server of a directory start by a clock that says now, if it would be refused: it keeps a word
// that holds once, for an hour and for the log as it is. accepted is false where there was nothing to accept and nothing
// was done. store is as in Config. A directory in use is a *lock.HeldError: the clock is to be accepted by its server.
func AcceptClock(ctx context.Context, dir, store string, now time.Time) (c StartClock, accepted bool, err error) {
	l, err := OpenLog(ctx, dir, store)
	if err != nil {
		return c, false, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if c, err = l.server.startClock(ctx, now); err != nil || !c.Refused {
		return c, false, err
	}
	word := clockWord{Position: c.Position, RecordedAt: c.Newest, Clock: now}
	if err := errors.Join(writeFile(filepath.Join(dir, clockWordFile), word), backup.SyncFolder(dir)); err != nil {
		return c, false, err
	}
	c.Word = true
	return c, true, nil
}
