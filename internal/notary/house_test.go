package notary

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/eventstore/esdb/wire"
	"jejak/eventstore/memory"
	"jejak/eventstore/sqlite"
	"jejak/internal/notary/leaf"
)

// house is a log with a notary beside it.
type house struct {
	*testing.T
	store eventstore.Store
	cfg   Config
	added int
	heads map[string]eventstore.Version
}

// engines are the logs that the notary is tested on.
var engines = map[string]func(t *testing.T) (eventstore.Store, eventstore.Side){
	"memory": func(*testing.T) (eventstore.Store, eventstore.Side) { s := memory.New(); return s, s.Side() },
	"sqlite": func(t *testing.T) (eventstore.Store, eventstore.Side) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s, s.Side()
	},
	"EventStoreDB": func(t *testing.T) (eventstore.Store, eventstore.Side) {
		srv, err := wire.Start(wire.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Stop() })
		s, err := esdb.Open(t.Context(), srv.ConnectionString(), esdb.Options{Index: esdb.NewMemoryIndex(), Prefixes: []string{"ledger-", "attempts-", "election-"}})
		if err != nil {
			t.Fatal(err)
		}
		side, err := esdb.Open(t.Context(), srv.ConnectionString(), esdb.Options{Prefixes: []string{eventstore.SidePrefix}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = side.Close() })
		return s, side
	},
}

func newHouse(t *testing.T, engine string) *house {
	t.Helper()
	h := &house{T: t, heads: map[string]eventstore.Version{}}
	var side eventstore.Side
	h.store, side = engines[engine](t)
	t.Cleanup(func() { _ = h.store.Close() })
	h.cfg = Config{Dir: filepath.Join(t.TempDir(), "notary"), Store: h.store, Side: side, Every: time.Nanosecond, Word: &Word{"a test", "what was recorded first is signed later"}}
	return h
}

// record appends so many events, in appends of various sizes to several ledgers.
func (h *house) record(events int) {
	h.Helper()
	for events > 0 {
		stream := fmt.Sprint("ledger-e.", 3501+h.added%3)
		n := min(events, 1+h.added%7)
		command := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, h.added))
		var batch []eventstore.Event
		for i := range n {
			batch = append(batch, eventstore.Event{
				ID: uuid.NewSHA1(command, []byte{byte(i)}), Command: command, Type: "shipment.dispatched", Schema: 1,
				RecordedAt: time.Unix(1_700_000_000+int64(h.added), 0), Data: fmt.Appendf(nil, `{"n":%d}`, h.added+i), Metadata: []byte(`{"mode":"report"}`),
			})
		}
		if _, err := h.store.Append(h.Context(), stream, h.heads[stream], batch...); err != nil {
			h.Fatal(err)
		}
		h.heads[stream] += eventstore.Version(n)
		h.added += n
		events -= n
	}
}

func (h *house) open() *Notary {
	h.Helper()
	n, err := Open(h.Context(), h.cfg)
	if err != nil {
		h.Fatal(err)
	}
	return n
}

// catchUp does rounds until everything is signed, or one fails.
func catchUp(ctx context.Context, n *Notary) error {
	for {
		more, err := n.round(ctx)
		if err != nil || !more {
			return err
		}
	}
}

func (h *house) sealed(n *Notary) *Signed {
	h.Helper()
	if err := catchUp(h.Context(), n); err != nil {
		h.Fatal(err)
	}
	c := n.Newest()
	if c == nil || c.N != int64(h.added) {
		h.Fatalf("%d records, newest checkpoint %+v", h.added, c)
	}
	return c
}

func (h *house) close(n *Notary) {
	h.Helper()
	if err := n.Close(); err != nil {
		h.Fatal(err)
	}
}

// roots are those of the log, after every number of records, by package tlog alone.
func (h *house) roots() []tlog.Hash {
	h.Helper()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	var roots []tlog.Hash
	root := func() {
		r, err := tlog.TreeHash(int64(len(roots)), reader)
		if err != nil {
			h.Fatal(err)
		}
		roots = append(roots, r)
	}
	root()
	for rec, err := range h.store.ReadAll(h.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			h.Fatal(err)
		}
		hashes, err := tlog.StoredHashesForRecordHash(int64(len(roots))-1, leaf.Hash(&rec), reader)
		if err != nil {
			h.Fatal(err)
		}
		stored = append(stored, hashes...)
		root()
	}
	return roots
}

// holds checks everything that a notary has signed: against the log, its keys, and what was signed before.
func (h *house) holds(n *Notary, before []Signed) []Signed {
	h.Helper()
	all, err := n.After(0, 1<<20)
	if err != nil {
		h.Fatal(err)
	}
	roots, keys, err := h.roots(), []Key(nil), error(nil)
	if keys, err = n.Keys(); err != nil {
		h.Fatal(err)
	}
	for i, c := range all {
		if i > 0 && c.N <= all[i-1].N {
			h.Errorf("a checkpoint of %d records follows one of %d", c.N, all[i-1].N)
		}
		if c.N >= int64(len(roots)) || roots[c.N] != c.Hash {
			h.Errorf("the checkpoint of %d records has another root than the log", c.N)
		}
		verified := 0
		for _, key := range keys {
			v, err := note.NewVerifier(key.Verifier)
			if err != nil {
				h.Fatal(err)
			}
			if _, _, err := torchwood.VerifyCheckpoint(c.Note(), torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(n.Origin()), torchwood.SingleVerifierPolicy(v))); err == nil {
				verified++
			}
		}
		if verified == 0 {
			h.Errorf("the checkpoint of %d records is signed by nobody:\n%s", c.N, c.Note())
		}
	}
	for _, old := range before {
		found := false
		for _, c := range all {
			found = found || c.Tree == old.Tree
		}
		if !found {
			h.Errorf("the checkpoint of %d records is gone", old.N)
		}
	}
	return all
}

// proves every record, or of many a part, and checks the proofs as a stranger would.
func (h *house) proves(n *Notary) {
	h.Helper()
	v, err := note.NewVerifier(n.Verifier())
	if err != nil {
		h.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(n.Origin()), torchwood.SingleVerifierPolicy(v))
	for rec, err := range h.store.ReadAll(h.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			h.Fatal(err)
		}
		if h.added > 100 && rec.Version%7 != 1 {
			continue
		}
		found, err := n.Find(h.Context(), rec.ID)
		if err != nil {
			h.Fatal(err)
		}
		proof, err := n.Prove(found)
		if err != nil {
			h.Fatal(err)
		}
		if err := torchwood.VerifyProof(policy, leaf.Hash(&rec), proof.Text); err != nil {
			h.Fatalf("proof of position %d: %v\n%s", rec.Position, err, proof.Text)
		}
		rec.Data = []byte(`{"n":-1}`)
		if torchwood.VerifyProof(policy, leaf.Hash(&rec), proof.Text) == nil {
			h.Fatalf("the proof of position %d proves another record", rec.Position)
		}
		if at, known := n.index.leafOf(rec.Position); !known || at != found.Leaf {
			h.Fatalf("position %d is leaf %d, %v, not %d", rec.Position, at, known, found.Leaf)
		}
	}
	if _, err := n.Find(h.Context(), uuid.New()); !errors.Is(err, ErrUnknown) {
		h.Errorf("an event that is not there: %v", err)
	}
}

// dying makes the n-th point the last; 0: none.
func dying(n int) func(string) error {
	if n == 0 {
		return func(string) error { return nil }
	}
	return func(point string) error {
		if n--; n == 0 {
			return fmt.Errorf("%w at %q", errDied, point)
		}
		if n < 0 {
			return errDied
		}
		return nil
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
