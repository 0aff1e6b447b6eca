package feed

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// damage flips bytes in the middle of the stream's first file.
func (b *broker) damage(bytes int) {
	b.Helper()
	found, err := filepath.Glob(filepath.Join(b.dir, "jetstream", "*", "streams", Stream, "msgs", "1.blk"))
	if err != nil || len(found) != 1 {
		b.Fatalf("the files of the stream: %q %v", found, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		b.Fatal(err)
	}
	for i := range bytes {
		data[len(data)/2+i] ^= 0xff
	}
	if err := os.WriteFile(found[0], data, 0o600); err != nil {
		b.Fatal(err)
	}
}

// TestFlippedBytes: bytes of the stream are flipped on the disk. That is told and the stream is filled again, without anybody's doing, when the publisher
// runs on as well as when it starts.
func TestFlippedBytes(t *testing.T) {
	for _, how := range []struct {
		bytes   int
		restart bool
	}{{64, false}, {64, true}, {4096, false}, {4096, true}} {
		bytes, restart := how.bytes, how.restart
		b, l := newBroker(t), newLog(t)
		l.tell()
		for i := range 100 {
			l.add(other, accident("3509", i+100))
		}
		cfg, told := b.config(l, &memory{}), &lost{}
		cfg.Metrics, cfg.apart = told, 50*time.Millisecond
		p, stop := run(t, cfg)
		b.published(l, p)
		if restart {
			stop()
		}
		b.stop()
		b.damage(bytes)
		b.start()
		for i := range 10 {
			l.add(other, accident("3509", i+1000))
		}
		if restart {
			cfg.JetStream = b.js()
			p, _ = run(t, cfg)
		}
		name := fmt.Sprintf("%d bytes, a new publisher %t", bytes, restart)
		eventually(t, name+": the stream is whole again", func() bool {
			messages, err := b.readable()
			return err == nil && messages == len(l.want())
		})
		b.published(l, p)
		if told.n.Load() == 0 {
			t.Errorf("%s: nothing is told", name)
		}
	}
}

// readable counts the messages that somebody who listens gets.
func (b *broker) readable() (messages int, err error) {
	s, err := b.looking().Stream(b.Context(), Stream)
	if err != nil {
		return 0, err
	}
	c, err := s.CreateConsumer(b.Context(), jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: time.Minute})
	if err != nil {
		return 0, err
	}
	batch, err := c.FetchNoWait(10_000)
	if err != nil {
		return 0, err
	}
	for range batch.Messages() {
		messages++
	}
	return messages, batch.Error()
}
