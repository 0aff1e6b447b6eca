package refdata

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/journal"
)

func importer(store eventstore.Store) Importer {
	return Importer{
		Store: store, Now: func() time.Time { return time.Date(2024, 1, 2, 3, 4, 5, 6789, time.UTC) },
		Actor: domain.Actor{ID: "usr-1", Role: domain.RoleAdmin, Scope: "35"},
	}
}

func builtInSet(t *testing.T) *Dataset {
	t.Helper()
	ds, err := BuiltIn("pemilu2024")
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// otherSet is the built-in data with other norms.
func otherSet(t *testing.T) *Dataset {
	t.Helper()
	content, err := fs.ReadFile(data(), "pemilu2024.norms.json")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for name, text := range small() {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	fsys["pemilu2024.norms.json"] = &fstest.MapFile{Data: []byte(strings.Replace(string(content), "pemilu2024-1", "pemilu2024-2", 1))}
	ds, problems := Load(fsys, "pemilu2024")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return ds
}

// catalog folds what a store holds.
func catalog(t *testing.T, store eventstore.Store) *election.Book {
	t.Helper()
	book := election.NewCatalog()
	for rec, err := range store.Read(context.Background(), journal.ElectionStream("pemilu2024"), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if err := book.Apply(rec.Type, rec.Schema, rec.Data); err != nil {
			t.Fatal(err)
		}
	}
	return book
}

func length(t *testing.T, store eventstore.Store) int {
	t.Helper()
	version, _, err := store.StreamHead(context.Background(), journal.ElectionStream("pemilu2024"))
	if err != nil {
		t.Fatal(err)
	}
	return int(version)
}

func TestImportTwiceAddsNothing(t *testing.T) {
	store, ds := memory.New(), builtInSet(t)
	first, err := importer(store).Import(context.Background(), ds)
	if err != nil || first.Added != len(Events(ds)) || first.Version != ds.Version {
		t.Fatalf("%+v, %v", first, err)
	}
	if _, ok := catalog(t, store).Reference("pemilu2024", ds.Version); !ok {
		t.Fatal("the version is not in the log")
	}
	again, err := importer(store).Import(context.Background(), ds)
	if err != nil || again.Added != 0 || again.Position != first.Position || length(t, store) != len(Events(ds)) {
		t.Fatalf("%+v after %+v, %v", again, first, err)
	}
}

// cut is a store that fails after some appends; every append may also lose its answer.
type cut struct {
	eventstore.Store
	appends    int // that still succeed
	loseAnswer bool
	largest    int
}

var errCut = errors.New("cut")

func (c *cut) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	if c.appends == 0 {
		return 0, errCut
	}
	c.appends--
	size := 0
	for _, e := range events {
		size += len(e.Data) + len(e.Metadata)
	}
	c.largest = max(c.largest, size)
	position, err := c.Store.Append(ctx, stream, expected, events...)
	if err == nil && c.loseAnswer {
		c.loseAnswer = false
		return 0, eventstore.ErrUnknownOutcome
	}
	return position, err
}

func TestImportGoesOnWhereItWasCut(t *testing.T) {
	ds := builtInSet(t)
	for appends := range 4 {
		store := memory.New()
		if _, err := importer(&cut{Store: store, appends: appends}).Import(context.Background(), ds); !errors.Is(err, errCut) {
			t.Fatalf("cut after %d appends: %v", appends, err)
		}
		there := length(t, store)
		later := importer(store)
		later.Now = func() time.Time { return time.Date(2024, 5, 5, 0, 0, 0, 0, time.UTC) }
		done, err := later.Import(context.Background(), ds)
		if err != nil || done.Added != len(Events(ds))-there || length(t, store) != len(Events(ds)) {
			t.Fatalf("cut after %d appends, %d events: %+v, %v; %d events in the end", appends, there, done, err, length(t, store))
		}
		if _, ok := catalog(t, store).Reference("pemilu2024", ds.Version); !ok {
			t.Fatal("the version is not in the log")
		}
	}
}

func TestImportAfterAnotherOneWasCut(t *testing.T) {
	store, ds, other := memory.New(), builtInSet(t), otherSet(t)
	for range 2 { // each begins where the other was cut
		for _, data := range []*Dataset{ds, other} {
			if _, err := importer(&cut{Store: store, appends: 1}).Import(context.Background(), data); err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
		}
	}
	for _, data := range []*Dataset{ds, other} {
		if _, err := importer(store).Import(context.Background(), data); err != nil {
			t.Fatal(err)
		}
		if _, ok := catalog(t, store).Reference("pemilu2024", data.Version); !ok {
			t.Fatalf("version %s is not in the log", data.Version)
		}
	}
}

func TestImportByTwoAtOnce(t *testing.T) {
	store, ds := memory.New(), builtInSet(t)
	var wg sync.WaitGroup
	added := make([]int, 3)
	for i := range added {
		wg.Go(func() {
			done, err := importer(store).Import(context.Background(), ds)
			if err != nil {
				t.Error(err)
			}
			added[i] = done.Added
		})
	}
	wg.Wait()
	if got := length(t, store); got != len(Events(ds)) {
		t.Errorf("%d events, want %d (added %v)", got, len(Events(ds)), added)
	}
}

func TestImportWhenAnAnswerIsLost(t *testing.T) {
	ds := builtInSet(t)
	store := &cut{Store: memory.New(), appends: 100, loseAnswer: true}
	if _, err := importer(store).Import(context.Background(), ds); err != nil {
		t.Fatal(err)
	}
	if got := length(t, store); got != len(Events(ds)) {
		t.Errorf("%d events, want %d", got, len(Events(ds)))
	}
	if store.largest > eventstore.MaxAppend {
		t.Errorf("an append of %d bytes", store.largest)
	}
}
