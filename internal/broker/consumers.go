package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Limits of the consumers that people are given.
const (
	maxAckPending  = 1000
	maxWaiting     = 16               // pulls of one consumer that wait
	maxBatch       = 1000             // messages of one pull: what NATS.Net asks for unless told otherwise; as many are out at once
	maxPull        = 1 << 20          // bytes of one pull
	maxPullWait    = 60 * time.Second // below the two minutes for which NATS remembers who asked from another account
	ackWait        = 30 * time.Second
	statusIdle     = 24 * time.Hour
	slotIdle       = 10 * time.Minute
	describeFeed   = "made by Jejak at the connection of its user; kept while he is away"
	describeStatus = "made anew by Jejak at every connection of its user"
	describeSlot   = "made by Jejak at POST /v1/feed/consumers"
)

// feedConsumer is a consumer of the feed: pulled, acknowledged one by one, so that nothing is missed. Who may hear everything has no filter: the stream
// has nothing else, and to count what matches one that takes all, NATS walks over every subject under the stream's lock, while publishing waits.
func feedConsumer(subjects []string) jetstream.ConsumerConfig {
	if slices.ContainsFunc(subjects, func(s string) bool { return s == allEvents || s == allAreas }) {
		subjects = nil
	}
	return jetstream.ConsumerConfig{
		FilterSubjects: subjects, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, DeliverPolicy: jetstream.DeliverAllPolicy,
		MaxAckPending: maxAckPending, MaxWaiting: maxWaiting, MaxRequestBatch: maxBatch, MaxRequestMaxBytes: maxPull, MaxRequestExpires: maxPullWait,
	}
}

// statusConsumer is a consumer of the bucket: first the latest of every key, then what changes.
func statusConsumer(id string, keys []string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Name: id, Description: describeStatus, FilterSubjects: keys, AckPolicy: jetstream.AckNonePolicy,
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, MemoryStorage: true, InactiveThreshold: statusIdle,
		MaxWaiting: maxWaiting, MaxRequestBatch: maxBatch, MaxRequestMaxBytes: maxPull, MaxRequestExpires: maxPullWait,
	}
}

// feedConsumer is one as this broker is configured.
func (b *Broker) feedConsumer(subjects []string) jetstream.ConsumerConfig {
	cfg := feedConsumer(subjects)
	cfg.AckWait = cmp.Or(b.cfg.ackWait, cfg.AckWait)
	return cfg
}

// ensure sees to the consumers of somebody who connects. The one of the feed goes on where he left off; the one of the bucket begins anew, so
// that who comes late has the whole picture. ErrNotReady while there is nothing to consume.
func (b *Broker) ensure(ctx context.Context, id string, g Grant) error {
	if len(g.Events) > 0 {
		cfg := b.feedConsumer(g.Events)
		cfg.Durable, cfg.Description = id, describeFeed
		if _, err := b.js.CreateOrUpdateConsumer(ctx, Stream, cfg); err != nil {
			return fmt.Errorf("make consumer %s of the feed: %w", id, readiness(err))
		}
	}
	if len(g.Status) > 0 {
		if err := b.js.DeleteConsumer(ctx, BucketStream, id); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("remove the former consumer %s of the bucket: %w", id, readiness(err))
		}
		if _, err := b.js.CreateOrUpdateConsumer(ctx, BucketStream, statusConsumer(id, g.Status)); err != nil {
			return fmt.Errorf("make consumer %s of the bucket: %w", id, readiness(err))
		}
	}
	return nil
}

// readiness tells a feed that is not made yet from other failures.
func readiness(err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return ErrNotReady
	}
	return err
}

// forget removes all consumers of somebody who may not come again.
func (b *Broker) forget(ctx context.Context, id string) error {
	var errs []error
	for _, name := range Consumers(id) {
		errs = append(errs, b.remove(ctx, []string{Stream}, name))
	}
	return errors.Join(append(errs, b.remove(ctx, []string{BucketStream}, id))...)
}

// remove removes a consumer of these streams, if it is there.
func (b *Broker) remove(ctx context.Context, streams []string, name string) error {
	var errs []error
	for _, stream := range streams {
		err := b.js.DeleteConsumer(ctx, stream, name)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound) {
			errs = append(errs, fmt.Errorf("remove consumer %s of %s: %w", name, stream, err))
		}
	}
	return errors.Join(errs...)
}
