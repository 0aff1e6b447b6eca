package broker

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/people"
)

// has lists the consumers of a person that are there.
func (d *door) has(id string) (names []string) {
	d.t.Helper()
	for _, stream := range []string{Stream, BucketStream} {
		for _, name := range Consumers(id) {
			_, err := d.js.Consumer(d.t.Context(), stream, name)
			if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
				d.t.Fatal(err)
			}
			if err == nil {
				names = append(names, stream+"/"+name)
			}
		}
	}
	return names
}

func (d *door) takeBack(before time.Time) {
	d.t.Helper()
	if err := d.embedded.takeBack(d.t.Context(), before); err != nil {
		d.t.Fatal(err)
	}
}

// gone waits until NATS knows that nobody of a person's is connected.
func (d *door) gone(users ...people.Added) {
	d.t.Helper()
	for _, user := range users {
		until(d.t, user.ID+" has left", func() bool {
			d.embedded.mu.Lock()
			defer d.embedded.mu.Unlock()
			return d.embedded.accounts.gone(user.ID, time.Now())
		})
	}
}

// TestWhoLeftCostsNothing: of one who has left stays what he would miss, and coming again he finds all of it.
func TestWhoLeftCostsNothing(t *testing.T) {
	d := openDoor(t)
	reads, looks, stays := d.another(domain.RoleEscort, "P3578A", "reads"), d.another(domain.RoleEscort, "P3578A", "looks"), d.another(domain.RoleEscort, "P3578A", "stays")
	operator := d.user(domain.RoleOperator, "3578")
	everybody := []people.Added{reads, looks, stays, operator}
	d.event("P3578A", "SHP-3578-1", 1)
	d.event("P3578A", "SHP-3578-1", 2)
	d.row("3578", `{"code":"3578"}`)
	next := func(js jetstream.JetStream, consumer, want string) {
		t.Helper()
		c, err := js.Consumer(t.Context(), Stream, consumer)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := c.Next(jetstream.FetchMaxWait(generous))
		if err != nil || msg.Headers().Get("ce-sequence") != want {
			t.Fatalf("%s: %v %v, want %s", consumer, msg, err, want)
		}
		if err := msg.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	as := map[string]jetstream.JetStream{}
	for _, user := range everybody {
		js, err := jetstream.New(d.connect(user))
		if err != nil {
			t.Fatal(err)
		}
		as[user.ID] = js
	}
	slot, err := d.Consumer(t.Context(), looks.User, Query{Since: "0"})
	if err != nil {
		t.Fatal(err)
	}
	next(as[reads.ID], reads.ID, "1")
	next(as[looks.ID], slot.Consumer, "1")

	// Everybody is there: nothing is taken, however long ago they came.
	d.takeBack(time.Now().Add(time.Hour))
	for id, want := range map[string][]string{
		reads.ID: {Stream + "/" + reads.ID}, looks.ID: {Stream + "/" + looks.ID, Stream + "/" + slot.Consumer}, stays.ID: {Stream + "/" + stays.ID},
		operator.ID: {Stream + "/" + operator.ID, BucketStream + "/" + operator.ID},
	} {
		if got := d.has(id); !slices.Equal(got, want) {
			t.Fatalf("%s, who is there, has %q, want %q", id, got, want)
		}
	}

	for _, user := range []people.Added{reads, looks, operator} {
		as[user.ID].Conn().Close()
	}
	d.gone(reads, looks, operator)
	d.takeBack(time.Now().Add(-leftAfter)) // they have only just come
	if got := d.has(operator.ID); len(got) != 2 {
		t.Fatalf("taken at once: %q is left", got)
	}
	d.takeBack(time.Now())
	for id, want := range map[string][]string{
		reads.ID: {Stream + "/" + reads.ID}, looks.ID: {Stream + "/" + slot.Consumer}, stays.ID: {Stream + "/" + stays.ID}, operator.ID: nil,
	} {
		if got := d.has(id); !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", id, got, want)
		}
	}

	// Back again: each goes on where he stopped, who had read nothing at the beginning.
	for _, user := range []people.Added{reads, looks, operator} {
		js, err := jetstream.New(d.connect(user))
		if err != nil {
			t.Fatal(err)
		}
		as[user.ID] = js
	}
	next(as[reads.ID], reads.ID, "2")
	next(as[looks.ID], slot.Consumer, "2")
	next(as[looks.ID], looks.ID, "1")
	next(as[stays.ID], stays.ID, "1")
	rows, err := as[operator.ID].Consumer(t.Context(), BucketStream, operator.ID)
	if err != nil {
		t.Fatal(err)
	}
	if msg, err := rows.Next(jetstream.FetchMaxWait(generous)); err != nil || string(msg.Data()) != `{"code":"3578"}` {
		t.Errorf("the row: %v %v", msg, err)
	}
}
