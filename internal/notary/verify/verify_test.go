package verify_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/tree"
	"jejak/internal/notary/verify"
)

// sealed is a log of 1,000 records that a notary has signed after every 100.
type sealed struct {
	*testing.T
	dir     string
	keys    []notary.Key
	store   *memory.Store
	records []bundle.Record
	signed  []notary.Signed
	tiles   tree.Source
}

func newSealed(t *testing.T) *sealed {
	t.Helper()
	s := &sealed{T: t, dir: filepath.Join(t.TempDir(), "notary")}
	store := memory.New()
	s.store = store
	heads := map[string]eventstore.Version{}
	for round := range 10 {
		for i := range 100 {
			n := round*100 + i
			stream := fmt.Sprint("ledger-e.", 3501+n%3)
			if _, err := store.Append(t.Context(), stream, heads[stream], eventstore.Event{
				ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)), Type: "shipment.dispatched", Schema: 1,
				RecordedAt: time.Unix(1_700_000_000+int64(n), 0), Data: fmt.Appendf(nil, `{"n":%d}`, n), Metadata: []byte(`{}`),
			}); err != nil {
				t.Fatal(err)
			}
			heads[stream]++
		}
		seal(t, s.dir, store)
	}
	for rec, err := range store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		s.records = append(s.records, bundle.Record{Record: rec, Leaf: -1})
	}
	s.read()
	return s
}

// seal has a notary sign what is in a log.
func seal(t *testing.T, dir string, store eventstore.Store) {
	t.Helper()
	head, err := store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, 1)
	n, err := notary.Open(t.Context(), notary.Config{Dir: dir, Store: store, Word: &notary.Word{By: "a test", Why: "what was recorded first is signed later"}, Every: time.Nanosecond, Signed: func(c *notary.Signed) {
		if c.Position == head {
			done <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextOf(t)
	ended := make(chan struct{})
	go func() { n.Run(ctx); close(ended) }()
	select {
	case <-done:
	case <-ended:
		t.Fatal(n.Trouble())
	}
	cancel()
	<-ended
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

// read reads what the notary has kept.
func (s *sealed) read() {
	s.Helper()
	book, err := notary.OpenBook(s.dir)
	if err != nil {
		s.Fatal(err)
	}
	defer book.Close()
	s.signed = nil
	if err := book.Each(s.Context(), 0, func(c *notary.Signed) error { s.signed = append(s.signed, *c); return nil }); err != nil {
		s.Fatal(err)
	}
	if s.keys, err = book.Keys(); err != nil {
		s.Fatal(err)
	}
	s.tiles = tree.Look(s.dir)
}

func all(records []bundle.Record) iter.Seq2[bundle.Record, error] {
	return func(yield func(bundle.Record, error) bool) {
		for _, rec := range records {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func (s *sealed) check(records []bundle.Record, outside ...[]byte) *verify.Report {
	s.Helper()
	trust, err := verify.Keys(s.keys[0].Verifier)
	if err != nil {
		s.Fatal(err)
	}
	trust.Follow(s.keys)
	report, err := verify.Run(s.Context(), trust, &verify.Source{
		Records: all(records), Tiles: s.tiles, Outside: outside,
		Signed: func(do func([]byte, time.Time) error) error {
			for i := range s.signed {
				if err := do(s.signed[i].Note(), s.signed[i].SignedAt); err != nil {
					return err
				}
			}
			return nil
		},
	}, verify.Options{})
	if err != nil {
		s.Fatal(err)
	}
	return report
}

func (s *sealed) wants(report *verify.Report, kinds string, texts ...string) {
	s.Helper()
	var got []string
	for _, p := range report.Problems {
		got = append(got, p.Kind)
	}
	if strings.Join(got, " ") != kinds {
		s.Errorf("problems %v, want %s: %v", got, kinds, report.Problems)
		return
	}
	for _, text := range texts {
		if len(report.Problems) == 0 || !strings.Contains(report.Problems[0].Text, text) {
			s.Errorf("%v\ndoes not say %s", report.Problems, text)
		}
	}
}

// the tampering of the records, and what must be said of it
var tampering = map[string]struct {
	do    func(records []bundle.Record) []bundle.Record
	kinds string // with honest tiles
	texts []string
}{
	"nothing": {func(r []bundle.Record) []bundle.Record { return r }, "", nil},
	"changed": {func(r []bundle.Record) []bundle.Record { r[340].Data = []byte(`{"n":341}`); return r }, "changed", []string{"leaf 340 is changed: position 341, ledger-e.3502 version 114, shipment.dispatched "}},
	"two changed": {func(r []bundle.Record) []bundle.Record {
		r[340].Data = []byte(`{"n":341}`)
		r[700].Metadata = nil
		return r
	}, "changed changed", []string{"position 341"}},
	"removed":          {func(r []bundle.Record) []bundle.Record { return slices.Delete(r, 340, 341) }, "removed", []string{"leaf 340 is removed, version 114 of ledger-e.3502: what comes there now is position 342"}},
	"many removed":     {func(r []bundle.Record) []bundle.Record { return slices.Delete(r, 340, 343) }, "removed gap gap", []string{"leaves 340 to 342 are removed"}},
	"the last removed": {func(r []bundle.Record) []bundle.Record { return r[:990] }, "removed", []string{"the last 10 records are removed: the log ends after 990"}},
	"inserted": {func(r []bundle.Record) []bundle.Record {
		other := r[340]
		other.ID, other.RecordedAt = uuid.New(), r[100].RecordedAt
		return slices.Insert(r, 340, other)
	}, "inserted", []string{"before leaf 340 a record was inserted and backdated after it was signed: position 341"}},
	"swapped":         {func(r []bundle.Record) []bundle.Record { r[340], r[343] = r[343], r[340]; return r }, "moved", []string{"leaf 340 is moved: position 344"}},
	"another stream":  {func(r []bundle.Record) []bundle.Record { r[340].Stream = "ledger-e.3509"; return r }, "changed gap gap", []string{"leaf 340 is changed"}},
	"another type":    {func(r []bundle.Record) []bundle.Record { r[340].Type = "shipment.planned"; return r }, "changed", []string{"leaf 340 is changed"}},
	"another schema":  {func(r []bundle.Record) []bundle.Record { r[340].Schema = 2; return r }, "changed", []string{"leaf 340 is changed"}},
	"another version": {func(r []bundle.Record) []bundle.Record { r[340].Version = 900; return r }, "changed gap gap", []string{"leaf 340 is changed"}},
	"an earlier time": {func(r []bundle.Record) []bundle.Record { r[340].RecordedAt = r[100].RecordedAt; return r }, "changed backdated", []string{"leaf 340 is changed"}},
	"a later time":    {func(r []bundle.Record) []bundle.Record { r[340].RecordedAt = r[900].RecordedAt; return r }, "changed backdated", []string{"leaf 340 is changed"}},
	"replaced by others": {func(r []bundle.Record) []bundle.Record {
		for i := range r {
			if i > 900 {
				r[i].Type = "shipment.planned"
			}
		}
		return r
	}, strings.TrimSpace(strings.Repeat("changed ", 99)), []string{"leaf 901 is changed"}},
}

// TestHonestTiles: they name the record.
func TestHonestTiles(t *testing.T) {
	s := newSealed(t)
	for name, c := range tampering {
		t.Run(name, func(t *testing.T) {
			s.T = t
			report := s.check(c.do(slices.Clone(s.records)))
			s.wants(report, c.kinds, c.texts...)
			if name == "nothing" && (report.Records != 1000 || report.Checkpoints != 10 || report.Size != 1000 || report.Unsigned != 0) {
				t.Errorf("%+v", report)
			}
		})
	}
}

// forge makes tiles to other records.
func forge(t *testing.T, dir string, records []bundle.Record) (tlog.Tree, tree.Source) {
	t.Helper()
	files, err := tree.OpenFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	var tr tree.Tree
	for i := range records {
		tr.Add(leaf.Hash(&records[i].Record))
	}
	if err := files.Write(tr.Take()); err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: tr.Size(), Hash: tr.Root()}, files.Read
}

// TestForgedTiles: they fit the forged log, so checkpoints give the interval.
func TestForgedTiles(t *testing.T) {
	s := newSealed(t)
	honest := s.tiles
	for name, c := range tampering {
		if name == "nothing" || name == "the last removed" || name == "replaced by others" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s.T = t
			forged := c.do(slices.Clone(s.records))
			_, s.tiles = forge(t, t.TempDir(), forged)
			report := s.check(forged)
			i := slices.IndexFunc(report.Problems, func(p verify.Problem) bool { return p.Kind == verify.Interval })
			if i < 0 || report.Problems[i].Good.Size != 300 || report.Problems[i].Bad.Size != 400 {
				t.Errorf("%v", report.Problems)
			}
			s.tiles = nil // none at all says the same
			report = s.check(forged)
			if i := slices.IndexFunc(report.Problems, func(p verify.Problem) bool { return p.Kind == verify.Interval }); i < 0 || report.Problems[i].Good.Size != 300 {
				t.Errorf("%v", report.Problems)
			}
			s.tiles = honest
		})
	}
}

// TestStolenKey: everything is forged and signed with the key; a checkpoint that a witness kept proves it.
func TestStolenKey(t *testing.T) {
	s := newSealed(t)
	kept := s.signed[5].Note() // of 600 records
	forgedRecords := tampering["changed"].do(slices.Clone(s.records))
	dir := filepath.Join(t.TempDir(), "notary")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// The thief runs a notary of his own with the stolen key and the origin.
	stolen := &sealed{T: t, dir: dir, keys: s.keys, records: forgedRecords}
	stolen.sign(s)
	stolen.wants(stolen.check(forgedRecords), "")
	report := stolen.check(forgedRecords, kept)
	stolen.wants(report, "fork", "does not extend the checkpoint given, of 600 records")
	report = stolen.check(forgedRecords, kept, s.signed[2].Note()) // with another, of before
	if g := report.Problems[0].Good; g == nil || g.Size != 300 {
		t.Errorf("%+v", report.Problems[0])
	}
	// The honest log extends it.
	s.wants(s.check(s.records, kept), "")
	// A longer checkpoint than the log.
	s.wants(s.check(s.records, s.signed[9].Note()), "")
	short := &sealed{T: t, dir: s.dir, keys: s.keys, signed: s.signed[:5], tiles: s.tiles}
	short.wants(short.check(s.records[:500], kept), "fork", "the last 100 are removed")
}

func TestAnotherKey(t *testing.T) {
	s, other := newSealed(t), newSealed(t)
	s.keys = other.keys
	report := s.check(s.records)
	if len(report.Problems) != 11 || report.Problems[0].Kind != verify.Checkpoint {
		t.Errorf("%v", report.Problems)
	}
}

// TestRotatedKey: who knows the first key alone follows the succession.
func TestRotatedKey(t *testing.T) {
	s := newSealed(t)
	if _, err := notary.Rotate(t.Context(), notary.Config{Dir: s.dir, Store: s.store}, false); err != nil {
		t.Fatal(err)
	}
	s.read()
	s.wants(s.check(s.records), "")
	s.keys[1].Succession = ""
	s.wants(s.check(s.records), "") // the checkpoint of 1000 has both signatures
}

// TestBackdatedBeforeItIsSigned: the notary signs what it finds, and the ledger gives it away.
func TestBackdatedBeforeItIsSigned(t *testing.T) {
	s := newSealed(t)
	rec := s.records[0]
	rec.ID, rec.Position, rec.Version, rec.RecordedAt = uuid.New(), 1001, 335, time.Unix(1_700_000_500, 0)
	report := s.check(append(slices.Clone(s.records), rec))
	s.wants(report, "backdated", "position 1001, ledger-e.3501 version 335")
	if report.Unsigned != 1 {
		t.Errorf("%+v", report)
	}
}
