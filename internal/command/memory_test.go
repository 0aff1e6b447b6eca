package command_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/ncruces/go-sqlite3/driver"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/eventstore"
	"jejak/eventstore/checksum"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/journal"
)

// everyEvent saves the ledger to the cache as often as possible.
func everyEvent(c *command.Config) { c.SnapshotEvery = 1 }

// TestIdempotencyIsForLife: whatever happens to the server in between, a command sent again adds nothing and is answered duplicate.
func TestIdempotencyIsForLife(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted(everyEvent)
	c := h.trouble(0)
	first := h.accepted(handler, c)
	reused := c
	reused.Hash[31]++
	elsewhere := c
	elsewhere.Unit = "3509"
	again := func(when string) {
		t.Helper()
		events := h.events()
		for range 2 {
			a := h.answered(handler, c, api.Duplicate, "")
			if a.Position < first.Position || a.Status != 200 {
				t.Errorf("%s: duplicate %+v of %+v", when, a, first)
			}
		}
		if a := h.answered(handler, reused, api.Error, "command_id_reused"); a.Status != 409 {
			t.Errorf("%s: %+v", when, a)
		}
		if a := h.answered(handler, elsewhere, api.Error, "command_id_reused"); a.Status != 409 {
			t.Errorf("%s: %+v", when, a)
		}
		if now := h.events(); now != events {
			t.Errorf("%s: %d events, then %d", when, events, now)
		}
	}
	again("at once")
	restart := func(change ...func(*command.Config)) {
		t.Helper()
		h.must(handler.Close(context.Background()))
		h.shut()
		h.open(sqlite.Options{})
		handler = h.handler(change...)
	}
	for n := range 20 {
		h.accepted(handler, h.trouble(n+1))
	}
	again("after others")
	restart(everyEvent)
	again("after a restart with a snapshot")
	h.must(handler.Close(context.Background()))
	h.shut()
	h.must(os.Remove(h.cacheFile()))
	h.open(sqlite.Options{})
	handler = h.handler()
	again("after the cache was deleted")
	restart(func(c *command.Config) { c.Cache = nil })
	again("without a cache")
	h.must(h.clock.Set(begin.AddDate(1, 0, 0)))
	again("a year later")
	h.once(c)
}

// TestFiftyTimesAtOnce: one is accepted, the others are duplicates at or after it.
func TestFiftyTimesAtOnce(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	c := h.trouble(0)
	answers := make(chan api.Answer)
	for range 50 {
		go func() { answers <- <-handler.Submit(context.Background(), c) }()
	}
	var first api.Answer
	var duplicates []api.Answer
	for range 50 {
		switch a := <-answers; a.Result {
		case api.AcceptedWithDiscrepancy:
			if first.ID != "" {
				t.Error("accepted twice")
			}
			first = a
		case api.Duplicate:
			duplicates = append(duplicates, a)
		default:
			t.Errorf("answer %+v", a)
		}
	}
	for _, d := range duplicates {
		if d.Position < first.Position {
			t.Errorf("duplicate at %d of %d", d.Position, first.Position)
		}
	}
	if len(duplicates) != 49 {
		t.Errorf("%d duplicates", len(duplicates))
	}
	h.once(c)
}

// TestRejectedIsNotRemembered: the same command may succeed later; each attempt is kept before it is answered.
func TestRejectedIsNotRemembered(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	c := h.order("ORD-3501-1")
	stream := journal.AttemptsStream(pemilu, satu)
	for n := range 3 {
		if a := h.answered(handler, c, api.Rejected, "budget_not_set"); a.Status != 409 || a.Position != 0 {
			t.Errorf("answer %+v", a)
		}
		if kept := h.log(stream)[c.ID]; kept != n+1 {
			t.Errorf("%d attempts kept, want %d", kept, n+1)
		}
	}
	h.accepted(handler, h.request(operator, &procurement.SetBudget{Ceiling: 1, Document: "DIPA"}))
	h.accepted(handler, c)
	h.answered(handler, c, api.Duplicate, "")
	h.once(c)
}

// TestAttemptsAreCapped per device and actor and day, also over a restart; the answers stay the same.
func TestAttemptsAreCapped(t *testing.T) {
	h := newHouse(t)
	caps := func(c *command.Config) { c.AttemptsPerDevice, c.AttemptsPerActor = 3, 5 }
	handler := h.adopted(caps)
	stream := journal.AttemptsStream(pemilu, satu)
	kept := func() (n int) {
		for _, times := range h.log(stream) {
			n += times
		}
		return n
	}
	try := func(actor, device string) {
		c := h.order("ORD-3501-1")
		c.Actor.ID, c.Device.ID = actor, device
		h.answered(handler, c, api.Rejected, "budget_not_set")
	}
	want := func(n int, when string) {
		t.Helper()
		if got := kept(); got != n {
			t.Errorf("%s: %d attempts kept, want %d", when, got, n)
		}
	}
	for range 10 {
		try("a", "one")
	}
	want(3, "one device")
	for range 10 {
		try("a", "two")
	}
	want(5, "one actor")
	try("b", "one")
	want(6, "another actor's device of the same name")
	h.must(handler.Close(context.Background()))
	handler = h.handler(caps)
	try("a", "one")
	try("a", "three")
	want(6, "after a restart")
	h.must(h.clock.Set(begin.AddDate(0, 0, 1)))
	try("a", "one")
	want(7, "the next day")
}

// TestAttemptsCannotBeStored: a rejection that cannot be kept is not given; the ledger itself goes on.
func TestAttemptsCannotBeStored(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	stream := journal.AttemptsStream(pemilu, satu)
	h.store.disturb(func(_ context.Context, to string) error {
		if to == stream {
			return fmt.Errorf("disk: %w", eventstore.ErrFailed)
		}
		return nil
	}, nil)
	c := h.order("ORD-3501-1")
	if a := h.answered(handler, c, api.Error, "store_unavailable"); a.Status != 503 || a.RetryAfter == 0 {
		t.Errorf("answer %+v", a)
	}
	h.accepted(handler, h.trouble(0))
	h.store.disturb(nil, nil)
	h.answered(handler, c, api.Rejected, "budget_not_set")
	if n := h.log(stream)[c.ID]; n != 1 {
		t.Errorf("%d attempts kept", n)
	}
}

// TestAnotherServersAttempts: two servers append to the same attempts.
func TestAnotherServersAttempts(t *testing.T) {
	h := newHouse(t)
	a, b := h.adopted(), h.handler()
	for range 5 {
		h.answered(a, h.order("ORD-3501-1"), api.Rejected, "budget_not_set")
		h.answered(b, h.order("ORD-3501-1"), api.Rejected, "budget_not_set")
	}
	if n := len(h.log(journal.AttemptsStream(pemilu, satu))); n != 10 {
		t.Errorf("%d attempts kept", n)
	}
}

// loaded notes how ledgers were loaded.
type loaded struct {
	command.NoMetrics
	snapshot []bool
	events   []int
}

func (l *loaded) Loaded(events int, snapshot bool, _ time.Duration) {
	l.snapshot, l.events = append(l.snapshot, snapshot), append(l.events, events)
}

// TestSnapshotsAreTakenOnlyWhenTheyFit: whatever is wrong with the cache, the ledger is that of the log.
func TestSnapshotsAreTakenOnlyWhenTheyFit(t *testing.T) {
	for name, c := range map[string]struct {
		spoil    func(h *house)
		snapshot bool
	}{
		"good":            {func(*house) {}, true},
		"missing":         {func(h *house) { h.must(os.Remove(h.cacheFile())) }, false},
		"not a database":  {func(h *house) { h.must(os.WriteFile(h.cacheFile(), bytes.Repeat([]byte("x"), 9000), 0o600)) }, false},
		"empty file":      {func(h *house) { h.must(os.WriteFile(h.cacheFile(), nil, 0o600)) }, false},
		"bytes changed":   {change(`UPDATE part SET data = CAST(x'00' || substr(data, 2) AS BLOB) WHERE number = 1`), false},
		"cut short":       {change(`UPDATE part SET data = CAST(substr(data, 1, length(data)/2) AS BLOB)`), false},
		"no gob":          {change(`DELETE FROM part; UPDATE snapshot SET sha256 = x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'`), false},
		"older fold":      {change(`UPDATE snapshot SET format = 'old'`), false},
		"other event":     {change(`UPDATE snapshot SET event = '00000000-0000-4000-8000-000000000000'`), false},
		"no event":        {change(`UPDATE snapshot SET event = '?'`), false},
		"other position":  {change(`UPDATE snapshot SET position = position + 1`), false},
		"older schema":    {change(`PRAGMA user_version = 99`), false},
		"no tables":       {change(`DROP TABLE snapshot`), false},
		"no parts":        {change(`DELETE FROM part`), false},
		"other parts":     {change(`UPDATE part SET version = version + 1`), false},
		"of another unit": {change(`UPDATE snapshot SET stream = 'ledger-pemilu2024.3509'`), false},
		"ahead of the log": {func(h *house) {
			// As after the restore of an older backup of the log: the newest events are not there any more.
			db, err := sql.Open("sqlite3", "file:"+h.dir+"/events.db")
			h.must(err)
			_, err = db.Exec(`DROP TRIGGER events_no_delete; DELETE FROM events WHERE position > (SELECT max(position) - 3 FROM events);
				CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'an event is never deleted: append a correction'); END`)
			h.must(err)
			h.must(db.Close())
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			handler := h.adopted(everyEvent)
			for n := range 30 {
				h.accepted(handler, h.trouble(n))
			}
			h.accepted(handler, h.request(operator, &procurement.SetBudget{Ceiling: 7, Document: "DIPA"}))
			h.must(handler.Close(context.Background()))
			h.shut()
			c.spoil(h)
			h.open(sqlite.Options{})
			seen := &loaded{}
			handler = h.handler(func(c *command.Config) { c.Metrics = seen })
			fromCache := h.state(handler)
			if len(seen.snapshot) != 1 || seen.snapshot[0] != c.snapshot {
				t.Errorf("loaded from a snapshot: %v, want %t", seen.snapshot, c.snapshot)
			}
			whole := h.state(h.handler(func(c *command.Config) { c.Cache = nil }))
			if fromCache != whole {
				t.Errorf("state\n%s\nis not that of the log\n%s", fromCache, whole)
			}
			h.accepted(handler, h.trouble(99))
		})
	}
}

// change spoils the cache with SQL. Its pages keep right checksums, so that what is wrong is found by what reads the snapshot.
func change(statement string) func(*house) {
	return func(h *house) {
		h.Helper()
		sums, err := checksum.Register("")
		h.must(err)
		defer sums.Unregister()
		db, err := sql.Open("sqlite3", "file:"+h.cacheFile()+"?vfs="+sums.Name()+"&_pragma=checksum_verification(off)")
		h.must(err)
		_, err = db.Exec(statement)
		h.must(err)
		h.must(db.Close())
	}
}

// TestSnapshotOfAnotherStore: a cache that was copied beside another log is not used, though unit and versions are the same.
func TestSnapshotOfAnotherStore(t *testing.T) {
	a, b := newHouse(t), newHouse(t)
	for _, h := range []*house{a, b} {
		handler := h.adopted(everyEvent)
		for n := range 10 {
			h.accepted(handler, h.trouble(n))
		}
		h.must(handler.Close(context.Background()))
	}
	foreign := func(c *command.Config) { c.Cache = a.cache }
	seen := &loaded{}
	handler := b.handler(foreign, func(c *command.Config) { c.Metrics = seen })
	if got, want := b.state(handler), b.state(b.handler(func(c *command.Config) { c.Cache = nil })); got != want {
		t.Errorf("state of another store:\n%s\nwant\n%s", got, want)
	}
	if seen.snapshot[0] {
		t.Error("the snapshot of another store was used")
	}
}

// TestSnapshotAndTail: at every moment a snapshot with the rest of the stream is the same as the whole stream.
func TestSnapshotAndTail(t *testing.T) {
	h := newHouse(t)
	a := h.adopted(func(c *command.Config) { c.SnapshotEvery = 7 })
	for n := range 40 {
		if n == 20 {
			h.accepted(a, h.request(operator, &procurement.SetBudget{Ceiling: 20, Document: "DIPA"}))
		}
		if n > 20 && n%4 == 0 {
			h.accepted(a, h.order(fmt.Sprintf("ORD-3501-%d", n)))
		}
		h.accepted(a, h.trouble(n))
		seen := &loaded{}
		fresh := h.handler(func(c *command.Config) { c.Metrics = seen })
		if got, want := h.state(fresh), h.state(a); got != want {
			t.Fatalf("after %d events (%v, %v):\n%s\nwant\n%s", h.events(), seen.snapshot, seen.events, got, want)
		}
		if n > 10 && (!seen.snapshot[0] || seen.events[0] >= 14) {
			t.Errorf("after %d events: from a snapshot %v, with %v events after it", h.events(), seen.snapshot, seen.events)
		}
		h.must(fresh.Close(context.Background()))
	}
}

// failingCache cannot be written.
type failingCache struct{ tried int }

func (*failingCache) Load(context.Context, string) (ledger.Data, cache.Mark, bool) {
	return ledger.Data{}, cache.Mark{}, false
}

func (c *failingCache) Save(context.Context, string, *ledger.Data, cache.Mark) error {
	c.tried++
	return fmt.Errorf("no space")
}

// TestCacheThatCannotBeWritten costs time only, and is not tried at every command.
func TestCacheThatCannotBeWritten(t *testing.T) {
	h := newHouse(t)
	bad := &failingCache{}
	handler := h.adopted(func(c *command.Config) { c.Cache, c.SnapshotEvery = bad, 10 })
	for n := range 50 {
		h.accepted(handler, h.trouble(n))
	}
	h.must(handler.Close(context.Background()))
	if bad.tried == 0 || bad.tried > 6 {
		t.Errorf("tried %d times", bad.tried)
	}
}

// TestIDsFollowFromTheCommand: event ids are those that the domain derives, so that any server gives the same.
func TestIDsFollowFromTheCommand(t *testing.T) {
	h := newHouse(t)
	handler := h.adopted()
	c := h.trouble(0)
	a := h.accepted(handler, c)
	for i, e := range a.Events {
		if want := domain.EventID(c.ID, i); uuid.MustParse(e.ID) != want {
			t.Errorf("event %d has id %s, want %s", i, e.ID, want)
		}
	}
	rec, found, err := h.store.ByCommand(t.Context(), c.ID)
	h.must(err)
	if !found || uint64(rec.Position) != a.Position-uint64(len(a.Events)-1) {
		t.Errorf("first event at %d, answer %+v", rec.Position, a)
	}
}
