package broker

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/people"
)

// acknowledged: somebody takes a message of his consumer, and the server hears that he acknowledges it on a subject that begins so.
func (d *door) acknowledged(conn *nats.Conn, user people.Added, prefix string) {
	d.t.Helper()
	js, err := jetstream.New(conn)
	if err != nil {
		d.t.Fatal(err)
	}
	consumer, err := js.Consumer(d.t.Context(), Stream, user.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	msg, err := consumer.Next(jetstream.FetchMaxWait(generous))
	if err != nil {
		d.t.Fatal(err)
	}
	if !strings.HasPrefix(msg.Reply(), prefix) {
		d.t.Errorf("acknowledged on %s, want %s", msg.Reply(), prefix)
	}
	if err := msg.DoubleAck(d.t.Context()); err != nil {
		d.t.Errorf("acknowledge on %s: %v", msg.Reply(), err)
	}
}

// TestBothFormsOfAcknowledgements: NATS is to change the subjects on which messages are acknowledged. The rights know both, in the server inside the
// program and in a cluster, and another's messages can be acknowledged in neither.
func TestBothFormsOfAcknowledgements(t *testing.T) {
	for on, prefix := range map[bool]string{false: "$JS.ACK.JEJAK.", true: "$JS.ACK._."} {
		d := bareDoor(t)
		d.close()
		d.flags = map[string]bool{server.FeatureFlagJsAckFormatV2: on}
		d.open()
		d.makeFeed()
		escort := d.user(domain.RoleEscort, "P3578A")
		d.event("P3578A", "SHP-3578-1", 1)
		d.acknowledged(d.connect(escort), escort, prefix)
	}
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		d := openClusterDoor(t, 1, false, time.Minute, "feature_flags { "+server.FeatureFlagJsAckFormatV2+": true }")
		escort := d.user(domain.RoleEscort, "P3578A")
		d.event("P3578A", "SHP-3578-1", 1)
		conn, _ := d.at(d.nodes[0], escort)
		d.acknowledged(conn, escort, "$JS.ACK._.")
	})
}
