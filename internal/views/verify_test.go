package views_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jejak/internal/views"
)

// played is a house with some history and rows at its end, that nobody follows.
func played(t *testing.T) *house {
	t.Helper()
	h := newHouse(t).published()
	h.follow()
	h.adopt(units...)
	for range 20 {
		h.announce("3501")
		h.announce("35")
	}
	h.unfollow()
	return h
}

func (h *house) log() views.Log { return views.Log{Store: h.store, Catalog: h.catalog} }

// rows are those in the file.
func (h *house) rows() []views.Row {
	h.Helper()
	file, err := views.OpenAsIs(h.path())
	h.must(err)
	rows, err := file.Rows()
	h.must(errors.Join(err, file.Close()))
	return rows
}

// change changes rows with checksums that fit: what a program, not a disk, would do.
func (h *house) change(how func(*views.Row)) {
	h.Helper()
	rows := h.rows()
	file, err := views.Open(h.path())
	h.must(err)
	for i := range rows {
		how(&rows[i])
	}
	h.must(errors.Join(file.Save(rows), file.Close()))
}

func (h *house) verify() views.Verified {
	h.Helper()
	file, err := views.OpenAsIs(h.path())
	h.must(err)
	done, err := views.Verify(h.Context(), h.log(), views.All(true), file)
	h.must(errors.Join(err, file.Close()))
	return done
}

// TestRebuiltRowsAreTheSameBytes: from nothing, from a wreck, all or one view.
func TestRebuiltRowsAreTheSameBytes(t *testing.T) {
	h := played(t)
	want := h.rows()
	rebuild := func(list []views.View) {
		t.Helper()
		file, err := views.Open(h.path())
		h.must(err)
		done, err := views.Rebuild(t.Context(), h.log(), list, file)
		h.must(errors.Join(err, file.Close()))
		if done.Ledgers != 3 || done.Events != 43 || done.Rows != 3*len(list) {
			t.Errorf("%+v", done)
		}
	}
	check := func() {
		t.Helper()
		if diff := cmp.Diff(want, h.rows()); diff != "" {
			t.Errorf("rebuilt (-followed +rebuilt):\n%s", diff)
		}
		if done := h.verify(); len(done.Differences) != 0 || done.Rows != len(want) || done.Missing+done.Behind+done.Other != 0 {
			t.Errorf("%+v", done)
		}
	}
	check()
	rebuild(views.All(true))
	check()
	h.must(os.Remove(h.path()))
	rebuild(views.All(true))
	check()
	h.change(func(r *views.Row) {
		if r.View == views.Regency {
			r.Body, r.Version = []byte("?"), r.Version-1
		}
	})
	rebuild(views.All(true)[:1])
	check()
	listed, err := views.List(t.Context(), h.log(), views.All(true), h.rows())
	if err != nil || len(listed) != len(views.All(true)) || listed[0].Rows != 3 || listed[0].Behind != 0 || listed[0].Old != 0 {
		t.Errorf("%+v %v", listed, err)
	}
}

// TestVerifyFindsEveryByte: one byte of one row, whichever, is found where it is; so are rows of another log and of no ledger.
func TestVerifyFindsEveryByte(t *testing.T) {
	h := played(t)
	good := h.rows()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, len(good)-1).Draw(t, "row")
		at := rapid.IntRange(0, len(good[n].Body)-1).Draw(t, "byte")
		h.change(func(r *views.Row) {
			for _, g := range good {
				if g.View == r.View && g.Unit == r.Unit {
					r.Body = bytes.Clone(g.Body)
				}
			}
			if r.View == good[n].View && r.Unit == good[n].Unit {
				r.Body[at] ^= 1
			}
		})
		done := h.verify()
		if len(done.Differences) != 1 || done.Differences[0].View != good[n].View || done.Differences[0].Unit != good[n].Unit || done.Differences[0].Byte != at {
			t.Fatalf("byte %d of %s of %s: %+v", at, good[n].View, good[n].Unit, done.Differences)
		}
	})
	restore := func(how func(*views.Row)) {
		t.Helper()
		file, err := views.Open(h.path())
		h.must(err)
		rows := slices.Clone(good)
		for i := range rows {
			how(&rows[i])
		}
		h.must(errors.Join(file.Replace(views.All(true), rows), file.Close()))
	}
	for what, how := range map[string]func(*views.Row){
		"it ends with event":  func(r *views.Row) { r.At.Event[0]++ },
		"no such version":     func(r *views.Row) { r.Ledger += 100 },
		"no such ledger":      func(r *views.Row) { r.Election = "pemilu1955" },
		"but the log gives":   func(r *views.Row) { r.Body = append(bytes.Clone(r.Body), ' ') },
		"at position 999999,": func(r *views.Row) { r.At.Position = 999999 },
	} {
		restore(func(r *views.Row) {
			if r.Unit == "35" && r.View == views.Regency {
				how(r)
			}
		})
		if done := h.verify(); len(done.Differences) != 1 || !strings.Contains(done.Differences[0].String(), what) {
			t.Errorf("%s: %+v", what, done.Differences)
		}
	}
	restore(func(*views.Row) {})
	// A ledger that goes on is no difference: the row is compared as far as it goes.
	h.announce("35")
	if done := h.verify(); len(done.Differences) != 0 || done.Behind != len(views.All(true)) {
		t.Errorf("%+v", done)
	}
}

// TestADamagedFileIsFound: what the disk changes is an error of reading, never another row.
func TestADamagedFileIsFound(t *testing.T) {
	h := played(t)
	good, err := os.ReadFile(h.path())
	h.must(err)
	want := h.rows()
	found := 0
	for at := 0; at < len(good); at += 97 {
		text := bytes.Clone(good)
		text[at] ^= 1 << (at % 8)
		h.must(os.WriteFile(h.path(), text, 0o600))
		file, err := views.OpenAsIs(h.path())
		if err != nil {
			found++
			continue
		}
		rows, err := file.Rows()
		if err != nil {
			found++
		} else if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("byte %d (-good +changed):\n%s", at, diff)
		}
		h.must(file.Close())
	}
	if found == 0 {
		t.Error("no change was found")
	}
	h.must(os.Remove(h.path()))
	if _, err := views.OpenAsIs(h.path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestRowsFromSnapshotsAreTheSameBytes: rows of ledgers that were loaded from a snapshot and the rest of their stream are those of a full fold.
func TestRowsFromSnapshotsAreTheSameBytes(t *testing.T) {
	h := played(t)
	for range 3 {
		h.must(h.ledgers.Close(t.Context())) // saves snapshots
		h.open()
		for range 3 {
			h.announce("3501")
			h.announce("3509")
		}
		h.must(os.Remove(h.path()))
		h.follow()
		h.settled()
		h.unfollow()
		followed := h.rows()
		file, err := views.Open(h.path())
		h.must(err)
		_, err = views.Rebuild(t.Context(), h.log(), views.All(true), file)
		h.must(errors.Join(err, file.Close()))
		if diff := cmp.Diff(h.rows(), followed); diff != "" {
			t.Errorf("(-full fold +snapshot and rest):\n%s", diff)
		}
	}
}
