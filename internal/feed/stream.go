package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/projections/feed"
)

// duplicates is the broker's smallest window. Every publish says which message it follows, so the broker need not know ids to keep them single, and
// while it does, what is published again after a loss would be taken for a duplicate and dropped.
const duplicates = 100 * time.Millisecond

// maxConsumers is how many consumers the stream may have where its administrator has not said: everyone who may hear it has a lasting one, and NATS would
// stop at 1,000.
const maxConsumers = 100_000

// ours puts into a stream's configuration what the feed needs; what else is in it is the administrator's.
func (p *Publisher) ours(c *jetstream.StreamConfig) {
	c.Discard, c.Duplicates, c.AllowRollup = jetstream.DiscardOld, duplicates, true
	c.Replicas, c.MaxAge, c.MaxBytes = p.cfg.Replicas, p.cfg.MaxAge, p.cfg.MaxBytes
	c.MaxMsgs, c.MaxMsgsPerSubject, c.MaxMsgSize, c.NoAck = -1, -1, -1, false
	if c.MaxConsumers <= 0 {
		c.MaxConsumers = maxConsumers
	}
}

// stream returns the stream as it is, having made or migrated it and the bucket.
func (p *Publisher) stream(ctx context.Context) (jetstream.Stream, error) {
	s, err := p.cfg.JetStream.Stream(ctx, Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return p.create(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("look for stream %s: %w", Stream, err)
	}
	if err := led(s); err != nil {
		return nil, err
	}
	have := s.CachedInfo().Config
	if wrong := unusable(&have); len(wrong) > 0 {
		return nil, &stop{ReasonStream, true, fmt.Errorf("stream %s of the broker cannot carry the feed: %s: delete it or rename it there (nats stream rm %s); "+
			"the feed is then published anew from the log", Stream, strings.Join(wrong, "; "), Stream)}
	}
	if p.migrated {
		return s, nil
	}
	want := have
	p.ours(&want)
	if s, err = p.cfg.JetStream.UpdateStream(ctx, want); err != nil {
		return nil, p.refused("change", "stream "+Stream, err)
	}
	if err := p.bucket(ctx); err != nil {
		return nil, err
	}
	p.migrated = true
	return s, nil
}

// led refuses what a cluster says of a stream that has no leader now: it would look empty.
func led(s jetstream.Stream) error {
	if c := s.CachedInfo().Cluster; c != nil && c.Leader == "" {
		return fmt.Errorf("stream %s has no leader at present: more than half of its %d replicas must run", Stream, s.CachedInfo().Config.Replicas)
	}
	return nil
}

func (p *Publisher) create(ctx context.Context) (jetstream.Stream, error) {
	c := jetstream.StreamConfig{
		Name: Stream, Description: "The event feed of Jejak, made from its log", Subjects: []string{feed.Subjects},
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage,
	}
	p.ours(&c)
	if c.Replicas > 1 {
		c.FirstSeq = firstSequence(time.Now())
	}
	s, err := p.cfg.JetStream.CreateStream(ctx, c)
	if err != nil {
		return nil, p.refused("make", "stream "+Stream, err)
	}
	if err := p.bucket(ctx); err != nil {
		return nil, err
	}
	p.migrated = true
	return s, nil
}

// firstSequence is where a stream begins that servers keep together: the microsecond in which it is made. A stream that is made anew then never
// comes to a sequence of the former one, so that no message which was meant to follow one there is taken here. It is exact in JSON until the year 2255.
func firstSequence(made time.Time) uint64 { return uint64(made.UnixMicro()) }

// refused explains why the broker did not take the configuration. What it says about itself only may pass by; what it says about the configuration
// does not.
func (p *Publisher) refused(what, which string, err error) error {
	var api *jetstream.APIError
	lasting := errors.As(err, &api) && api.Code != 503
	return &stop{ReasonStream, lasting, fmt.Errorf("%s %s with %d replicas (the stream with at most %d bytes and %v of age): %w: "+
		"the broker must have as many servers as replicas (--nats-replicas) and room for the bytes (--nats-max-bytes)", what, which, p.cfg.Replicas, p.cfg.MaxBytes, p.cfg.MaxAge, err)}
}

// unusable lists what the feed may not change in a stream that is there already.
func unusable(c *jetstream.StreamConfig) []string {
	var wrong []string
	bad := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	bad(!slices.Equal(c.Subjects, []string{feed.Subjects}), "its subjects are %v, not %s", c.Subjects, feed.Subjects)
	bad(c.Storage != jetstream.FileStorage, "its storage is %v, not file", c.Storage)
	bad(c.Retention != jetstream.LimitsPolicy, "its retention is %v, not limits", c.Retention)
	bad(c.Sealed, "it is sealed")
	bad(c.DenyPurge, "it denies purging, which a rebuild of the feed needs")
	bad(c.Mirror != nil || len(c.Sources) > 0, "it is filled from other streams")
	bad(c.SubjectTransform != nil, "it changes subjects")
	return wrong
}

// bucket makes or migrates the bucket.
func (p *Publisher) bucket(ctx context.Context) error {
	_, err := p.cfg.JetStream.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: Bucket, Description: "The latest row of every unit, as over HTTP", History: 1, Storage: jetstream.FileStorage, Replicas: p.cfg.Replicas,
	})
	if err != nil {
		return p.refused("make or change", "bucket "+Bucket, err)
	}
	return nil
}
