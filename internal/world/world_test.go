package world

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
)

// world is one run of a story: the log, the servers in front of it, the people, and what goes wrong.
type world struct {
	t       *testing.T
	story   *story
	rng     *rand.Rand // decides the faults; nil: nothing goes wrong
	dir     string
	log     eventstore.Store
	onDisk  int // the log is in this many-th copy of a file; 0: in memory
	servers []*server
	planned map[uuid.UUID]bool
	now     time.Time
	ahead   bool // requests are on their way, which no server may take for the future

	faults       []string // in order; the same for the same seed
	acknowledged map[uuid.UUID]act
}

// newWorld opens one or two servers over an empty log.
func newWorld(t *testing.T, seed uint64, disturbed bool) *world {
	w := &world{t: t, story: tellStory(seed), dir: t.TempDir(), planned: map[uuid.UUID]bool{}, now: onTheRoad, acknowledged: map[uuid.UUID]act{}}
	for _, a := range slices.Concat(w.story.decisions, w.story.acts, w.story.closing) {
		w.planned[a.id] = true
	}
	hire(t, w.story.everyone())
	n := 1
	if disturbed {
		w.rng = rand.New(rand.NewPCG(seed, 2))
		switch w.rng.IntN(6) {
		case 0:
			w.onDisk = 1
			w.note("the log is a file")
		case 1, 2:
			n = 2
			w.note("two servers")
		}
	}
	w.open()
	publish(t, w.log)
	w.servers = make([]*server, n)
	for i := range n {
		w.start(i)
	}
	w.servers[0].adopt()
	return w
}

func (w *world) note(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// open opens the log.
func (w *world) open() {
	w.t.Helper()
	if w.onDisk == 0 {
		w.log = memory.New()
		return
	}
	log, err := sqlite.Open(w.t.Context(), w.file(), sqlite.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.log = log
}

func (w *world) file() string { return filepath.Join(w.dir, fmt.Sprintf("%d-events.db", w.onDisk)) }

// crash leaves of a log in a file what the end of its process leaves: the files as they are now, which no Close has put in order.
func (w *world) crash() {
	w.t.Helper()
	if w.onDisk == 0 {
		return
	}
	old, from := w.log, w.file()
	w.onDisk++
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(from + suffix)
		if err == nil {
			err = os.WriteFile(w.file()+suffix, text, 0o600)
		}
		if err != nil && (suffix == "" || !os.IsNotExist(err)) {
			w.t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

func (w *world) cacheFile(i int) string { return filepath.Join(w.dir, fmt.Sprintf("cache-%d.db", i)) }

func (w *world) start(i int) {
	w.t.Helper()
	w.servers[i] = start(w.t, Over(w.log, w.planned), w.cacheFile(i), w.now, len(w.servers) > 1)
}

// restart puts a new server in the place of one, which is dead or is stopped in order.
func (w *world) restart(i int) {
	w.t.Helper()
	s := w.servers[i]
	synctest.Wait()
	s.stop()
	if s.store.Dead() {
		w.crash()
	}
	switch w.rng.IntN(8) {
	case 0:
		w.note("server %d: its cache is lost", i)
		w.must(os.RemoveAll(w.cacheFile(i)))
	case 1:
		w.note("server %d: its cache is rubbish", i)
		if text, err := os.ReadFile(w.cacheFile(i)); err == nil {
			for n := range text {
				if n%97 == 0 {
					text[n] ^= 0x55
				}
			}
			w.must(os.WriteFile(w.cacheFile(i), text, 0o600))
		}
	}
	now := w.now
	if !w.ahead && w.rng.IntN(4) == 0 {
		w.now = now.Add(-time.Duration(w.rng.IntN(72)) * time.Hour)
		w.note("server %d: its clock is back at %s", i, w.now.Format(time.RFC3339))
	}
	w.start(i)
	w.now = now
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// close ends all.
func (w *world) close() {
	w.t.Helper()
	for _, s := range w.servers {
		s.stop()
	}
	w.must(w.log.Close())
}

// set sets the servers' clocks, which never go back.
func (w *world) set(now time.Time) {
	w.now = now
	for _, s := range w.servers {
		if s.clock.Now().Before(now) {
			w.must(s.clock.Set(now))
		}
	}
	w.settle()
}

// settle waits for every server, and replaces those that died over it.
func (w *world) settle() {
	w.t.Helper()
	for i := range w.servers {
		w.servers[i].settle()
	}
	for i, s := range w.servers {
		if s.store.Dead() {
			w.restart(i)
			w.servers[i].settle()
		}
	}
}

// play tells the story as it happens, with nothing going wrong.
func (w *world) play() {
	w.t.Helper()
	w.ahead = true
	for _, a := range w.story.decisions {
		w.send(0, []act{a})
	}
	for _, a := range w.story.acts {
		w.set(a.at)
		w.send(0, []act{a})
	}
	w.finish()
}

// finish lets the deadline pass and everything be accepted that is to be.
func (w *world) finish() {
	w.set(end)
	w.ahead = true
	w.set(end.AddDate(0, 0, 1))
	for _, a := range w.story.closing {
		w.deliver([]act{a})
	}
	for _, s := range w.servers {
		s.store.Calm()
	}
	w.settle()
}

// send sends acts of one person to a server once and tells whether all are answered for good.
func (w *world) send(i int, acts []act) bool {
	w.t.Helper()
	return w.look(acts, w.post(i, acts))
}

func (w *world) post(i int, acts []act) []api.Answer {
	if len(acts) == 1 {
		return w.servers[i].request(acts[0].who, "application/json", acts[0].body)
	}
	var body bytes.Buffer
	for _, a := range acts {
		body.Write(a.body)
		body.WriteByte('\n')
	}
	return w.servers[i].request(acts[0].who, "application/x-ndjson", body.Bytes())
}

// look takes note of what is acknowledged.
func (w *world) look(acts []act, answers []api.Answer) (final bool) {
	w.t.Helper()
	final = len(answers) == len(acts)
	for n, answer := range answers[:min(len(answers), len(acts))] {
		a := acts[n]
		switch answer.Result {
		case api.Accepted, api.AcceptedWithDiscrepancy, api.Duplicate:
			if a.refused || answer.ID != a.id.String() {
				w.t.Errorf("%s of %s: %+v", a.kind, a.who.id(), answer)
			}
			w.acknowledged[a.id] = a
		case api.Rejected:
			if !a.refused {
				w.t.Errorf("%s of %s was refused: %+v: %s", a.kind, a.who.id(), answer, a.body)
			}
		case api.Error:
			if answer.Status < 500 {
				w.t.Errorf("%s of %s is wrong: %+v: %s", a.kind, a.who.id(), answer, a.body)
			} else {
				final = false
			}
		}
	}
	return final
}

// seeds are those that the environment asks for: JEJAK_WORLD_SEED=n one, JEJAK_WORLD_SEEDS=n the first n, else a few.
func seeds(t *testing.T) []uint64 {
	number := func(name string) (uint64, bool) {
		text := os.Getenv(name)
		if text == "" {
			return 0, false
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s=%q is no number", name, text)
		}
		return n, true
	}
	if one, ok := number("JEJAK_WORLD_SEED"); ok {
		return []uint64{one}
	}
	n, ok := number("JEJAK_WORLD_SEEDS")
	if !ok {
		n = 20
	}
	all := make([]uint64, n)
	for i := range all {
		all[i] = uint64(i + 1)
	}
	return all
}

// inWorld runs a test in virtual time, in a world that is closed in any case, and prints the faults of one that fails.
func inWorld(t *testing.T, seed uint64, disturbed bool, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, disturbed)
		defer w.close()
		defer func() {
			if t.Failed() {
				t.Logf("to play it again: JEJAK_WORLD_SEED=%d go test -run '^%s$' ./internal/world", seed, strings.Split(t.Name(), "/")[0])
				t.Logf("what went wrong on purpose:\n%s", strings.Join(w.faults, "\n"))
			}
		}()
		test(w)
	})
}

// TestFaults: whatever goes wrong, boxes, custody, stations, shipments, stock and open discrepancies end as if nothing had.
func TestFaults(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			var want map[domain.Code]outcome
			inWorld(t, seed, false, func(w *world) {
				w.play()
				w.check()
				want = w.servers[0].outcome()
			})
			if t.Failed() {
				return
			}
			inWorld(t, seed, true, func(w *world) {
				w.disturb()
				w.check()
				for i, s := range w.servers {
					if diff := differ(want, s.outcome()); diff != "" {
						t.Errorf("server %d ends in something else (-undisturbed +disturbed):\n%s", i, diff)
					}
				}
			})
		})
	}
}

// TestSameSeedSameFaults: a seed that failed fails again.
func TestSameSeedSameFaults(t *testing.T) {
	for _, seed := range []uint64{3, 5} {
		var faults [2]string
		var ends [2]map[domain.Code]outcome
		for i := range 2 {
			inWorld(t, seed, true, func(w *world) {
				w.disturb()
				faults[i], ends[i] = strings.Join(w.faults, "\n"), w.servers[0].outcome()
			})
		}
		if diff := differ(faults[0], faults[1]); diff != "" || faults[0] == "" {
			t.Errorf("seed %d: other faults the second time (-first +second):\n%s", seed, diff)
		}
		if diff := differ(ends[0], ends[1]); diff != "" {
			t.Errorf("seed %d: another end the second time (-first +second):\n%s", seed, diff)
		}
	}
}

// check holds what every run must: acknowledged commands are in the log once, and the ledgers that the servers have are those that the log gives,
// with the cache and without.
func (w *world) check() {
	w.t.Helper()
	for _, a := range slices.Concat(w.story.decisions, w.story.acts, w.story.closing) {
		if _, ok := w.acknowledged[a.id]; ok == a.refused {
			w.t.Errorf("%s %s: acknowledged %t", a.kind, a.id, ok)
		}
	}
	w.servers[0].checkLog(w.log, w.acknowledged)
	live := w.servers[0].states()
	for i := range w.servers[1:] {
		if diff := differ(live, w.servers[i+1].states()); diff != "" {
			w.t.Errorf("two servers show different ledgers (-first +second):\n%s", diff)
		}
	}
	for _, s := range w.servers {
		s.stop()
	}
	for i := range w.servers {
		w.start(i)
		if diff := differ(live, w.servers[i].states()); diff != "" {
			w.t.Errorf("a new server %d with the cache shows another ledger (-before +after):\n%s", i, diff)
		}
	}
	replay := start(w.t, Over(w.log, w.planned), filepath.Join(w.dir, "no-cache.db"), w.now, false)
	defer replay.stop()
	if diff := differ(live, replay.states()); diff != "" {
		w.t.Errorf("the log gives another ledger (-server +log):\n%s", diff)
	}
}

// together runs two things at once.
func together(a, b func()) {
	var both sync.WaitGroup
	both.Go(a)
	both.Go(b)
	both.Wait()
}
