package trail_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/journal"
	"jejak/internal/trail"
)

// catalog has one election with two units.
type catalog struct{}

func (catalog) Reference(string, string) (*election.Reference, bool) { return nil, false }
func (catalog) Elections() []string                                  { return []string{given.Election} }
func (catalog) Units(string) []domain.Code                           { return []domain.Code{given.Province, given.Unit} }
func (catalog) Refresh(context.Context, string) error                { return nil }
func (catalog) Discover(context.Context) error                       { return nil }

// log is a log of incidents about things at random.
type log struct {
	*testing.T
	store *memory.Store
	rng   *rand.Rand
	n     int
	noted int // occurrences that the index had when it was looked at
}

func newLog(t *testing.T, seed uint64) *log {
	return &log{T: t, store: memory.New(), rng: rand.New(rand.NewPCG(seed, 1))}
}

func (l *log) thing() string { return fmt.Sprintf("THING-%d", l.rng.IntN(8)) }

// add records some events, one by one.
func (l *log) add(n int) {
	l.Helper()
	for range n {
		unit := []domain.Code{given.Province, given.Unit}[l.rng.IntN(2)]
		stream := journal.LedgerStream(given.Election, unit)
		if l.rng.IntN(10) == 0 { // what is no ledger is not the index's business
			stream = journal.AttemptsStream(given.Election, unit)
		}
		l.append(stream, 1)
	}
}

// addMany records many events in each ledger.
func (l *log) addMany(n int) {
	l.Helper()
	for range n / 100 {
		for _, unit := range catalog.Units(catalog{}, "") {
			l.append(journal.LedgerStream(given.Election, unit), 100)
		}
	}
}

func (l *log) append(stream string, n int) {
	l.Helper()
	version, _, err := l.store.StreamHead(l.Context(), stream)
	if err != nil {
		l.Fatal(err)
	}
	events := make([]eventstore.Event, n)
	for i := range events {
		l.n++
		id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, l.rng.Uint64(), l.n))
		rec := domain.Recorded{ID: domain.EventID(id, 0), Event: l.event(uint64(version) + uint64(i) + 1),
			Meta: domain.Meta{CommandID: id, Actor: domain.Actor{ID: "usr-1"}, OccurredAt: l.moment(), RecordedAt: given.Start.Add(time.Duration(l.n) * time.Second).UTC()}}
		if events[i], err = journal.Encode(rec, &journal.Origin{}, true); err != nil {
			l.Fatal(err)
		}
	}
	if _, err := l.store.Append(l.Context(), stream, version, events...); err != nil {
		l.Fatal(err)
	}
}

// event is one about things at random: mostly an incident, now and then a discrepancy that others prove, or reference data.
func (l *log) event(version uint64) domain.Event {
	switch l.rng.IntN(12) {
	case 0:
		return &ledger.ReferenceAdopted{Version: given.Version}
	case 1:
		raised := &incident.Raised{Discrepancy: fmt.Sprint("DSC-3578-", l.n), Kind: domain.Late, Units: []string{l.thing()}, Proof: []domain.Ref{}}
		for range l.rng.IntN(3) {
			raised.Proof = append(raised.Proof, domain.Ref{Version: 1 + l.rng.Uint64N(version)})
		}
		return raised
	}
	return &incident.IncidentRaised{Incident: fmt.Sprint("DSC-3578-", l.n), Units: []string{l.thing(), l.thing()}}
}

// moment is when a phone says that something occurred: mostly about when it is told, to the second or finer; one whose clock is off says anything.
func (l *log) moment() time.Time {
	at := given.Start.Add(time.Duration(l.n) * time.Second).Add(-time.Duration(l.rng.IntN(100)) * time.Minute)
	switch l.rng.IntN(20) {
	case 0:
		return time.Date(1+l.rng.IntN(9998), 3, 1, 0, 0, 0, l.rng.IntN(1e9), time.UTC)
	case 1, 2, 3:
		return at.Add(time.Duration(l.rng.IntN(1e9)))
	}
	return at
}

// occurrences compares what the index has of when things occurred with reading everything, and returns how much that is.
func (l *log) occurrences(x *trail.Index, of trail.Ledger, after, upTo uint64) int {
	l.Helper()
	var want, got []string
	for rec, err := range l.store.Read(l.Context(), journal.LedgerStream(of.Election, of.Unit), eventstore.Version(after)) {
		var event domain.Recorded
		if err == nil {
			event, err = journal.Decode(&rec, ledger.NewEventOf)
		}
		if err != nil {
			l.Fatal(err)
		}
		if event.Version > upTo {
			break
		}
		var proof []uint64
		_, adopts := event.Event.(*ledger.ReferenceAdopted)
		if raised, ok := event.Event.(*incident.Raised); ok {
			for _, p := range raised.Proof {
				if p.Version != event.Version {
					proof = append(proof, p.Version)
				}
			}
		}
		want = append(want, fmt.Sprintln(event.Version, event.Meta.OccurredAt.UTC(), proof, adopts))
	}
	err := x.Occurrences(of, after, upTo, func(o trail.Occurrence) error {
		got = append(got, fmt.Sprintln(o.Version, o.At.UTC(), o.Proof, o.Adopts))
		return nil
	})
	if err != nil || len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
		l.Errorf("%s after %d up to %d: %v %s", of.Unit, after, upTo, err, cmp.Diff(want, got))
	}
	return len(got)
}

func (l *log) open(path string) *trail.File {
	l.Helper()
	f, err := trail.Open(path)
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = f.Close() })
	return f
}

// holds compares the index with reading everything.
func (l *log) holds(x *trail.Index) {
	l.Helper()
	for _, unit := range []domain.Code{given.Province, given.Unit} {
		of := trail.Ledger{Election: given.Election, Unit: unit}
		version, _, err := l.store.StreamHead(l.Context(), journal.LedgerStream(of.Election, of.Unit))
		if err != nil {
			l.Fatal(err)
		}
		for _, upTo := range []uint64{uint64(version), uint64(version) / 2} {
			l.noted += l.occurrences(x, of, 0, upTo) + l.occurrences(x, of, upTo/3, upTo)
			all, err := trail.Scan(l.Context(), l.store, of, upTo)
			if err != nil {
				l.Fatal(err)
			}
			for _, things := range [][]trail.Thing{{{ID: "THING-1"}}, {{ID: "THING-1"}, {ID: "THING-2"}}, {{ID: "THING-", Within: true}}, {{ID: "usr-1"}}, {{ID: "nothing"}}} {
				got, err := x.Versions(l.Context(), of, upTo, things...)
				if err != nil || !slices.Equal(got, all.Versions(things...)) {
					l.Errorf("%s up to %d, %v: %v, %v; want %v", unit, upTo, things, got, err, all.Versions(things...))
				}
			}
		}
	}
}

// everywhere compares what the index has of a thing in all ledgers with reading everything up to where it goes.
func (l *log) everywhere(x *trail.Index, id string) {
	l.Helper()
	got, upTo, err := x.Everywhere(id)
	if err != nil {
		l.Fatal(err)
	}
	want := map[trail.Ledger][]uint64{}
	for rec, err := range l.store.ReadAll(l.Context(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			l.Fatal(err)
		}
		if rec.Position > upTo {
			break
		}
		concerned, err := trail.Concerns(&rec, id)
		if err != nil {
			l.Fatal(err)
		}
		if election, unit, _ := journal.SplitStream(rec.Stream); concerned {
			of := trail.Ledger{Election: election, Unit: unit}
			want[of] = append(want[of], uint64(rec.Version))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.Errorf("%s everywhere up to %d: %s", id, upTo, diff)
	}
}

// TestCutOffWhileItGrows: what was put before the growth was cut off does not count, and is not put twice.
func TestCutOffWhileItGrows(t *testing.T) {
	l := newLog(t, 5)
	file, from := l.open(filepath.Join(t.TempDir(), "trail.db")), trail.Log{Store: l.store, Catalog: catalog{}}
	l.add(100)
	if _, err := file.Build(t.Context(), from, 1, nil); err != nil {
		t.Fatal(err)
	}
	behind := map[domain.Code]uint64{}
	length := func(unit domain.Code) uint64 {
		version, _, err := l.store.StreamHead(t.Context(), journal.LedgerStream(given.Election, unit))
		if err != nil {
			t.Fatal(err)
		}
		return uint64(version)
	}
	for _, unit := range catalog.Units(catalog{}, "") {
		behind[unit] = length(unit)
	}
	l.addMany(10_000) // more than a handful
	longest := uint64(0)
	for unit, was := range behind {
		longest = max(longest, length(unit)-was)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := file.Build(ctx, from, 1, func(done, all uint64) {
		if done >= longest { // one ledger is in
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	look := func() *trail.Index {
		x, err := trail.Look(t.Context(), file, from)
		if err != nil {
			t.Fatal(err)
		}
		l.holds(x)
		l.everywhere(x, "THING-1")
		l.everywhere(x, "usr-1")
		return x
	}
	look()
	l.add(10)
	if err := look().CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	look()
}

// TestAnotherFuture: an index that was cut off while it took in what this log, brought back from a copy, does not have is of no use.
func TestAnotherFuture(t *testing.T) {
	l, same := newLog(t, 7), newLog(t, 7)
	file := l.open(filepath.Join(t.TempDir(), "trail.db"))
	l.add(100)
	same.add(100)
	if _, err := file.Build(t.Context(), trail.Log{Store: l.store, Catalog: catalog{}}, 1, nil); err != nil {
		t.Fatal(err)
	}
	before := trail.Log{Store: same.store, Catalog: catalog{}}
	if x, err := trail.Look(t.Context(), file, before); err != nil {
		t.Fatal(err)
	} else {
		same.holds(x)
	}
	l.addMany(6_000)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := file.Build(ctx, trail.Log{Store: l.store, Catalog: catalog{}}, 1, func(uint64, uint64) { cancel() }); err == nil {
		t.Fatal("a build whose asker has gone came to its end")
	}
	same.add(50)
	x, err := trail.Look(t.Context(), file, before)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.Everywhere("usr-1"); !errors.Is(err, trail.ErrBehind) {
		t.Error(err)
	}
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	same.holds(x)
	same.everywhere(x, "usr-1")
}

// TestTheIndexIsTheLog: built at once or as the log grows, opened again or not, an index finds what reading the whole log finds.
func TestTheIndexIsTheLog(t *testing.T) {
	for seed := range uint64(10) {
		l := newLog(t, seed)
		path := filepath.Join(t.TempDir(), "trail.db")
		file := l.open(path)
		from := trail.Log{Store: l.store, Catalog: catalog{}}
		l.add(int(seed) * 30)
		built, err := file.Build(t.Context(), from, 2, nil)
		if err != nil || built.Events > uint64(l.n) || seed > 0 && built.Postings < built.Events {
			t.Fatalf("%+v, %v", built, err)
		}
		x, err := trail.Look(t.Context(), file, from)
		if err != nil {
			t.Fatal(err)
		}
		l.holds(x)
		l.add(20) // read beside the index
		l.holds(x)
		for range 3 {
			l.add(l.rng.IntN(40))
			if err := x.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.holds(x)
			l.everywhere(x, "THING-1")
			for _, unit := range catalog.Units(catalog{}, "") {
				of := trail.Ledger{Election: given.Election, Unit: unit}
				version, _, err := l.store.StreamHead(t.Context(), journal.LedgerStream(of.Election, of.Unit))
				if n := l.occurrences(x, of, 0, uint64(version)); err != nil || n != int(version) {
					t.Errorf("%s: it is known of %d events when they occurred, of %d; %v", unit, n, version, err)
				}
			}
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := trail.OpenAsIs(path)
		if err != nil {
			t.Fatal(err)
		}
		if x, err = trail.Look(t.Context(), again, from); err != nil {
			t.Fatal(err)
		}
		l.add(5)
		l.holds(x)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnIndexThatDoesNotFit: one that is missing, broken, half built or of another log answers nothing, and following makes it anew.
func TestAnIndexThatDoesNotFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trail.db")
	if _, err := trail.OpenAsIs(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	other, l := newLog(t, 1), newLog(t, 2)
	other.add(50)
	l.add(60)
	file := l.open(path)
	refuses := func(what string, file *trail.File) *trail.Index {
		t.Helper()
		x, err := trail.Look(t.Context(), file, trail.Log{Store: l.store, Catalog: catalog{}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Versions(t.Context(), trail.Ledger{Election: given.Election, Unit: given.Unit}, 1, trail.Thing{ID: "THING-1"}); !errors.Is(err, trail.ErrBehind) {
			t.Errorf("%s: %v", what, err)
		}
		if _, _, err := x.Everywhere("THING-1"); !errors.Is(err, trail.ErrBehind) {
			t.Errorf("%s: %v", what, err)
		}
		return x
	}
	refuses("empty", file)
	ended, cancel := context.WithCancel(t.Context())
	if _, err := file.Build(ended, trail.Log{Store: l.store, Catalog: catalog{}}, 1, func(uint64, uint64) { cancel() }); err == nil {
		t.Error("a build whose asker has gone came to its end")
	}
	refuses("half built", file)
	if err := file.Renew(); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Build(t.Context(), trail.Log{Store: other.store, Catalog: catalog{}}, 1, nil); err != nil {
		t.Fatal(err)
	}
	x := refuses("of another log", file)
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.holds(x)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("this is no database at all, whatever it says"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := trail.OpenAsIs(path); err == nil {
		t.Error("a broken file was opened")
	}
	x = refuses("broken", l.open(path))
	if err := x.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.holds(x)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestFollowing: an index that is kept up to the log comes there by itself.
func TestFollowing(t *testing.T) {
	l := newLog(t, 3)
	l.add(40)
	x := trail.Start(t.Context(), l.open(filepath.Join(t.TempDir(), "trail.db")), trail.Log{Store: l.store, Catalog: catalog{}}, slog.New(slog.DiscardHandler))
	head, err := l.store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, at, err := x.Everywhere("usr-1"); err == nil && at >= head {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not there after a minute")
		}
	}
	l.holds(x)
	if err := x.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, _, err := x.Everywhere("usr-1")
	n := 0
	for _, versions := range found {
		n += len(versions)
	}
	want := 0
	for _, err := range l.store.ReadAll(t.Context(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			t.Fatal(err)
		}
		want++
	}
	if err != nil || n != want {
		t.Errorf("%d events of everybody, want %d, %v", n, want, err)
	}
}
