package broker

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/internal/access"
	"jejak/internal/people"
)

// TestEverybodySeesTheCheckpoint: whoever may connect reads the newest checkpoint and hears the next, and nobody else's hand is in the bucket.
func TestEverybodySeesTheCheckpoint(t *testing.T) {
	d := openDoor(t)
	if _, err := d.js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: NotaryBucket, MaxBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	const subject = "$KV." + NotaryBucket + ".jejak/0123456789abcdef"
	put := func(text string) {
		t.Helper()
		if _, err := d.js.Publish(t.Context(), subject, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for _, role := range access.Roles() {
		for _, scope := range scopesOf(role) {
			if _, refusal := Permissions(people.User{ID: "ID", Role: role, Scope: scope}, "35"); refusal != "" {
				continue
			}
			put("the newest")
			conn := d.connect(d.user(role, scope))
			js, err := jetstream.New(conn)
			if err != nil {
				t.Fatal(err)
			}
			bucket, err := js.KeyValue(t.Context(), NotaryBucket)
			if err != nil {
				t.Errorf("%s %s: %v", role, scope, err)
				continue
			}
			if entry, err := bucket.Get(t.Context(), "jejak/0123456789abcdef"); err != nil || string(entry.Value()) != "the newest" {
				t.Errorf("%s %s: %v", role, scope, err)
			}
			live, err := conn.SubscribeSync("$KV." + NotaryBucket + ".>")
			if err == nil {
				err = conn.Flush()
			}
			if err != nil {
				t.Fatal(err)
			}
			put("the next")
			if msg, err := live.NextMsg(generous); err != nil || string(msg.Data) != "the next" {
				t.Errorf("%s %s: %v", role, scope, err)
			}
			for _, forbidden := range []string{subject, "$JS.API.STREAM.PURGE." + NotaryBucketStream, "$JS.API.STREAM.DELETE." + NotaryBucketStream} {
				if mayPublish(t, conn, forbidden, "forged") {
					t.Errorf("%s %s may publish to %s", role, scope, forbidden)
				}
			}
			seen++
		}
	}
	if seen < 10 {
		t.Errorf("only %d people", seen)
	}
}
