package verify_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/verify"
)

// bundled writes a bundle of records, as docs/notary.md says: in one file for each stream.
func (s *sealed) bundled(name string, records []bundle.Record, whole bool) string {
	s.Helper()
	path := filepath.Join(s.TempDir(), name)
	w, err := bundle.Create(path)
	if err != nil {
		s.Fatal(err)
	}
	do := func(err error) {
		s.Helper()
		if err != nil {
			s.Fatal(err)
		}
	}
	byStream := map[string][]bundle.Record{}
	for i, rec := range records {
		if rec.Leaf < 0 {
			rec.Leaf = int64(i)
		}
		byStream[rec.Stream] = append(byStream[rec.Stream], rec)
	}
	for stream, some := range byStream {
		do(w.BeginRecords(stream))
		for i := range some {
			do(w.Record(&some[i]))
		}
	}
	newest := s.signed[len(s.signed)-1]
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, 0, newest.N) {
		data, err := s.tiles.Get(tile)
		do(err)
		do(w.Add(torchwood.TilePath(tile), data))
	}
	var history strings.Builder
	for i := range s.signed {
		line, err := json.Marshal(bundle.Checkpoint{Size: s.signed[i].N, SignedAt: s.signed[i].SignedAt, Note: string(s.signed[i].Note())})
		do(err)
		history.Write(append(line, '\n'))
	}
	keys, err := json.Marshal(s.keys)
	do(err)
	do(w.Add(bundle.CheckpointsFile, []byte(history.String())))
	do(w.Add(bundle.CheckpointFile, newest.Note()))
	do(w.Add(bundle.KeysFile, keys))
	do(w.Close(bundle.Manifest{Origin: newest.Origin, Size: newest.N, Root: newest.Hash, Whole: whole}))
	return path
}

// checkBundle checks a bundle with nothing but the first key.
func (s *sealed) checkBundle(path string) *verify.Report {
	s.Helper()
	found, err := verify.Bundle(path)
	if err != nil {
		s.Fatal(err)
	}
	defer found.Close()
	trust, err := verify.Keys(s.keys[0].Verifier)
	if err != nil {
		s.Fatal(err)
	}
	report, err := found.Check(s.Context(), trust, "given", nil, nil)
	if err != nil {
		s.Fatal(err)
	}
	return report
}

// TestBundles: whole and in part, as a folder and as a zip file, honest and not.
func TestBundles(t *testing.T) {
	s := newSealed(t)
	for _, name := range []string{"whole", "whole.zip"} {
		report := s.checkBundle(s.bundled(name, s.records, true))
		s.wants(report, "")
		if report.Records != 1000 || report.Checkpoints != 10 {
			t.Errorf("%+v", report)
		}
		s.wants(s.checkBundle(s.bundled(name, tampering["changed"].do(slices.Clone(s.records)), true)), "changed", "leaf 340 is changed")
	}
	removed := slices.Clone(s.records)
	for i := range removed {
		removed[i].Leaf = int64(i)
	}
	s.wants(s.checkBundle(s.bundled("removed.zip", slices.Delete(slices.Clone(removed), 340, 341), true)), "removed", "leaf 340 is removed")

	part := slices.DeleteFunc(slices.Clone(removed), func(rec bundle.Record) bool { return rec.Stream != "ledger-e.3502" })
	report := s.checkBundle(s.bundled("part.zip", part, false))
	s.wants(report, "")
	if report.Records != 333 {
		t.Errorf("%+v", report)
	}
	part[100].Data = []byte(`{}`)
	s.wants(s.checkBundle(s.bundled("changed.zip", part, false)), "changed", "leaf 301 is not as it was signed: position 302, ledger-e.3502 version 101")

	// After a rotation who has the first key follows, in the bundle as well.
	if _, err := notary.Rotate(t.Context(), notary.Config{Dir: s.dir, Store: s.store}, false); err != nil {
		t.Fatal(err)
	}
	s.read()
	s.wants(s.checkBundle(s.bundled("rotated.zip", s.records, true)), "")
}
