package cache_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/internal/cache"
)

func id(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, n)) }

func entries(from, to int) []esdb.Entry {
	var all []esdb.Entry
	for n := from; n <= to; n++ {
		all = append(all, esdb.Entry{ID: id(n), Place: esdb.Place{Stream: fmt.Sprintf("ledger-pemilu2024.35%02d", n%39), Version: eventstore.Version(n)}})
	}
	return all
}

func through(n int) esdb.Mark { return esdb.Mark{Position: eventstore.Position(n) * 100, Event: id(n)} }

// knows checks that the index has the entries up to last, and says so.
func knows(t *testing.T, x *cache.Index, last int) {
	t.Helper()
	at, err := x.Through(t.Context())
	want := through(last)
	if last == 0 {
		want = esdb.Mark{}
	}
	if err != nil || at != want {
		t.Fatalf("through %v, %v, want %v", at, err, want)
	}
	for _, entry := range entries(1, last+3) {
		place, found, err := x.Find(t.Context(), entry.ID)
		if err != nil {
			t.Fatal(err)
		}
		known := int(entry.Place.Version) <= last
		if found != known || known && place != entry.Place {
			t.Fatalf("found %t, %v, want %v", found, place, entry.Place)
		}
	}
}

func TestIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger-cache.db")
	c := open(t, path)
	x := c.Index()
	knows(t, x, 0)
	for last := 10; last <= 100; last += 10 {
		if err := x.Save(t.Context(), entries(last-9, last), through(last)); err != nil {
			t.Fatal(err)
		}
		if err := c.Save(t.Context(), "a", data(uint64(last)), mark(last)); err != nil {
			t.Fatal(err)
		}
	}
	knows(t, x, 100)
	again := entries(50, 60)
	for i := range again { // another event of the same command: the first place stays
		again[i].Place.Version++
	}
	if err := x.Save(t.Context(), again, through(100)); err != nil {
		t.Fatal(err)
	}
	knows(t, x, 100)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.Find(t.Context(), id(1)); err == nil {
		t.Error("a closed index answers")
	}
	x = open(t, path).Index()
	knows(t, x, 100)
	if err := x.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	knows(t, x, 0)
	if err := x.Save(t.Context(), entries(1, 5), through(5)); err != nil {
		t.Fatal(err)
	}
	knows(t, x, 5)
}

func TestIndexBesideSnapshots(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "ledger-cache.db"))
	x := c.Index()
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; n <= 200; n++ {
			if err := c.Save(t.Context(), "a", data(uint64(n)), mark(n)); err != nil {
				t.Error(err)
			}
		}
	})
	for n := 1; n <= 200; n++ {
		if err := x.Save(t.Context(), entries(n, n), through(n)); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	knows(t, x, 200)
}

// TestDamagedIndex: an index that may have forgotten something is not asked any more, and the next start begins with an empty one.
func TestDamagedIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger-cache.db")
	c := open(t, path)
	if err := c.Index().Save(t.Context(), entries(1, 5000), through(5000)); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 8 * 4096; i < len(file); i++ {
		file[i] = 0xff
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	c = open(t, path)
	x := c.Index()
	failed := false
	for n := 1; n <= 5000 && !failed; n++ {
		_, found, err := x.Find(t.Context(), id(n))
		failed = err != nil
		if !failed && !found {
			t.Fatalf("command %d is forgotten without an error", n)
		}
	}
	if !failed {
		t.Fatal("the damage is not seen")
	}
	if err := x.Save(t.Context(), entries(6000, 6000), through(6000)); err == nil {
		t.Error("a damaged index takes more")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	knows(t, open(t, path).Index(), 0)
}
