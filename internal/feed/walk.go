package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	walkBatch = 500
	// walkPause lies between two batches: 5,000 messages a second at most, so that nobody waits for the disk because of it.
	walkPause = 100 * time.Millisecond
	// walkApart lies between two walks for which there is a cause, walkEvery between two at all.
	walkApart = time.Minute
	walkEvery = 6 * time.Hour
)

// damage: messages of a stream that it counts as there, and hands out to nobody.
type damage struct {
	created  time.Time // of the stream
	first    uint64    // sequence of the first
	messages int
}

// walker walks through the stream at the beginning of a session, and now and then, until ctx ends. When bytes of a message were flipped on the disk, NATS
// passes over it without a word: neither the number of messages nor the number of those that are missing tells. So the stream is read as those read it who
// listen, and what does not come is lost. It tells a session, which has the stream filled again.
func (p *Publisher) walker(ctx context.Context) {
	for {
		d, err := p.walk(ctx)
		if err != nil && ctx.Err() == nil {
			p.cfg.Log.Debug("the stream of the feed cannot be looked through for now", "error", err)
		}
		if d.messages > 0 {
			select {
			case p.damaged <- d:
			case <-ctx.Done():
				return
			}
		}
		select { // what asked for a walk meanwhile asks for the next one
		case <-time.After(p.cfg.apart):
		case <-ctx.Done():
			return
		}
		select {
		case <-p.walks:
		case <-time.After(walkEvery):
		case <-ctx.Done():
			return
		}
	}
}

// wantWalk asks for a walk.
func (p *Publisher) wantWalk() {
	select {
	case p.walks <- struct{}{}:
	default:
	}
}

// walk reads through the stream from its first message to the last one that is there now.
func (p *Publisher) walk(ctx context.Context) (damage, error) {
	s, err := p.cfg.JetStream.Stream(ctx, Stream)
	if err != nil {
		return damage{}, fmt.Errorf("look through stream %s: %w", Stream, err)
	}
	begin := s.CachedInfo().State
	if begin.Msgs == 0 {
		return damage{}, nil
	}
	c, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Description: "looks for damage", AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true, MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return damage{}, fmt.Errorf("look through stream %s: %w", Stream, err)
	}
	var gaps []gap
	next := begin.FirstSeq
	for next <= begin.LastSeq {
		batch, err := c.FetchNoWait(walkBatch)
		if err != nil {
			return damage{}, fmt.Errorf("look through stream %s: %w", Stream, err)
		}
		n := 0
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return damage{}, fmt.Errorf("look through stream %s: %w", Stream, err)
			}
			n++
			if meta.Sequence.Stream > next {
				gaps = append(gaps, gap{next, min(meta.Sequence.Stream, begin.LastSeq+1)})
			}
			next = meta.Sequence.Stream + 1
		}
		if err := batch.Error(); err != nil {
			return damage{}, fmt.Errorf("look through stream %s: %w", Stream, err)
		}
		if n == 0 { // no more come
			gaps = append(gaps, gap{next, begin.LastSeq + 1})
			break
		}
		select {
		case <-time.After(walkPause):
		case <-ctx.Done():
			return damage{}, ctx.Err()
		}
	}
	if len(gaps) == 0 {
		return damage{}, nil
	}
	return p.unread(ctx, gaps)
}

// gap are the sequences from one up to another that did not come.
type gap struct{ from, to uint64 }

// unread counts what did not come although the stream says that it is there: neither gone by its limits meanwhile, nor deleted, and it cannot be read by its
// sequence either.
func (p *Publisher) unread(ctx context.Context, gaps []gap) (damage, error) {
	s, err := p.cfg.JetStream.Stream(ctx, Stream)
	if err == nil {
		_, err = s.Info(ctx, jetstream.WithDeletedDetails(true))
	}
	if err != nil {
		return damage{}, fmt.Errorf("look through stream %s: %w", Stream, err)
	}
	state := s.CachedInfo().State
	d := damage{created: s.CachedInfo().Created}
	deleted := make(map[uint64]bool, len(state.Deleted))
	for _, sequence := range state.Deleted {
		deleted[sequence] = true
	}
	for _, g := range gaps {
		for sequence := max(g.from, state.FirstSeq); sequence < g.to; sequence++ {
			if deleted[sequence] {
				continue
			}
			if d.messages == 0 {
				if _, err := s.GetMsg(ctx, sequence); err == nil {
					continue // it came into the stream meanwhile
				}
				d.first = sequence
			}
			d.messages++
		}
	}
	return d, nil
}

// refill has the stream filled again because of damage, unless that has been done since.
func (p *Publisher) refill(ctx context.Context, d damage) error {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.patience)
	defer cancel()
	s, err := p.cfg.JetStream.Stream(ctx, Stream)
	if err != nil {
		p.wantWalk() // it finds it again
		return fmt.Errorf("look for stream %s: %w", Stream, err)
	}
	if info := s.CachedInfo(); p.anew || p.torn || !info.Created.Equal(d.created) || info.State.FirstSeq > d.first {
		return nil
	}
	p.cfg.Metrics.FeedMissing(d.messages)
	p.cfg.Metrics.FeedFailed(ReasonLost)
	p.cfg.Log.Error("messages of the stream of the feed can no longer be read, its files are damaged: it is emptied and filled again from the log, marked as replay",
		"stream", Stream, "missing", d.messages, "first_sequence", d.first)
	p.torn = true // a message that takes the place of all leaves what cannot be read where it is
	return errAgain
}

// leap is how far a stream whose files are damaged is led past every sequence that it can have had.
const leap = 1 << 32

// contradicted has a stream filled again that takes messages only after a sequence which it does not have, by what it says of itself: the files of its end
// are damaged, and NATS finds no way out of that by itself.
func (p *Publisher) contradicted(err error) {
	var f *fenced
	if !errors.As(err, &f) || f.last <= p.ends || p.torn {
		return
	}
	p.cfg.Metrics.FeedFailed(ReasonLost)
	p.cfg.Log.Error("the stream of the feed contradicts itself about its end, its files are damaged: it is emptied and filled again from the log, marked as replay",
		"stream", Stream, "ends_at", p.ends, "takes_after", f.last)
	p.torn = true
}

// emptied empties a stream that is torn, and leads it past every sequence that it can have had, so that its parts agree again. Its consumers stay.
func (p *Publisher) emptied(ctx context.Context, s jetstream.Stream) error {
	if err := s.Purge(ctx, jetstream.WithPurgeSequence(s.CachedInfo().State.LastSeq+leap)); err != nil {
		return fmt.Errorf("empty stream %s: %w", Stream, err)
	}
	p.torn = false
	return errAgain
}
