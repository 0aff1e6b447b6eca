package broker

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
)

// TestNobodyWaitsForTheSlow: somebody listens and never reads, another pulls and never acknowledges. The one is cut off, the other gets no more than he
// may leave open; the publisher and everybody else go on meanwhile.
func TestNobodyWaitsForTheSlow(t *testing.T) {
	d := openDoor(t)
	deaf, stalled, well := d.user(domain.RoleEscort, "P3578A"), d.another(domain.RoleEscort, "P3578A", "stalled"), d.another(domain.RoleEscort, "P3578A", "well")

	raw, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := fmt.Fprintf(raw, "CONNECT {\"verbose\":false,\"pass\":%q,\"user\":\"x\",\"protocol\":1,\"headers\":true}\r\nSUB jejak.*.P3578A.> 1\r\nPING\r\n", deaf.Token); err != nil {
		t.Fatal(err)
	}
	connected := func(id string) int {
		found, err := d.embedded.current().Connz(&server.ConnzOptions{Account: ownAccount(id), Subscriptions: true})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, conn := range found.Conns {
			if conn.NumSubs > 0 {
				n++
			}
		}
		return n
	}
	until(t, "the deaf one listens", func() bool { return connected(deaf.ID) == 1 })

	live, err := d.connect(well).SubscribeSync("jejak.*.P3578A.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := live.SetPendingLimits(-1, -1); err != nil {
		t.Fatal(err)
	}
	pulling, err := jetstream.New(d.connect(stalled))
	if err != nil {
		t.Fatal(err)
	}
	slow, err := pulling.Consumer(t.Context(), Stream, stalled.ID)
	if err != nil {
		t.Fatal(err)
	}

	const messages = 3 * maxAckPending
	body := []byte(strings.Repeat("x", 10<<10)) // together more than may wait for one connection, and what the system's own buffers take
	for n := range messages {
		ack, err := d.js.PublishMsg(t.Context(), &nats.Msg{Subject: fmt.Sprintf("jejak.pemilu2024.P3578A.shipment.SHP-%d.delayed", n), Data: body})
		if err != nil || ack.Sequence != uint64(n+1) {
			t.Fatalf("message %d: %+v %v", n, ack, err)
		}
	}
	for n := range messages {
		msg, err := live.NextMsg(generous)
		if err != nil || !strings.Contains(msg.Subject, fmt.Sprintf(".SHP-%d.", n)) {
			t.Fatalf("the listener, message %d: %v %v", n, msg, err)
		}
	}
	until(t, "the deaf one is cut off", func() bool { return connected(deaf.ID) == 0 })
	if !strings.Contains(d.log.String(), "Slow Consumer") {
		t.Error("the log does not say why")
	}

	got := 0
	for range 2 * messages / maxBatch {
		batch, err := slow.FetchNoWait(maxBatch)
		if err != nil {
			t.Fatal(err)
		}
		for range batch.Messages() {
			got++ // and never acknowledged
		}
	}
	if got != maxAckPending {
		t.Errorf("who acknowledges nothing got %d messages", got)
	}
	reading, err := jetstream.New(d.connect(well))
	if err != nil {
		t.Fatal(err)
	}
	own, err := reading.Consumer(t.Context(), Stream, well.ID)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < messages; {
		batch, err := own.Fetch(maxBatch, jetstream.FetchMaxWait(generous))
		if err != nil {
			t.Fatal(err)
		}
		before := n
		for msg := range batch.Messages() {
			n++
			if err := msg.Ack(); err != nil {
				t.Fatal(err)
			}
		}
		if n == before {
			t.Fatalf("somebody else pulls no more than %d messages: %v", n, batch.Error())
		}
	}
}
