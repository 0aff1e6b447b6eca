package broker

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/outside"
)

// TestASecondConnectionEndsTheRowsOfTheFirst, which is told so, as docs/feed.md says. Asked again on one connection, the consumer has what has changed.
func TestASecondConnectionEndsTheRowsOfTheFirst(t *testing.T) {
	d := openDoor(t)
	d.row("3578", `{"code":"3578"}`)
	d.row("3501", `{"code":"3501"}`)
	boss := d.user(domain.RoleProvince, "35")
	js, err := jetstream.New(d.connect(boss))
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.Consumer(t.Context(), BucketStream, boss.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"code":"3578"}`, `{"code":"3501"}`} {
		if msg, err := consumer.Next(jetstream.FetchMaxWait(generous)); err != nil || string(msg.Data()) != want {
			t.Fatalf("%v %v, want %s", msg, err, want)
		}
	}
	d.row("3501", `{"code":"3501","position":2}`)
	if msg, err := consumer.Next(jetstream.FetchMaxWait(generous)); err != nil || string(msg.Data()) != `{"code":"3501","position":2}` {
		t.Fatalf("asked again: %v %v", msg, err)
	}
	ended := make(chan error, 1)
	waiting, err := consumer.Consume(func(jetstream.Msg) {}, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		select {
		case ended <- err:
		default: // the first says why
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Stop()
	until(t, "the first waits for rows", func() bool {
		c, err := d.js.Consumer(t.Context(), BucketStream, boss.ID)
		return err == nil && c.CachedInfo().NumWaiting > 0
	})
	d.connect(boss)
	select {
	case err := <-ended:
		if !errors.Is(err, jetstream.ErrConsumerDeleted) {
			t.Errorf("the first is told: %v", err)
		}
	case <-time.After(generous):
		t.Error("the first is not told")
	}
}

// TestTheCommandAtTheEnd: with nothing left it ends with exit code 1, as docs/feed.md says.
func TestTheCommandAtTheEnd(t *testing.T) {
	program := outside.Built(t, "nats-v0.5.1")
	d := openDoor(t)
	escort := d.user(domain.RoleEscort, "P3578A")
	out, err := d.run(program, escort, "consumer", "next", Stream, escort.ID, "--count", "10")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%v: %s", err, out)
	}
}
