package cache_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
)

func open(t *testing.T, path string) *cache.Cache {
	t.Helper()
	c, err := cache.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func data(version uint64) *ledger.Data {
	return &ledger.Data{Version: version, Adopted: "2024-02-01", LastRecorded: time.Date(2024, 2, 13, 6, 45, 0, 0, time.UTC)}
}

func mark(n int) cache.Mark {
	return cache.Mark{Position: eventstore.Position(n), Event: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n))}
}

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger-cache.db")
	c := open(t, path)
	if _, _, ok := c.Load(t.Context(), "a"); ok {
		t.Error("an empty cache has a state")
	}
	for n := 1; n <= 3; n++ {
		if err := c.Save(t.Context(), "a", data(uint64(n)), mark(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Save(t.Context(), "b", data(9), mark(9)); err != nil {
		t.Fatal(err)
	}
	if known, at := c.Checkpoint("seals"); known != nil || at != (cache.Mark{}) {
		t.Errorf("checkpoint %q at %v before the first", known, at)
	}
	for n := 1; n <= 3; n++ {
		if err := c.SetCheckpoint("seals", fmt.Append(nil, "known ", n), mark(n)); err != nil {
			t.Fatal(err)
		}
	}
	check := func() {
		t.Helper()
		got, at, ok := c.Load(t.Context(), "a")
		if !ok || at != mark(3) {
			t.Fatalf("at %v, %t", at, ok)
		}
		if diff := cmp.Diff(data(3).LastRecorded, got.LastRecorded); diff != "" || got.Version != 3 || got.Adopted != "2024-02-01" {
			t.Errorf("version %d, adopted %q, %s", got.Version, got.Adopted, diff)
		}
		if known, at := c.Checkpoint("seals"); at != mark(3) || string(known) != "known 3" {
			t.Errorf("checkpoint %q at %v", known, at)
		}
	}
	check()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, path)
	check()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(t.Context(), "a", data(4), mark(4)); err == nil {
		t.Error("a closed cache saves")
	}
	if _, _, ok := c.Load(t.Context(), "a"); ok {
		t.Error("a closed cache loads")
	}
	if _, at := c.Checkpoint("seals"); at != (cache.Mark{}) {
		t.Error("a closed cache has a checkpoint")
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close again = %v", err)
	}
}

// TestStatesBetween: however states are saved, the newest is there, no gap between two is longer than it must be, and no more are kept than that takes.
func TestStatesBetween(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := open(t, filepath.Join(t.TempDir(), "ledger-cache.db"))
		c.Spacing = 1 + rng.Uint64N(30)
		newest, gaps := uint64(0), c.Spacing // the longest gap with all that were saved
		saved := []uint64{0}
		save := func(version uint64) {
			t.Helper()
			if err := c.Save(t.Context(), "a", data(version), mark(int(version))); err != nil {
				t.Fatal(err)
			}
			saved = append(saved, version)
			slices.Sort(saved)
		}
		for range 25 {
			before := newest
			newest += 1 + rng.Uint64N(20)
			gaps = max(gaps, newest-before)
			save(newest)
			versions := c.Versions(t.Context(), "a")
			if versions[len(versions)-1] != newest || len(versions) > 2+2*int(newest/c.Spacing) {
				t.Fatalf("seed %d: %v after %d were saved, %d apart", seed, versions, len(saved)-1, c.Spacing)
			}
			for i, v := range append([]uint64{0}, versions...) {
				if i < len(versions) && versions[i]-v > gaps {
					t.Fatalf("seed %d: %v of %v has a gap of more than %d", seed, versions, saved, gaps)
				}
				if got, at, ok := c.LoadAt(t.Context(), "a", v); v > 0 && (!ok || got.Version != v || at != mark(int(v))) {
					t.Fatalf("seed %d: version %d is %d at %v, %t", seed, v, got.Version, at, ok)
				}
			}
		}
		// A log that was shorter all the time: what is later is of another.
		save(newest / 2)
		if got, at, ok := c.Load(t.Context(), "a"); !ok || got.Version != newest/2 || at != mark(int(newest/2)) {
			t.Errorf("seed %d: after a save of version %d, version %d at %v, %t", seed, newest/2, got.Version, at, ok)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnyFileOpens: whatever lies where the cache should be is made anew or read, and works then. Only what cannot be deleted is an error.
func TestAnyFileOpens(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.db")
	c := open(t, good)
	if err := c.Save(t.Context(), "a", data(1), mark(1)); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty": nil, "text": []byte("not a database"), "noise": bytes.Repeat([]byte{0xA5}, 8192), "header only": whole[:100],
		"torn": whole[:len(whole)/2], "zeros inside": append(append(bytes.Clone(whole[:4096]), make([]byte, 4096)...), whole[8192:]...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger-cache.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			c := open(t, path)
			c.Load(t.Context(), "a") // Whatever it finds, it does not fail.
			c.Checkpoint("x")
			if err := c.Save(t.Context(), "b", data(2), mark(2)); err != nil {
				t.Fatal(err)
			}
			if got, at, ok := c.Load(t.Context(), "b"); !ok || got.Version != 2 || at != mark(2) {
				t.Errorf("version %d at %v, %t", got.Version, at, ok)
			}
		})
	}
	stuck := filepath.Join(dir, "stuck.db")
	if err := os.MkdirAll(filepath.Join(stuck, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Open(stuck); err == nil {
		t.Error("a directory was opened as a cache")
	}
}

// TestManyAtOnce: ledgers save and load at the same time.
func TestManyAtOnce(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "ledger-cache.db"))
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			stream := fmt.Sprint("ledger-", w)
			for n := 1; n <= 30; n++ {
				if err := c.Save(t.Context(), stream, data(uint64(n)), mark(n)); err != nil {
					t.Error(err)
				}
				if got, at, ok := c.Load(t.Context(), stream); !ok || got.Version != uint64(n) || at != mark(n) {
					t.Errorf("%s: version %d at %v, %t, want %d", stream, got.Version, at, ok, n)
				}
			}
		})
	}
	all.Wait()
}
