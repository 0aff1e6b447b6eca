package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"jejak/eventstore"
	"jejak/internal/journal"
)

// session publishes until something goes wrong: it reads where the stream ends and goes on from there.
func (p *Publisher) session(ctx context.Context) error {
	if conn := p.cfg.JetStream.Conn(); !conn.IsConnected() {
		return fmt.Errorf("the broker is not connected (%s)", conn.Status())
	}
	asking, cancel := context.WithTimeout(ctx, p.cfg.patience)
	defer cancel()
	s, err := p.stream(asking)
	if err != nil {
		return err
	}
	if p.torn {
		return p.emptied(asking, s)
	}
	p.wantWalk()
	e, err := readEnd(asking, s)
	var foreign *stop
	if err != nil && !(p.anew && errors.As(err, &foreign)) { // what is to be replaced need not be understood
		return err
	}
	p.ends = e.sequence
	if !p.anew && len(e.held) > 0 {
		if p.anew, err = p.mended(asking, e.held); err != nil {
			return err
		}
	}
	e.another = !p.watch.Created.IsZero() && !p.watch.Created.Equal(s.CachedInfo().Created)
	rollup, err := p.align(ctx, &e)
	if err != nil {
		return err
	}
	if p.anew && p.horizon == 0 { // there is nothing to take the place of what is there
		if err := s.Purge(asking); err != nil {
			return fmt.Errorf("empty stream %s: %w", Stream, err)
		}
		p.anew = false
		return errAgain
	}
	p.watch.begin(s.CachedInfo())
	if err := p.purged(asking, s, s.CachedInfo()); err != nil {
		return err
	}
	p.looked(s.CachedInfo())
	out, err := newPipe(p.cfg.JetStream.Conn(), &e, s.CachedInfo().Config.Replicas == 1, rollup)
	if err != nil {
		return err
	}
	defer out.close()
	if !e.empty && !p.anew {
		p.lastSeq, p.lastAt = e.sequence, s.CachedInfo().State.LastTime
	}
	return p.follow(ctx, out)
}

// arrival is a record that came from the log, or why none comes any more.
type arrival struct {
	eventstore.Record
	err error
}

// pump hands records on until something ends it; that is the last it hands on.
func pump(ctx context.Context, sub eventstore.Subscription, out chan<- arrival) {
	for {
		rec, err := sub.Next(ctx)
		select {
		case out <- arrival{rec, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// follow reads the log and publishes.
func (p *Publisher) follow(ctx context.Context, out *pipe) error {
	reading, stop := context.WithCancel(ctx)
	sub, err := p.cfg.Store.Subscribe(reading, p.folded.Position, eventstore.Filter{StreamPrefix: journal.LedgerPrefix})
	if err != nil {
		stop()
		return storage(err)
	}
	records := make(chan arrival, 64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		pump(reading, sub, records)
	}()
	defer func() {
		stop()
		<-done
		_ = sub.Close() // only read from
	}()

	tick := time.NewTicker(p.cfg.look)
	defer tick.Stop()
	var (
		sent     int   // of pending
		halt     error // why no more records are taken
		progress = time.Now()
	)
	for {
		for ; sent < len(p.pending); sent++ {
			if err := out.send(&p.pending[sent], uint64(p.horizon), heldBefore(p.held, p.pending[sent].position)); err != nil {
				return err
			}
			if sent == 0 {
				progress = time.Now()
			}
			p.onSent()
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if sent == 0 {
			if halt != nil {
				return halt
			}
			if p.since > checkpointEvery {
				p.keep()
			}
		}
		in := records
		if halt != nil || len(p.pending) >= window || p.bytes >= windowBytes || sent > 0 && p.since > checkpointEvery {
			in = nil
		}
		select {
		case rec := <-in:
			if rec.err != nil {
				halt = storage(rec.err)
			} else {
				halt = p.take(&rec.Record)
			}
		case m := <-out.answers:
			gone, err := p.acknowledged(out, m)
			if err != nil {
				return err
			}
			if gone > 0 {
				sent, progress = sent-gone, time.Now()
			}
		case <-tick.C:
			if err := p.look(ctx, sent == 0, progress); err != nil {
				return err
			}
		case r := <-p.rebuilds:
			p.begin(r)
			return errAgain
		case d := <-p.damaged:
			if err := p.refill(ctx, d); err != nil {
				return err
			}
		case <-ctx.Done():
			p.drain(out, sent)
			return ctx.Err()
		}
	}
}

func storage(err error) error {
	if errors.Is(err, eventstore.ErrClosed) {
		return err
	}
	return &stop{ReasonStorage, false, fmt.Errorf("follow the log: %w", err)}
}

// acknowledged takes an answer of the broker, and returns how many messages are no longer pending.
func (p *Publisher) acknowledged(out *pipe, answer *nats.Msg) (gone int, err error) {
	sequence, err := out.answer(answer)
	i := slices.IndexFunc(p.pending, func(x entry) bool { return x.sequence == sequence })
	if err != nil {
		return 0, err
	}
	if i < 0 {
		return 0, nil
	}
	x := &p.pending[i]
	x.acked = true
	p.cfg.Metrics.FeedPublished(x.position <= p.horizon)
	for gone < len(p.pending) && p.pending[gone].acked {
		p.lastSeq = p.pending[gone].sequence
		gone++
	}
	if gone > 0 {
		p.anew = false
		p.lastAt = time.Now()
		p.passed(gone)
		p.healthy()
		p.finish(p.position.Load() >= uint64(p.horizon))
	}
	if p.cfg.acked != nil {
		p.cfg.acked()
	}
	return gone, nil
}

func (p *Publisher) onSent() {
	if p.cfg.sent != nil {
		p.cfg.sent()
	}
}

// drain waits a moment for what is under way, so that the next start need not find out.
func (p *Publisher) drain(out *pipe, sent int) {
	limit := time.After(time.Second)
	for sent > 0 {
		select {
		case m := <-out.answers:
			gone, err := p.acknowledged(out, m)
			if err != nil {
				return
			}
			sent -= gone
		case <-limit:
			return
		}
	}
}
