package feed

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// NotaryBucket has the newest signed checkpoint of each notary under its origin: who compares it with what another was shown finds out whether both see
// one log.
const NotaryBucket = "jejak_notary"

// Notices keeps the bucket at the newest checkpoint that it was offered.
type Notices struct {
	js       jetstream.JetStream
	replicas int
	log      *slog.Logger
	newest   atomic.Pointer[checkpoint]
	wake     chan struct{}
}

type checkpoint struct {
	origin string
	size   int64
	note   []byte
}

// NewNotices makes one that publishes nothing until it is run. replicas of the bucket; 0: 1.
func NewNotices(js jetstream.JetStream, replicas int, log *slog.Logger) *Notices {
	return &Notices{js: js, replicas: max(replicas, 1), log: log, wake: make(chan struct{}, 1)}
}

// Offer gives a checkpoint of so many records; one of fewer than was offered before counts for nothing. It does not wait. note must not be changed
// afterwards.
func (c *Notices) Offer(origin string, size int64, note []byte) {
	offered := &checkpoint{origin, size, note}
	for {
		newest := c.newest.Load()
		if newest != nil && newest.size > size {
			return
		}
		if c.newest.CompareAndSwap(newest, offered) {
			break
		}
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run publishes until ctx ends. While the broker is away it waits and tries again; the newest counts.
func (c *Notices) Run(ctx context.Context) {
	for pause, told := firstPause, false; ; {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
		err := c.put(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			pause, told = firstPause, false
			continue
		}
		if !told {
			c.log.Error("the checkpoints of the notary are not published over NATS for now", "error", err)
			told = true
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, longestPause)
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

func (c *Notices) put(ctx context.Context) error {
	newest := c.newest.Load()
	kv, err := c.js.KeyValue(ctx, NotaryBucket)
	if err != nil { // it is not there yet, or somebody has deleted it
		kv, err = c.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: NotaryBucket, Description: "The newest signed checkpoint of the log, by its origin", History: 1, Storage: jetstream.FileStorage, Replicas: c.replicas,
		})
	}
	if err == nil {
		_, err = kv.Put(ctx, newest.origin, newest.note)
	}
	if err != nil {
		return fmt.Errorf("put the checkpoint into bucket %s: %w", NotaryBucket, err)
	}
	return nil
}
