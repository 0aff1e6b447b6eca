package feed

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/projections/feed"
)

// watch notices that a stream lost what it may not lose, while publishing goes on and over any time in which nobody looked: what it knows is kept across
// sessions, and in the publisher's checkpoint across restarts.
type watch struct {
	known
	replicas int
	holes    int // messages that are missing between first and last
}

// known is what is remembered of a stream.
type known struct {
	Created  time.Time // when it was made; zero: nothing is known
	First    uint64    // sequence of the first message that was there when it was last looked at
	Samples  []sample
	MaxAge   time.Duration // limits under which it was looked at
	MaxBytes int64
}

// sample: at a time, the last message had a sequence, so every later one is younger.
type sample struct {
	At       time.Time
	Sequence uint64
}

// mostSamples bounds how many are kept over the longest age of a message.
const mostSamples = 1000

// beginning is the first sequence that a stream ever had.
func beginning(info *jetstream.StreamInfo) uint64 { return max(1, info.Config.FirstSeq) }

// begin takes up a stream. Of one that is not known it takes for granted only that it began when it was made: what is gone from it since is looked into.
func (w *watch) begin(info *jetstream.StreamInfo) {
	s := info.State
	if !w.Created.Equal(info.Created) {
		*w = watch{known: known{Created: info.Created, First: beginning(info), Samples: []sample{{info.Created, beginning(info) - 1}}}}
		if s.Msgs > 0 && s.LastTime.After(info.Created) {
			w.Samples = append(w.Samples, sample{s.LastTime, s.LastSeq - 1})
		}
	}
	w.replicas = info.Config.Replicas
}

// recall takes up what was known of the stream when a publisher ran here the last time.
func (p *Publisher) recall() {
	data, _ := p.cfg.Checkpoints.Checkpoint(checkpointName)
	var s saved
	if len(data) > 0 && gob.NewDecoder(bytes.NewReader(data)).Decode(&s) == nil {
		p.watch.known = s.Stream
	}
}

// sample remembers where the stream ends now, as often as the age of messages asks for.
func (w *watch) sample(sequence uint64, maxAge time.Duration) {
	now := time.Now()
	for len(w.Samples) > 1 && w.Samples[1].At.Before(now.Add(-maxAge)) {
		w.Samples = w.Samples[1:]
	}
	if n := len(w.Samples); n == 0 || now.Sub(w.Samples[n-1].At) >= maxAge/mostSamples {
		w.Samples = append(w.Samples, sample{now, sequence})
	}
}

// young tells whether a message is surely younger than an age.
func (w *watch) young(sequence uint64, age time.Duration) bool {
	since := time.Now().Add(-age)
	for _, s := range w.Samples {
		if s.At.After(since) {
			return sequence > s.Sequence
		}
	}
	return false
}

// look asks the broker whether the stream is still what it should be. idle: no message is under way.
func (p *Publisher) look(ctx context.Context, idle bool, progress time.Time) error {
	if !idle && time.Since(progress) > p.cfg.patience {
		return fmt.Errorf("%w for %v", errSilent, p.cfg.patience)
	}
	if conn := p.cfg.JetStream.Conn(); !conn.IsConnected() {
		return fmt.Errorf("the broker is not connected (%s)", conn.Status())
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.patience)
	defer cancel()
	s, err := p.cfg.JetStream.Stream(ctx, Stream)
	if err != nil {
		return fmt.Errorf("look for stream %s: %w", Stream, err)
	}
	if err := led(s); err != nil {
		return err
	}
	info, state := s.CachedInfo(), s.CachedInfo().State
	if !info.Created.Equal(p.watch.Created) || info.Config.Replicas != p.watch.replicas || state.LastSeq < p.lastSeq || idle && state.LastSeq != p.lastSeq && p.lastSeq > 0 {
		return errAgain
	}
	if state.Msgs == 0 && p.lastSeq > 0 && time.Since(p.lastAt) < p.cfg.MaxAge {
		return errAgain
	}
	if err := p.purged(ctx, s, info); err != nil {
		return err
	}
	if err := p.missing(ctx, s, state.NumDeleted); err != nil {
		return err
	}
	p.looked(info)
	if idle {
		if time.Since(p.keptAt) > knownEvery {
			p.keep()
		}
		p.settle(ctx)
	}
	return nil
}

// missing tells of messages that are missing between others: whoever was not told of them yet will not be, and nothing can be put between others. A
// rebuild brings them back, for everybody and as a replay; that is for somebody to decide. Until then, or until their neighbours have aged out, every
// start tells of them again, and the metric stands.
func (p *Publisher) missing(ctx context.Context, s jetstream.Stream, holes int) error {
	more := holes > p.watch.holes
	p.watch.holes = holes
	p.cfg.Metrics.FeedMissing(holes)
	if !more {
		return nil
	}
	p.cfg.Metrics.FeedFailed(ReasonLost)
	p.cfg.Log.Error("messages were deleted from the stream of the feed: those at its end are published again, those between others only by: jejak feed rebuild",
		"stream", Stream, "missing", holes, "first_after_position", p.beforeFirstHole(ctx, s))
	return errAgain
}

// beforeFirstHole is the position of the last message before the first that is missing: who goes by positions begins anew there. 0 if it cannot be told.
func (p *Publisher) beforeFirstHole(ctx context.Context, s jetstream.Stream) uint64 {
	info, err := s.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil || len(info.State.Deleted) == 0 {
		return 0
	}
	m, err := s.GetMsg(ctx, slices.Min(info.State.Deleted)-1)
	if err != nil {
		return 0
	}
	position, _ := strconv.ParseUint(m.Header.Get(feed.HeaderSequence), 10, 64) // what is none of the feed says nothing
	return position
}

// looked keeps how the stream is, now that nothing is found to be lost.
func (p *Publisher) looked(info *jetstream.StreamInfo) {
	p.watch.First = info.State.FirstSeq
	p.watch.MaxAge, p.watch.MaxBytes = limits(&info.Config)
	p.watch.sample(info.State.LastSeq, p.cfg.MaxAge)
}

// limits are those of a stream, the largest numbers for none.
func limits(c *jetstream.StreamConfig) (age time.Duration, bytes int64) {
	age, bytes = c.MaxAge, c.MaxBytes
	if age <= 0 {
		age = math.MaxInt64
	}
	if bytes <= 0 {
		bytes = math.MaxInt64
	}
	return age, bytes
}

// cutOff tells whether messages went from the stream's beginning by something else than its limits, the tightest of those that it is known to have had.
func (w *watch) cutOff(info *jetstream.StreamInfo) bool {
	const room = 2 << 20 // more than a message takes: what the limit of bytes leaves free
	first := info.State.FirstSeq
	if first <= w.First || info.State.Msgs == 0 {
		return false
	}
	age, most := limits(&info.Config)
	if w.MaxAge > 0 {
		age, most = min(age, w.MaxAge), min(most, w.MaxBytes)
	}
	return int64(info.State.Bytes) <= most-room && w.young(first-1, age)
}

// purged has the stream filled again when its beginning was cut off.
func (p *Publisher) purged(ctx context.Context, s jetstream.Stream, info *jetstream.StreamInfo) error {
	if p.anew || !p.watch.cutOff(info) {
		return nil
	}
	first := info.State.FirstSeq
	m, err := s.GetMsg(ctx, first)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return p.refill(ctx, damage{created: info.Created, first: first, messages: 1}) // unless it went meanwhile
	}
	if err != nil {
		return fmt.Errorf("read the first message of stream %s: %w", Stream, err)
	}
	begins, err := p.begins(ctx, m)
	if err != nil || begins {
		return err // another publisher fills it again, or one has
	}
	p.cfg.Metrics.FeedFailed(ReasonLost)
	p.cfg.Log.Error("the stream of the feed was purged: it is filled again from the log, marked as replay", "stream", Stream, "first_sequence", first)
	p.anew = true
	return errAgain
}

// begins tells whether the feed begins with a message: it took the place of all that was there, or is of the log's first record.
func (p *Publisher) begins(ctx context.Context, m *jetstream.RawStreamMsg) (bool, error) {
	if m.Header.Get(jetstream.MsgRollup) == jetstream.MsgRollupAll {
		return true, nil
	}
	first, found, err := p.next(ctx, 0)
	if err != nil {
		return false, storage(err)
	}
	position, err := strconv.ParseUint(m.Header.Get(feed.HeaderSequence), 10, 64)
	return found && err == nil && position == uint64(first.Position), nil
}

// settle takes back what was said of failures when everything is published.
func (p *Publisher) settle(ctx context.Context) {
	if len(p.waiting) == 0 && p.Trouble() == "" && p.Failing() == "" {
		return
	}
	if _, behind, err := p.next(ctx, p.Position()); err == nil && !behind {
		p.healthy()
		p.finish(true)
	}
}
