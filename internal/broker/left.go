package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// leftEvery is how often it is looked who has left.
	leftEvery = 10 * time.Second
	// leftAfter is how long ago somebody without a connection must have been let in to count as one who has left. Who is let in has authTimeout to be connected;
	// who connects again and again need not be made everything anew each time.
	leftAfter = time.Minute
)

// watchLeft takes back what those had who have left. Every consumer takes some 25 KB of memory and four goroutines, and is looked at with each message of its area,
// whether anybody reads from it or not.
func (e *embedded) watchLeft(ctx context.Context) {
	var said time.Time
	e.watched.Go(func() {
		every(ctx, leftEvery, func(ctx context.Context) {
			err := e.takeBack(ctx, time.Now().Add(-leftAfter))
			if err != nil && ctx.Err() == nil && time.Since(said) >= sayEvery {
				said = time.Now()
				e.b.log.Warn("consumers of people who have left the feed are still there; it is tried again", "error", err)
			}
		})
	})
}

// takeBack takes back what those had who were let in before a time and have no connection.
func (e *embedded) takeBack(ctx context.Context, before time.Time) error {
	e.mu.Lock()
	ids := e.accounts.leavers(before)
	e.mu.Unlock()
	for _, id := range ids {
		if err := e.takeBackFrom(ctx, id, before); err != nil {
			return err
		}
	}
	return nil
}

func (e *embedded) takeBackFrom(ctx context.Context, id string, before time.Time) error {
	e.b.coming.Lock()
	defer e.b.coming.Unlock()
	e.mu.Lock()
	still := e.accounts.gone(id, before) // he may have come again
	e.mu.Unlock()
	if !still {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := e.b.removeUnread(ctx, id); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.accounts.left(id)
	return nil
}

// removeUnread removes the consumers which somebody will not miss: the lasting one if it has delivered nothing, since a new one begins where it does, and
// the one of the bucket, which is made anew at every connection. His slots NATS removes when they are idle.
func (b *Broker) removeUnread(ctx context.Context, id string) error {
	var unread []string // streams
	consumer, err := b.js.Consumer(ctx, Stream, id)
	switch {
	case err == nil && consumer.CachedInfo().Delivered.Consumer == 0:
		unread = append(unread, Stream)
	case err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound):
		return fmt.Errorf("look at consumer %s of the feed: %w", id, err)
	}
	return b.remove(ctx, append(unread, BucketStream), id)
}
