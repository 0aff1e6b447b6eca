package notary

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore/faultvfs"
)

func TestSignsAndProvesOnEveryEngine(t *testing.T) {
	for engine := range engines {
		t.Run(engine, func(t *testing.T) {
			h := newHouse(t, engine)
			var before []Signed
			var origin string
			for _, events := range []int{1, 3, 0, 252, 1, 300} {
				h.record(events)
				n := h.open()
				h.sealed(n)
				before = h.holds(n, before)
				h.proves(n)
				if origin == "" {
					origin = n.Origin()
				}
				if n.Origin() != origin || !strings.HasPrefix(origin, "jejak/") || strings.HasSuffix(origin, "/simulated") {
					t.Errorf("origin %s after %s", n.Origin(), origin)
				}
				h.close(n)
			}
			if len(before) != 5 {
				t.Errorf("%d checkpoints", len(before))
			}
		})
	}
}

// TestTheRootIsThatOfTheRecords: another engine, on which the same records have other positions, gives the same roots.
func TestTheRootIsThatOfTheRecords(t *testing.T) {
	var roots []tlog.Hash
	for engine := range engines {
		h := newHouse(t, engine)
		h.record(100)
		n := h.open()
		roots = append(roots, h.sealed(n).Hash)
		h.close(n)
	}
	if roots[0] != roots[1] || roots[1] != roots[2] {
		t.Errorf("%v", roots)
	}
}

// TestKilledAnywhere: whatever a notary was doing when it died, the next one goes on with the same tree.
func TestKilledAnywhere(t *testing.T) {
	for at := 1; ; at++ {
		h := newHouse(t, "memory")
		h.cfg.at = dying(at)
		var before []Signed
		died := false
		for _, events := range []int{200, 1, 100} {
			h.record(events)
			n, err := Open(t.Context(), h.cfg)
			if err == nil {
				err = catchUp(t.Context(), n)
				before = h.holds(n, before)
				h.close(n)
			}
			if died = died || errors.Is(err, errDied); err != nil && !died {
				t.Fatalf("point %d: %v", at, err)
			}
			if died {
				h.cfg.at = nil
			}
		}
		h.cfg.at = nil
		h.record(10)
		n := h.open()
		h.sealed(n)
		h.holds(n, before)
		h.proves(n)
		h.close(n)
		if !died {
			if at < 15 {
				t.Errorf("only %d points", at)
			}
			return
		}
	}
}

// TestPowerLostAnywhere cuts the disk under the book at every change. The rest of its folder stays as it was.
func TestPowerLostAnywhere(t *testing.T) {
	outcomes := []faultvfs.Outcome{faultvfs.Killed, faultvfs.LostAll, faultvfs.LostSome}
	for cut := 1; ; cut++ {
		h := newHouse(t, "memory")
		disk, err := faultvfs.New()
		if err != nil {
			t.Fatal(err)
		}
		h.cfg.disk = disk.Name()
		h.cfg.Dir = t.TempDir()
		disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
			return faultvfs.Fault{Cut: op.Kind != faultvfs.Read && op.Kind != faultvfs.Open && op.N == cut}
		})
		var answered []Signed
		for _, events := range []int{20, 30, 5} {
			h.record(events)
			n, err := Open(t.Context(), h.cfg)
			if err != nil {
				break
			}
			if catchUp(t.Context(), n) == nil {
				answered = append(answered, *n.Newest())
			}
			_ = n.Close()
		}
		if !disk.Off() {
			_ = disk.Close()
			if cut < 30 {
				t.Errorf("only %d cuts", cut)
			}
			return
		}
		disk.Restart(outcomes[cut%len(outcomes)], uint64(cut))
		disk.SetPlan(nil)
		h.record(7)
		n := h.open()
		h.sealed(n)
		h.holds(n, answered)
		h.close(n)
		_ = disk.Close()
	}
}

// TestTheBookFails: a write of the book that fails, done or not, stops nothing for good.
func TestTheBookFails(t *testing.T) {
	for _, done := range []bool{false, true} {
		for fail := 1; fail < 60; fail++ {
			h := newHouse(t, "memory")
			disk, err := faultvfs.New()
			if err != nil {
				t.Fatal(err)
			}
			h.cfg.disk, h.cfg.Dir = disk.Name(), t.TempDir()
			n := h.open()
			from := disk.Changes()
			disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
				if op.Kind != faultvfs.Read && op.Kind != faultvfs.Open && op.N == from+fail {
					return faultvfs.Fault{Err: errors.New("broken"), Done: done}
				}
				return faultvfs.Fault{}
			})
			for range 5 {
				h.record(10)
				if err := catchUp(t.Context(), n); err != nil {
					n.failed(err, 0)
				}
			}
			disk.SetPlan(nil)
			h.record(1)
			h.sealed(n)
			h.holds(n, nil)
			h.close(n)
			_ = disk.Close()
		}
	}
}

// again opens the notary and says what it says.
func (h *house) refusal() string {
	h.Helper()
	n, err := Open(h.Context(), h.cfg)
	if err == nil {
		h.close(n)
		return ""
	}
	return err.Error()
}

// shorter is a log from which the newest records are gone.
func TestWhatDoesNotFitIsRefusedAtTheStart(t *testing.T) {
	change := func(name string, do func(text []byte)) func(h *house) {
		return func(h *house) {
			name := filepath.Join(h.cfg.Dir, name)
			text, err := os.ReadFile(name)
			if err == nil {
				do(text)
				err = errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, text, 0o600))
			}
			if err != nil {
				h.Fatal(err)
			}
		}
	}
	remove := func(names ...string) func(h *house) {
		return func(h *house) {
			for _, name := range names {
				if err := os.Remove(filepath.Join(h.cfg.Dir, name)); err != nil {
					h.Fatal(err)
				}
			}
		}
	}
	sql := func(sql string) func(h *house) {
		return func(h *house) {
			b, err := openBook("", filepath.Join(h.cfg.Dir, BookFile), false, false)
			if err != nil {
				h.Fatal(err)
			}
			if err := errors.Join(b.conn.Exec("DROP TRIGGER checkpoint_no_other; DROP TRIGGER checkpoint_no_delete"), b.conn.Exec(sql), b.close()); err != nil {
				h.Fatal(err)
			}
		}
	}
	flip := func(text []byte) { text[len(text)-1] ^= 1 }
	for name, c := range map[string]struct {
		tamper func(h *house)
		want   string
	}{
		"a shorter log": {func(h *house) { other := newHouse(h.T, "sqlite"); other.record(290); h.cfg.Store = other.store }, "the log ends at position 290"},
		"another log": {func(h *house) {
			other := newHouse(h.T, "sqlite")
			other.added = 4
			other.record(310)
			h.cfg.Store = other.store
		}, "but the log has event"},
		"an edge tile":          {change("tile/0/001.p/44", flip), "the tiles do not give its root"},
		"the root":              {sql(`UPDATE checkpoint SET root = (SELECT root FROM checkpoint WHERE size = 200) WHERE size = 300`), "has another as the newest"},
		"the newest is removed": {sql(`DELETE FROM checkpoint WHERE size = 300`), "jejak notary rebuild"}, // nothing is signed twice
		"the key":               {remove(KeyFile), "notary rotate --lost"},
		"the book":              {remove(BookFile), ""}, // it is made again from the stream
		"the index":             {remove(IndexFile), ""},
		"the public key":        {remove(PublicFile), ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite")
			for _, events := range []int{200, 100} {
				h.record(events)
				n := h.open()
				h.sealed(n)
				h.close(n)
			}
			c.tamper(h)
			got := h.refusal()
			if c.want == "" && got != "" || c.want != "" && !strings.Contains(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if c.want == "" {
				n := h.open()
				h.sealed(n)
				h.holds(n, nil)
				h.proves(n)
				h.close(n)
			}
		})
	}
}

// TestRebuild: without its tiles and index the notary makes the same again and holds it against all that it has signed.
func TestRebuild(t *testing.T) {
	h := newHouse(t, "sqlite")
	for i := range 40 {
		h.record(1 + i*i%37)
		n := h.open()
		h.sealed(n)
		h.close(n)
	}
	n := h.open()
	before := h.holds(n, nil)
	h.close(n)
	tiles := snapshot(t, h.cfg.Dir)
	if err := errors.Join(os.RemoveAll(filepath.Join(h.cfg.Dir, "tile")), os.Remove(filepath.Join(h.cfg.Dir, IndexFile))); err != nil {
		t.Fatal(err)
	}
	n = h.open()
	if len(n.again) != 0 || n.held == nil || n.held.Tree != before[len(before)-1].Tree {
		t.Errorf("%d checkpoints were not compared", len(n.again))
	}
	h.sealed(n)
	h.holds(n, before)
	h.proves(n)
	h.close(n)
	if again := snapshot(t, h.cfg.Dir); !slices.Equal(tiles, again) {
		t.Errorf("tiles\n%v\nagain\n%v", tiles, again)
	}

	// The same with another log: an older checkpoint does not fit.
	other := newHouse(t, "memory")
	other.record(100)
	other.added++
	other.record(h.added - 100)
	if err := os.RemoveAll(filepath.Join(h.cfg.Dir, "tile")); err != nil {
		t.Fatal(err)
	}
	n = &Notary{cfg: h.cfg}
	n.cfg.Store = other.store
	_, err := Open(t.Context(), n.cfg)
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) {
		t.Errorf("%v", err)
	}
}

func snapshot(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "tile"), func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, e := os.ReadFile(name)
			rel, _ := filepath.Rel(dir, name)
			all = append(all, fmt.Sprintf("%s %s", rel, tlog.RecordHash(text)))
			err = e
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheFolderIsPrivate(t *testing.T) {
	h := newHouse(t, "memory")
	h.cfg.Simulated = true
	h.record(1)
	n := h.open()
	h.sealed(n)
	if !strings.HasSuffix(n.Origin(), "/simulated") {
		t.Errorf("origin %s", n.Origin())
	}
	h.close(n)
	for name, want := range map[string]os.FileMode{KeyFile: 0o600, PublicFile: 0o600, BookFile: 0o600, IndexFile: 0o600} {
		info, err := os.Stat(filepath.Join(h.cfg.Dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	h.cfg.Simulated = false
	if got := h.refusal(); !strings.Contains(got, "is not of this kind of log") {
		t.Errorf("a simulated notary on a real log: %q", got)
	}
}
