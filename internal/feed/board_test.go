package feed

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain/given"
	"jejak/eventstore"
)

// TestBoard: what could not be put is put later, and then the newest row alone; an older row never takes the place of a newer one.
func TestBoard(t *testing.T) {
	type put struct {
		unit     string
		position eventstore.Position
	}
	puts := make(chan put, 100)
	refused := make(chan struct{})
	away := true
	b := NewBoard(nil, slog.New(slog.DiscardHandler))
	b.put = func(_ context.Context, row statusRow, _ bool) error {
		if away {
			away = false // it refuses once, and what is offered until the test goes on is newer
			<-refused
			return errors.New("the broker is away")
		}
		puts <- put{row.unit, row.position}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Run(ctx)
	}()
	b.Offer("pemilu2024", "3578", 7, []byte(`{"position":7}`))
	b.Offer("pemilu2024", "3578", 9, []byte(`{"position":9}`))
	b.Offer("pemilu2024", "3578", 8, []byte(`{"position":8}`))
	b.Offer("pemilu2024", "3501", 3, []byte(`{"position":3}`))
	close(refused)
	newest := map[string]eventstore.Position{}
	for newest["3578"] != 9 || newest["3501"] != 3 {
		select {
		case p := <-puts:
			if p.position < newest[p.unit] || p.position == 8 {
				t.Errorf("%+v after %d", p, newest[p.unit])
			}
			newest[p.unit] = p.position
		case <-time.After(time.Minute):
			t.Fatalf("put: %v", newest)
		}
	}
	cancel()
	<-ended
}

// TestBoardIsReset: what is not this server's goes, and what stands in the way of its rows, even if it looks newer.
func TestBoardIsReset(t *testing.T) {
	n, l := newBroker(t), newLog(t)
	p := New(n.config(l, &memory{}))
	b := NewBoard(p, loud())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Run(ctx)
	}()
	defer func() { cancel(); <-ended }()
	b.Offer(given.Election, "3578", 7, row(7))
	kv, err := p.keyValue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	is := func(unit string) string {
		entry, err := kv.Get(t.Context(), StatusKey(given.Election, unit))
		if err != nil {
			return err.Error()
		}
		return string(entry.Value())
	}
	eventually(t, "the row is there", func() bool { return is("3578") == string(row(7)) })
	for _, unit := range []string{"3578", "3501"} {
		if _, err := kv.Put(t.Context(), StatusKey(given.Election, unit), row(900)); err != nil {
			t.Fatal(err)
		}
	}
	b.all() // as the look every few seconds does: it leaves what is newer
	b.Offer(given.Election, "3509", 3, row(3))
	eventually(t, "the other row is there", func() bool { return is("3509") == string(row(3)) })
	if is("3578") != string(row(900)) {
		t.Errorf("a newer row gave way: %s", is("3578"))
	}
	if err := b.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if is("3578") != string(row(7)) || is("3509") != string(row(3)) || is("3501") != jetstream.ErrKeyNotFound.Error() {
		t.Errorf("after the reset: %s, %s, %s", is("3578"), is("3509"), is("3501"))
	}
	// While the broker is away it waits, and is done when it is back.
	n.stop()
	reset := make(chan error, 1)
	go func() { reset <- b.Reset(t.Context()) }()
	n.start()
	if err := <-reset; err != nil {
		t.Error(err)
	}
	b.Offer(given.Election, "3578", 8, row(8))
	eventually(t, "newer rows are put as before", func() bool { return is("3578") == string(row(8)) })
}
