package broker

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
)

// TestAThousandAtOnce: NATS.Net asks for a thousand messages at once unless it is told otherwise, also of a consumer that an earlier start has made with less.
func TestAThousandAtOnce(t *testing.T) {
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	before := feedConsumer([]string{"jejak.*.P3578A.>"})
	before.Durable, before.MaxRequestBatch = escort.ID, 500
	if _, err := d.js.CreateConsumer(t.Context(), Stream, before); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		d.event("P3578A", "SHP-3578-1", i+1)
	}
	js, err := jetstream.New(d.connect(escort))
	if err != nil {
		t.Fatal(err)
	}
	slot, err := d.Consumer(t.Context(), escort.User, Query{Since: "0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{escort.ID, slot.Consumer} {
		consumer, err := js.Consumer(t.Context(), Stream, name)
		if err != nil {
			t.Fatal(err)
		}
		batch, err := consumer.Fetch(1000, jetstream.FetchMaxWait(generous))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range batch.Messages() {
			n++
		}
		if err := batch.Error(); err != nil || n != 1000 {
			t.Errorf("%s gave %d messages, %v", name, n, err)
		}
	}
}

// TestWhoHearsEverythingHasNoFilter: to count what a filter takes that takes all, NATS walks over every subject of the stream.
func TestWhoHearsEverythingHasNoFilter(t *testing.T) {
	d := openDoor(t)
	boss, operator := d.user(domain.RoleProvince, "35"), d.user(domain.RoleOperator, "3578")
	before := feedConsumer([]string{"jejak.*.3501.>"})
	before.Durable, before.FilterSubjects = boss.ID, []string{allEvents} // as an earlier program made it
	if _, err := d.js.CreateConsumer(t.Context(), Stream, before); err != nil {
		t.Fatal(err)
	}
	d.connect(boss)
	d.connect(operator)
	made, err := d.Consumer(t.Context(), boss.User, Query{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{boss.ID: "", made.Consumer: "", operator.ID: "jejak.*.3578.>"} {
		consumer, err := d.js.Consumer(t.Context(), Stream, name)
		if err != nil {
			t.Fatal(err)
		}
		cfg := consumer.CachedInfo().Config
		if got := cfg.FilterSubject + strings.Join(cfg.FilterSubjects, " "); got != want {
			t.Errorf("%s: filter %q, want %q", name, got, want)
		}
	}
}

// TestTheKeyInTheBody: some clients name the key of a bucket in the body, which no right can look at. That is granted where nothing is given away by it.
func TestTheKeyInTheBody(t *testing.T) {
	d := openDoor(t)
	if _, err := d.js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: NotaryBucket, MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	d.row("3578", `{"code":"3578"}`)
	if _, err := d.js.Publish(t.Context(), "$KV."+NotaryBucket+".jejak/0f3a", []byte("signed")); err != nil {
		t.Fatal(err)
	}
	ask := func(conn *nats.Conn, stream, subject string) string {
		t.Helper()
		body, err := json.Marshal(map[string]string{"last_by_subj": subject})
		if err != nil {
			t.Fatal(err)
		}
		if !mayPublish(t, conn, "$JS.API.DIRECT.GET."+stream, string(body)) {
			return ""
		}
		msg, err := conn.Request("$JS.API.DIRECT.GET."+stream, body, generous)
		if err != nil {
			t.Fatalf("%s of %s: %v", subject, stream, err)
		}
		return string(msg.Data)
	}
	for _, c := range []struct {
		role        domain.Role
		scope       string
		row, signed string
	}{
		{domain.RoleProvince, "35", `{"code":"3578"}`, "signed"}, {domain.RoleOperator, "3578", "", "signed"}, {domain.RoleEscort, "P3578A", "", "signed"},
	} {
		conn := d.connect(d.user(c.role, c.scope))
		if got := ask(conn, NotaryBucketStream, "$KV."+NotaryBucket+".jejak/0f3a"); got != c.signed {
			t.Errorf("%s of %s: the checkpoint is %q", c.role, c.scope, got)
		}
		if got := ask(conn, BucketStream, "$KV."+Bucket+".pemilu2024.3578"); got != c.row {
			t.Errorf("%s of %s: the row is %q", c.role, c.scope, got)
		}
	}
}
