package feed

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/projections/feed"
)

// watch notices that a stream lost what it may not lose, while publishing goes on.
type watch struct {
	created  time.Time
	replicas int
	first    uint64 // sequence of the first message, as last seen
	holes    int    // messages that are missing between first and last
	samples  []sample
}

// sample: at a time, the last message had a sequence, so every later one is younger.
type sample struct {
	at       time.Time
	sequence uint64
}

// mostSamples bounds how many are kept over the longest age of a message.
const mostSamples = 1000

func (w *watch) begin(info *jetstream.StreamInfo) {
	if !w.created.Equal(info.Created) {
		*w = watch{created: info.Created}
	}
	s := info.State
	w.replicas = info.Config.Replicas
	w.first = s.FirstSeq
	w.samples = nil
	if s.Msgs > 0 {
		w.samples = append(w.samples, sample{s.LastTime, s.LastSeq - 1})
	}
	w.samples = append(w.samples, sample{time.Now(), s.LastSeq})
}

// sample remembers where the stream ends now, as often as the age of messages asks for.
func (w *watch) sample(sequence uint64, maxAge time.Duration) {
	now := time.Now()
	for len(w.samples) > 1 && w.samples[1].at.Before(now.Add(-maxAge)) {
		w.samples = w.samples[1:]
	}
	if n := len(w.samples); n == 0 || now.Sub(w.samples[n-1].at) >= maxAge/mostSamples {
		w.samples = append(w.samples, sample{now, sequence})
	}
}

// young tells whether a message is surely younger than an age.
func (w *watch) young(sequence uint64, age time.Duration) bool {
	since := time.Now().Add(-age)
	for _, s := range w.samples {
		if s.at.After(since) {
			return sequence > s.sequence
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
	if !info.Created.Equal(p.watch.created) || info.Config.Replicas != p.watch.replicas || state.LastSeq < p.lastSeq || idle && state.LastSeq != p.lastSeq && p.lastSeq > 0 {
		return errAgain
	}
	if state.Msgs == 0 && p.lastSeq > 0 && time.Since(p.lastAt) < p.cfg.MaxAge {
		return errAgain
	}
	if err := p.purged(ctx, s, info); err != nil {
		return err
	}
	if err := p.missing(state.NumDeleted); err != nil {
		return err
	}
	p.watch.first = state.FirstSeq
	p.watch.sample(state.LastSeq, p.cfg.MaxAge)
	if idle {
		p.settle(ctx)
	}
	return nil
}

// missing tells of messages that are missing between others: whoever was not told of them yet will not be, and nothing can be put between others. A
// rebuild brings them back, for everybody and as a replay; that is for somebody to decide. Until then, or until their neighbours have aged out, every
// start tells of them again, and the metric stands.
func (p *Publisher) missing(holes int) error {
	more := holes > p.watch.holes
	p.watch.holes = holes
	p.cfg.Metrics.FeedMissing(holes)
	if !more {
		return nil
	}
	p.cfg.Metrics.FeedFailed(ReasonLost)
	p.cfg.Log.Error("messages were deleted from the stream of the feed: those at its end are published again, those between others only by: jejak feed rebuild",
		"stream", Stream, "missing", holes)
	return errAgain
}

// purged has the stream filled again when its beginning went by something else than its limits.
func (p *Publisher) purged(ctx context.Context, s jetstream.Stream, info *jetstream.StreamInfo) error {
	const room = 2 << 20 // more than a message takes: what the limit of bytes leaves free
	first := info.State.FirstSeq
	full := info.Config.MaxBytes > 0 && int64(info.State.Bytes)+room > info.Config.MaxBytes
	if first <= p.watch.first || info.State.Msgs == 0 || full || p.anew || !p.watch.young(first-1, p.cfg.MaxAge) {
		return nil
	}
	m, err := s.GetMsg(ctx, first)
	if err != nil {
		return fmt.Errorf("read the first message of stream %s: %w", Stream, err)
	}
	begins, found, err := p.next(ctx, 0)
	if err != nil {
		return storage(err)
	}
	if found && m.Header.Get(feed.HeaderSequence) == strconv.FormatUint(uint64(begins.Position), 10) {
		p.watch.first = first // another publisher fills it again
		return nil
	}
	p.cfg.Metrics.FeedFailed(ReasonLost)
	p.cfg.Log.Error("the stream of the feed was purged: it is filled again from the log, marked as replay", "stream", Stream, "first_sequence", first)
	p.anew = true
	return errAgain
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
