package trail_test

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"jejak/domain/given"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/journal"
	"jejak/internal/trail"
	"jejak/internal/unreadable"
	"jejak/internal/unreadable/planted"
)

// TestUnreadableRecord: a ledger ends in the index before a record that cannot be read, the others do not; a program that can read it puts in the rest, also
// where only a few records have come since.
func TestUnreadableRecord(t *testing.T) {
	const before, after = 30, 40
	for _, how := range []string{"built", "grown"} {
		t.Run(how, func(t *testing.T) {
			l := newLog(t, 7)
			held, other := journal.LedgerStream(given.Election, given.Province), journal.LedgerStream(given.Election, given.Unit)
			book := unreadable.NewBook(slog.New(slog.DiscardHandler))
			file := l.open(filepath.Join(t.TempDir(), "trail.db"))
			l.append(held, before)
			l.append(other, before)
			grow := func(store eventstore.Store) *trail.Index {
				t.Helper()
				x, err := trail.Look(t.Context(), file, trail.Log{Store: store, Catalog: catalog{}, Unreadable: book})
				if err == nil {
					err = x.CatchUp(t.Context())
				}
				if err != nil {
					t.Fatal(err)
				}
				return x
			}
			if how == "grown" {
				grow(l.store)
			}
			bad := planted.Put(t, l.store, given.Election, given.Province, planted.Type, given.Start)
			l.append(held, after)
			l.append(other, after)
			grow(l.store)
			grow(l.store)
			l.append(held, 1)
			l.append(other, 1)
			x := grow(l.store)
			if list := book.List(); len(list) != 1 || list[0].Position != bad.Position {
				t.Fatalf("noted: %v", list)
			}

			// The same log, as a program reads it that knows the record.
			newer := memory.New()
			for rec, err := range l.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				e := rec.Event
				if e.ID == bad.ID {
					e.Type, e.Metadata = "incident.raised", planted.Event("", given.Start).Metadata
				}
				if _, err := newer.Append(t.Context(), rec.Stream, rec.Version-1, e); err != nil {
					t.Fatal(err)
				}
			}
			check := func(x *trail.Index, stream string, upTo uint64) {
				t.Helper()
				_, unit, _ := journal.SplitStream(stream)
				of := trail.Ledger{Election: given.Election, Unit: unit}
				all, err := trail.Scan(t.Context(), newer, of, upTo)
				if err != nil {
					t.Fatal(err)
				}
				end, _, err := newer.StreamHead(t.Context(), stream)
				if err != nil {
					t.Fatal(err)
				}
				thing := trail.Thing{ID: "THING-", Within: true}
				got, err := x.Versions(t.Context(), of, uint64(end), thing)
				if want := all.Versions(thing); err != nil || !slices.Equal(got, want) || len(want) < int(upTo)/2 {
					t.Errorf("%s: %v, %v; want %v", stream, got, err, want)
				}
			}
			check(x, held, before)
			check(x, other, before+after+1)
			l.store = newer
			l.append(held, 1)
			x = grow(newer)
			check(x, held, before+after+3)
			check(x, other, before+after+1)
		})
	}
}
