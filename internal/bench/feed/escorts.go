package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/internal/api"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
)

// clients send commands at once where throughput is measured.
const clients = 64

// shipment is one that an escort follows.
type shipment struct {
	id, unit string
	operator person // of the unit
	escort   person // of the police unit
}

// escorts measures a server whose every shipment is followed by an escort of its own.
func escorts(ctx context.Context, opt harness.Options, s size, h *house) (t report.Table, err error) {
	t = report.Table{
		Title: fmt.Sprintf("%d escorts, each with a token, a connection and a consumer of the one shipment that he follows", s.escorts),
		Columns: []string{"escorts", "commands/s", "with : without", "server's processor time per command us", "at rest after s", "memory MiB", "peak until then MiB", "connected in s", "answered -> seen p50 ms", "p99 ms",
			"last answer -> last seen ms"},
		Notes: []string{
			"A command is shipment.report_checkpoint, of one shipment after the other; each is seen by the one escort who follows it, pulled and acknowledged. The consumers are made with POST /v1/feed/consumers, in memory as jejak watch has them made.",
			fmt.Sprintf("Seen is measured in a wave of one command per shipment. Commands/s: %d clients as fast as they are answered, median of %d rounds; the ratio is to the mean of before and after.", clients, s.rounds),
			"Processor time counts until the server is at rest again: what commands leave to be done is theirs. At rest: how long after the last answer that was. Each round begins at rest.",
			fmt.Sprintf("After: the server has been given %s in which to see that they have left.", s.leave),
			"Clients and escorts share one process and the machine's processors with the server.",
		},
	}
	progress(opt, "plan %d shipments", s.escorts)
	list, err := plan(ctx, h, s.escorts)
	if err != nil {
		return t, fmt.Errorf("plan the shipments: %w", err)
	}
	row := func(who string, of effort) ([]string, error) {
		_, now, err := serving.Process(h.PID)
		if err != nil {
			return nil, err
		}
		peak, err := serving.Peak(h.PID)
		return []string{who, fmt.Sprintf("%.0f", of.rate), "", fmt.Sprintf("%.0f", of.micros), fmt.Sprintf("%.1f", of.rest), fmt.Sprint(now >> 20), fmt.Sprint(peak >> 20), "", "", "", ""}, err
	}
	measured := func(who string) (effort, error) {
		var rates, micros, rests []float64
		for round := range s.rounds {
			progress(opt, "%s escorts, round %d of %d", who, round+1, s.rounds)
			e, err := spent(ctx, h, list, s.d)
			if err != nil {
				return e, fmt.Errorf("%s escorts: %w", who, err)
			}
			rates, micros, rests = append(rates, e.rate), append(micros, e.micros), append(rests, e.rest)
		}
		return effort{harness.Median(rates), harness.Median(micros), harness.Median(rests)}, nil
	}
	if _, err := spent(ctx, h, list, s.d/3); err != nil { // warm up
		return t, err
	}
	before, err := measured("none")
	if err != nil {
		return t, err
	}
	first, err := row("none, before", before)
	if err != nil {
		return t, err
	}
	came := newSeen()
	began := time.Now()
	crowd, err := follow(ctx, h, list, came)
	defer crowd.leave()
	if err != nil {
		return t, err
	}
	connected := time.Since(began)
	acts, err := wave(ctx, h, list)
	if err == nil {
		err = came.await(ctx, acts)
	}
	if err != nil {
		return t, fmt.Errorf("one command per shipment: %w", err)
	}
	lastAnswer := time.Time{}
	for _, a := range acts {
		if a.answered.After(lastAnswer) {
			lastAnswer = a.answered
		}
	}
	times, lastSeen := came.since(acts, answered), came.last
	if err := serving.Rest(ctx, h.PID); err != nil {
		return t, err
	}
	with, err := measured(fmt.Sprint(s.escorts))
	if err != nil {
		return t, err
	}
	second, err := row(fmt.Sprint(s.escorts), with)
	if err != nil {
		return t, err
	}
	if err := crowd.trouble(); err != nil {
		return t, err
	}
	crowd.leave()
	progress(opt, "%s for the server to see that they have left", s.leave)
	time.Sleep(s.leave)
	after, err := measured("no more")
	if err != nil {
		return t, err
	}
	third, err := row("none, after", after)
	if err != nil {
		return t, err
	}
	second[2] = fmt.Sprintf("%.2f", with.rate/((before.rate+after.rate)/2))
	second[7] = fmt.Sprintf("%.1f", connected.Seconds())
	second[8], second[9] = fmt.Sprintf("%.2f", quantile(times, 0.5)), fmt.Sprintf("%.2f", quantile(times, 0.99))
	second[10] = fmt.Sprintf("%.2f", float64(lastSeen.Sub(lastAnswer).Microseconds())/1000)
	t.Rows = [][]string{first, second, third}
	return t, nil
}

// plan makes shipments and whoever has to do with them: an operator of each regency plans, and asks the police unit there.
func plan(ctx context.Context, h *house, n int) ([]shipment, error) {
	var users []api.NewUser
	for k := range serving.Regencies {
		users = append(users, api.NewUser{Role: "operator", Scope: serving.Regency(k)})
	}
	for k := range n {
		users = append(users, api.NewUser{Role: "escort", Scope: "P" + serving.Regency(k) + "A"})
	}
	people, err := h.add(ctx, users)
	if err != nil {
		return nil, err
	}
	list := make([]shipment, n)
	for k := range list {
		unit := serving.Regency(k)
		list[k] = shipment{id: fmt.Sprintf("SHP-%s-B%d", unit, k+1), unit: unit, operator: people[k%serving.Regencies], escort: people[serving.Regencies+k]}
	}
	return list, each(clients, list, func(s *shipment) error {
		_, err := h.send(ctx, s.operator.Token, s.unit, "shipment.plan",
			fmt.Sprintf(`{"shipment":%q,"leg":"L2","from":%q,"to":%q,"boxes":[],"kits":[],"lines":[{"item":"glue","quantity":1}]}`, s.id, s.unit, s.unit+"01"))
		if err == nil {
			_, err = h.send(ctx, s.operator.Token, s.unit, "shipment.assign_escort", fmt.Sprintf(`{"shipment":%q,"police_unit":%q,"order_no":"SPRIN-1"}`, s.id, "P"+s.unit+"A"))
		}
		return err
	})
}

// pass tells that a shipment passed somewhere.
func (h *house) pass(ctx context.Context, s *shipment) (event string, err error) {
	return h.send(ctx, s.operator.Token, s.unit, "shipment.report_checkpoint", fmt.Sprintf(`{"shipment":%q,"place":"Pos 1"}`, s.id))
}

// wave sends one command per shipment.
func wave(ctx context.Context, h *house, list []shipment) ([]act, error) {
	acts := make([]act, len(list))
	var next atomic.Int64
	return acts, each(clients, list, func(s *shipment) error {
		a := &acts[next.Add(1)-1]
		a.due = time.Now()
		event, err := h.pass(ctx, s)
		a.answered, a.event = time.Now(), event
		return err
	})
}

// crowd is the escorts who follow.
type crowd struct {
	mu    sync.Mutex
	conns []*nats.Conn
	stops []jetstream.ConsumeContext
	errs  []error
}

// follow lets each escort follow his shipment from now on, as docs/feed.md says.
func follow(ctx context.Context, h *house, list []shipment, came *seen) (*crowd, error) {
	var c crowd
	return &c, each(clients, list, func(s *shipment) error {
		var made api.FeedConsumer
		if err := h.client.Post(ctx, s.escort.Token, "/v1/feed/consumers", api.FeedQuery{Shipment: s.id, Since: "last", InMemory: true}, &made); err != nil {
			return fmt.Errorf("ask for a consumer: %w", err)
		}
		conn, err := s.escort.connect(h.Server)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
		js, err := jetstream.New(conn)
		if err != nil {
			return err
		}
		consumer, err := js.Consumer(ctx, made.Stream, made.Consumer)
		if err != nil {
			return fmt.Errorf("find consumer %s: %w", made.Consumer, err)
		}
		stop, err := consumer.Consume(func(m jetstream.Msg) {
			came.note(m.Headers().Get("ce-id"))
			c.failed(m.Ack())
		}, jetstream.PullMaxMessages(100), jetstream.PullExpiry(30*time.Second))
		if err != nil {
			return fmt.Errorf("take messages from %s: %w", made.Consumer, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.stops = append(c.stops, stop)
		return nil
	})
}

func (c *crowd) failed(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// trouble is what went wrong while they followed, the first of it.
func (c *crowd) trouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errs) > 0 {
		return fmt.Errorf("%d acknowledgements failed: %w", len(c.errs), c.errs[0])
	}
	return nil
}

// leave cuts all connections.
func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, stop := range c.stops {
		stop.Stop()
	}
	for _, conn := range c.conns {
		conn.Close()
	}
	c.stops, c.conns = nil, nil
}

// each does something for every element, some at once. After the first error of one of those the others end what they are at.
func each[T any](atOnce int, list []T, do func(*T) error) error {
	var next atomic.Int64
	errs := make([]error, atOnce)
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= len(list) {
					return
				}
				if errs[i] = do(&list[k]); errs[i] != nil {
					next.Store(int64(len(list)))
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
