package feed

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/incident"
	"jejak/eventstore"
	"jejak/internal/unreadable"
	"jejak/internal/unreadable/planted"
	"jejak/projections/feed"
)

// TestUnreadableRecord: a record that cannot be read holds the ledger it is in, from there on, also over a restart, and no other ledger. A program that can
// read it publishes everything, in the order of the log.
func TestUnreadableRecord(t *testing.T) {
	for _, kind := range planted.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			b, l := newBroker(t), newLog(t)
			l.add(other, accident("3509", 1))
			before := len(l.want())
			bad := planted.Event(kind, given.Start)
			l.add(other, bad)
			l.add(other, accident("3509", 2))
			trip := aTrip(t)
			l.add(unit, trip[:len(trip)/2]...)
			checkpoints, book := &memory{}, unreadable.NewBook(slog.New(slog.DiscardHandler))
			cfg := b.config(l, checkpoints)
			cfg.Unreadable = book
			p, stop := run(t, cfg)
			b.caughtUp(l, p)
			if lag, err := p.Lag(t.Context()); err != nil || !lag.Oldest.IsZero() || p.Trouble() != "" {
				t.Errorf("lag %+v, %v, trouble %q: the others have no lag", lag, err, p.Trouble())
			}
			if list := book.List(); len(list) != 1 || list[0].ID != bad.ID || list[0].Stream != other || list[0].Version != 2 {
				t.Errorf("noted: %v", list)
			}
			stop()
			l.add(unit, trip[len(trip)/2:]...)
			l.add(other, accident("3509", 3))
			p, stop = run(t, cfg)
			b.caughtUp(l, p)
			stop()
			all := b.messages()
			held := slices.DeleteFunc(slices.Clone(all), func(m *jetstream.RawStreamMsg) bool { return m.Header.Get("ce-source") != "/jejak/pemilu2024/3509" })
			if len(held) != before || len(all) <= before+len(trip)-1 {
				t.Fatalf("%d messages of the held ledger, %d of all", len(held), len(all))
			}
			if header := all[len(all)-1].Header.Get(feed.HeaderHeld); header != other+"@2" {
				t.Errorf("the last message says %q", header)
			}

			// A program that can read it.
			older := newEvent
			defer func() { newEvent = older }()
			newEvent = func(eventType string, schema int) domain.Event {
				if eventType == bad.Type && schema == bad.Schema {
					return older((&incident.IncidentRaised{}).EventType(), 1)
				}
				return older(eventType, schema)
			}
			if kind == planted.Metadata || kind == planted.Data {
				return // no program will ever read these
			}
			p, stop = run(t, cfg)
			defer stop()
			eventually(t, "the held ledger is published", func() bool { return len(b.messages()) == len(l.want()) })
			b.published(l, p)
			for _, m := range b.messages() {
				if m.Header.Get(feed.HeaderReplay) != "true" || m.Header.Get(feed.HeaderHeld) != "" {
					t.Fatalf("headers %v", m.Header)
				}
			}
		})
	}
}

// TestHeldHeader: which ledgers are held is written and read back; a message says only what stands before it.
func TestHeldHeader(t *testing.T) {
	held := map[string]eventstore.Position{unit: 7, other: 12}
	for position, want := range map[eventstore.Position]string{7: "", 8: unit + "@7", 13: other + "@12," + unit + "@7"} {
		got := heldBefore(held, position)
		if got != want {
			t.Errorf("before %d: %q, want %q", position, got, want)
		}
		if back, err := parseHeld(got); err != nil || heldBefore(back, position) != got {
			t.Errorf("%q is read as %v, %v", got, back, err)
		}
	}
	for _, wrong := range []string{"x", "x@", "@7", "x@-1", uuid.NewString()} {
		if got, err := parseHeld(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, got)
		}
	}
}
