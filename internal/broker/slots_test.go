package broker

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/people"
)

// pulls what a consumer has, as its user.
func (d *door) pulls(js jetstream.JetStream, m Made, want ...string) {
	d.t.Helper()
	consumer, err := js.Consumer(d.t.Context(), Stream, m.Consumer)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, position := range want {
		msg, err := consumer.Next(jetstream.FetchMaxWait(generous))
		if err != nil || msg.Headers().Get("ce-sequence") != position {
			d.t.Fatalf("%+v: %v %v, want %s", m, msg, err, position)
		}
		if err := msg.DoubleAck(d.t.Context()); err != nil {
			d.t.Fatal(err)
		}
	}
	if info, err := consumer.Info(d.t.Context()); err != nil || info.NumPending != 0 {
		d.t.Errorf("%+v: %v, %d more", m, err, info.NumPending)
	}
}

func TestConsumersBeginWhereTheyShould(t *testing.T) {
	d := openDoor(t)
	boss := d.user(domain.RoleProvince, "35")
	js, err := jetstream.New(d.connect(boss))
	if err != nil {
		t.Fatal(err)
	}
	began := d.clock.Now()
	// Positions 10, 20, ... 100: each ten minutes after the one before. Position 40 has a message in two areas.
	for i := 1; i <= 10; i++ {
		d.event("3578", "SHP-3578-1", 10*i)
		if i == 4 {
			d.event("P3578A", "SHP-3578-1", 10*i)
		}
	}
	at := func(minutes int) string { return began.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	for _, c := range []struct {
		since    string
		position uint64
		want     []string
	}{
		{"last", 100, nil}, {"", 100, nil}, {"100", 100, nil}, {"5000", 5000, nil},
		{"99", 99, []string{"100"}}, {"90", 90, []string{"100"}},
		{"39", 39, []string{"40", "40", "50", "60", "70", "80", "90", "100"}}, {"40", 40, []string{"50", "60", "70", "80", "90", "100"}},
		{"0", 0, []string{"10", "20", "30", "40", "40", "50", "60", "70", "80", "90", "100"}},
		{at(100), 90, []string{"100"}}, {at(101), 90, []string{"100"}}, {at(102), 100, nil}, {at(95), 90, []string{"100"}},
		{at(0), 0, []string{"10", "20", "30", "40", "40", "50", "60", "70", "80", "90", "100"}},
	} {
		m, err := d.Consumer(t.Context(), boss.User, Query{Since: c.since})
		if err != nil {
			t.Fatalf("since %q: %v", c.since, err)
		}
		if m.Position != c.position || m.Oldest != 0 {
			t.Errorf("since %q: position %d, oldest %d, want %d", c.since, m.Position, m.Oldest, c.position)
		}
		d.pulls(js, m, c.want...)
	}
	// What the feed has no more is told.
	stream, err := d.js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSequence(6)); err != nil {
		t.Fatal(err)
	}
	if err := stream.DeleteMsg(t.Context(), 8); err != nil { // a hole in the middle: position 70
		t.Fatal(err)
	}
	m, err := d.Consumer(t.Context(), boss.User, Query{Since: "20"})
	if err != nil || m.Position != 20 || m.Oldest != 50 {
		t.Errorf("%+v %v", m, err)
	}
	d.pulls(js, m, "50", "60", "80", "90", "100")
	if m, err = d.Consumer(t.Context(), boss.User, Query{Since: "65"}); err != nil {
		t.Fatal(err)
	}
	d.pulls(js, m, "80", "90", "100")
}

func TestConsumersNarrowAndNeverWiden(t *testing.T) {
	d := openDoor(t)
	for _, c := range []struct {
		role  domain.Role
		scope string
		q     Query
		want  []string // nil: refused
	}{
		{domain.RoleProvince, "35", Query{}, []string{"jejak.*.*.>"}},
		{domain.RoleProvince, "35", Query{Areas: []string{"P3578A", "3578", "3578"}}, []string{"jejak.*.3578.>", "jejak.*.P3578A.>"}},
		{domain.RoleProvince, "35", Query{Shipment: "SHP-3578-1"}, []string{"jejak.*.*.shipment.SHP-3578-1.>"}},
		{domain.RoleOperator, "3578", Query{}, []string{"jejak.*.3578.>"}},
		{domain.RoleOperator, "3578", Query{Areas: []string{"3578"}, Shipment: "SHP-3578-1"}, []string{"jejak.*.3578.shipment.SHP-3578-1.>"}},
		{domain.RoleOperator, "3578", Query{Areas: []string{"3578", "3501"}}, nil},
		{domain.RoleOperator, "3578", Query{Areas: []string{"35"}}, nil},
		{domain.RoleOperator, "3578", Query{Areas: []string{"P3578A"}}, nil},
		{domain.RoleEscort, "P3578A", Query{Shipment: "SHP-3578-1"}, []string{"jejak.*.P3578A.shipment.SHP-3578-1.>"}},
		{domain.RoleEscort, "P3578A", Query{Areas: []string{"P3578B"}}, nil},
		{domain.RoleEscort, "P3578A", Query{Areas: []string{"3578"}}, nil},
		{domain.RoleCarrier, "3578", Query{}, nil},
		{domain.RoleDistrict, "357801", Query{}, nil},
	} {
		m, err := d.Consumer(t.Context(), d.user(c.role, c.scope).User, c.q)
		var refused *RefusedError
		switch {
		case c.want == nil && !errors.As(err, &refused):
			t.Errorf("%s %s %+v: %+v %v, want a refusal", c.role, c.scope, c.q, m, err)
		case c.want != nil && (err != nil || !slices.Equal(m.Subjects, c.want)):
			t.Errorf("%s %s %+v: %v %v, want %v", c.role, c.scope, c.q, m.Subjects, err, c.want)
		}
	}
	for _, q := range []Query{
		{Areas: []string{"*"}}, {Areas: []string{">"}}, {Areas: []string{"3578.>"}}, {Areas: []string{""}}, {Areas: make([]string, 65)}, {Shipment: "*"}, {Shipment: ">"},
		{Shipment: "SHP-3578-1.>"}, {Since: "yesterday"}, {Since: "-1"},
	} {
		_, err := d.Consumer(t.Context(), d.user(domain.RoleProvince, "35").User, q)
		var invalid *InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestSlots(t *testing.T) {
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	js, err := jetstream.New(d.connect(escort))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 { // the fifth takes the place of the first, which was idle longest
		m, err := d.Consumer(t.Context(), escort.User, Query{})
		if want := fmt.Sprintf("%s-%d", escort.ID, i%4+1); err != nil || m.Consumer != want {
			t.Fatalf("%d: %+v %v, want %s", i, m, err, want)
		}
	}
	// With pulls waiting at all of them there is none.
	for _, name := range Consumers(escort.ID)[1:] {
		consumer, err := js.Consumer(t.Context(), Stream, name)
		if err != nil {
			t.Fatal(err)
		}
		messages, err := consumer.Messages()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(messages.Stop)
		go func() { _, _ = messages.Next() }()
		until(t, "a pull waits at "+name, func() bool {
			info, err := d.js.Consumer(t.Context(), Stream, name)
			return err == nil && info.CachedInfo().NumWaiting > 0
		})
	}
	if m, err := d.Consumer(t.Context(), escort.User, Query{}); !errors.Is(err, ErrBusy) {
		t.Errorf("%+v %v", m, err)
	}
	bare := bareDoor(t)
	if _, err := bare.Consumer(t.Context(), bare.user(domain.RoleEscort, "P3578A").User, Query{}); !errors.Is(err, ErrNotReady) {
		t.Errorf("without a feed: %v", err)
	}
}

// TestSlotsLieInMemory: only the lasting consumer has files, which are written for every message. After a restart a slot is made anew where its owner was.
func TestSlotsLieInMemory(t *testing.T) {
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	for position := range 3 {
		d.event("P3578A", "SHP-3578-1", position+1)
	}
	js, err := jetstream.New(d.connect(escort))
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Consumer(t.Context(), escort.User, Query{Since: "0"})
	if err != nil {
		t.Fatal(err)
	}
	d.pulls(js, m, "1", "2", "3")
	for name, want := range map[string]bool{escort.ID: true, m.Consumer: false} {
		found, err := filepath.Glob(filepath.Join(d.dir, "nats", "jetstream", Account, "streams", Stream, "obs", name))
		if err != nil || (len(found) > 0) != want {
			t.Errorf("%s has the files %q, %v", name, found, err)
		}
	}
	d.close()
	d.open()
	d.event("P3578A", "SHP-3578-1", 4)
	if js, err = jetstream.New(d.connect(escort)); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Consumer(t.Context(), Stream, m.Consumer); !errors.Is(err, jetstream.ErrConsumerNotFound) {
		t.Errorf("after a restart: %v", err)
	}
	again, err := d.Consumer(t.Context(), escort.User, Query{Since: "3"})
	if err != nil {
		t.Fatal(err)
	}
	d.pulls(js, again, "4")
}

// TestMoreThanAThousandPeople: who has come once keeps his consumers while he is away, and the next ones come in all the same.
func TestMoreThanAThousandPeople(t *testing.T) {
	d := openDoor(t)
	for i := range 1000 { // as many as NATS takes by itself
		for stream, cfg := range map[string]jetstream.ConsumerConfig{
			Stream: feedConsumer([]string{"jejak.*.P3578A.>"}), BucketStream: statusConsumer("", []string{"$KV." + Bucket + ".*.3578"}),
		} {
			cfg.Name, cfg.MemoryStorage = fmt.Sprintf("usr-other%d", i), true
			if _, err := d.js.CreateConsumer(t.Context(), stream, cfg); err != nil {
				t.Fatalf("the %d-th of %s: %v", i+1, stream, err)
			}
		}
	}
	escort := d.user(domain.RoleEscort, "P3578A")
	d.connect(escort)
	if _, err := d.Consumer(t.Context(), people.User{ID: escort.ID, Role: escort.Role, Scope: escort.Scope}, Query{}); err != nil {
		t.Error(err)
	}
	d.connect(d.user(domain.RoleSupervisor, "3578"))
}
