package clock

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// greatestStep is how far the machine's clock may be set at once while a server runs. NTP and people correct less; a machine restored from a snapshot, or
// whose clock battery is empty, is off by more.
const greatestStep = 24 * time.Hour

// Machine is what a Watched clock is made of: what the machine says the time is, and how long it has run, by a clock that nobody sets.
type Machine interface {
	Wall() time.Time
	Running() time.Duration
}

// Watched is the machine's clock, held against how long the machine has run. While the two are a step of more than a day apart the clock is not believed:
// Now goes on from the time before the step, and Stepped says so, until the clock is right again, or somebody says with Accept that it is right now.
type Watched struct {
	machine Machine
	log     *slog.Logger

	mu       sync.Mutex
	wall     time.Time     // believed last
	running  time.Duration // then
	latest   time.Time     // told by Now
	distrust bool
}

// NewWatched watches the clock of a machine from now on; nil: of this one. Steps are told to log when they begin and end.
func NewWatched(machine Machine, log *slog.Logger) *Watched {
	if machine == nil {
		machine = thisMachine{time.Now()}
	}
	return &Watched{machine: machine, log: log, wall: machine.Wall(), running: machine.Running()}
}

// thisMachine began to run at a time that has Go's monotonic reading.
type thisMachine struct{ began time.Time }

// Wall has no monotonic reading, so that it shows when the clock is set.
func (thisMachine) Wall() time.Time { return time.Now().Round(0) }

func (m thisMachine) Running() time.Duration { return time.Since(m.began) }

// SteppedError says that the machine's clock was set by more than a day while the server ran.
type SteppedError struct {
	Says     time.Time // the machine's clock
	Expected time.Time // by how long the machine has run
}

func (e *SteppedError) Error() string {
	return fmt.Sprintf("the server's clock says %s, but it should be about %s by how long the server has run: it was set by %s",
		e.Says.UTC().Format(time.RFC3339), e.Expected.UTC().Format(time.RFC3339), e.Says.Sub(e.Expected).Round(time.Minute))
}

// Now is the machine's time, or while it is not believed the time that it should be.
func (w *Watched) Now() time.Time {
	now, _ := w.look()
	return now
}

// Stepped says why the machine's clock is not believed, nil while it is.
func (w *Watched) Stepped() *SteppedError {
	_, stepped := w.look()
	return stepped
}

// Accepted is what Accept did.
type Accepted struct {
	// Stepped says that the clock was not believed; without it there was nothing to accept, and nothing was done.
	Stepped bool
	Before  time.Time // by how long the machine has run: what Now told until then
	Now     time.Time // what the machine's clock says, and Now from now on
}

// Accept believes a clock that was set: on the word of a person, since nothing that the machine knows tells a clock that
// was put right from one that was put wrong.
func (w *Watched) Accept() Accepted {
	w.mu.Lock()
	defer w.mu.Unlock()
	expected, stepped := w.lookAgain()
	if stepped == nil {
		return Accepted{Before: expected, Now: expected}
	}
	w.wall, w.running, w.distrust = stepped.Says, w.machine.Running(), false
	w.log.Warn("the machine's clock is believed again, on the word of a person", "says", stepped.Says, "expected", expected)
	return Accepted{Stepped: true, Before: expected, Now: stepped.Says}
}

// Behind is how far Now lies before the latest time that it has told: what was recorded then bears a time to come. It is 0
// for a clock that never went back.
func (w *Watched) Behind() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, _ := w.lookAgain()
	return max(w.latest.Sub(now), 0)
}

func (w *Watched) look() (time.Time, *SteppedError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, stepped := w.lookAgain()
	if now.After(w.latest) {
		w.latest = now
	}
	return now, stepped
}

// lookAgain looks at the machine. The caller holds the lock.
func (w *Watched) lookAgain() (time.Time, *SteppedError) {
	says, running := w.machine.Wall(), w.machine.Running()
	expected := w.wall.Add(running - w.running)
	if off := says.Sub(expected).Abs(); off > greatestStep {
		stepped := &SteppedError{says, expected}
		if !w.distrust {
			w.distrust = true
			w.log.Error("the machine's clock is not believed: commands are refused until it is right again, or jejak clock accept says that it is right now", "error", stepped)
		}
		return expected, stepped
	}
	if w.distrust {
		w.distrust = false
		w.log.Info("the machine's clock is right again", "says", says)
	}
	w.wall, w.running = says, running
	return says, nil
}

// Simulated is false.
func (*Watched) Simulated() bool { return false }

// Changed is nil: the machine's clock runs by itself.
func (*Watched) Changed() <-chan struct{} { return nil }
