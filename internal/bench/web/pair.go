package web

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"jejak/internal/api"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
	"jejak/internal/client"
)

// pairSize is how much the two programs get in one turn.
type pairSize struct {
	pairs   int
	clients int // of single commands
	each    int // commands of each of them
	lanes   int // batches at a time
	lines   int // of a batch
	small   int // batches of smallBatch lines one after the other, of each lane
	rest    func(ctx context.Context, pid int) error
}

// smallBatch is how many commands a small batch has: what a ledger appends at once when nobody else sends to it.
const smallBatch = 64

// Pair lets two programs serve the same commands in turns and compares what processor time a command costs their servers: that of the whole
// process, user and system, from rest to rest, so that signing, rows and index are in it. first and second are paths of `jejak`, of any version.
func Pair(ctx context.Context, opt harness.Options, first, second string) ([]report.Table, error) {
	s := pairSize{pairs: opt.Rounds, clients: 256, each: 100, lanes: 8, lines: 5_000, small: 40, rest: serving.Rest}
	if s.pairs <= 0 {
		s.pairs = 7
	}
	return pair(ctx, opt, s, first, second)
}

func pair(ctx context.Context, opt harness.Options, s pairSize, programs ...string) (tables []report.Table, err error) {
	dir, err := os.MkdirTemp(opt.Dir, "jejak-bench-pair-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the servers: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	sides := make([]*paired, len(programs))
	for i, program := range programs {
		if sides[i], err = startPaired(ctx, program, filepath.Join(dir, fmt.Sprint(i))); err != nil {
			return nil, fmt.Errorf("%s: %w", program, err)
		}
		defer func() { err = errors.Join(err, sides[i].server.Stop()) }()
	}
	t := report.Table{
		Title:   "Processor time of a command, two programs in turns",
		Columns: []string{"load", "first, µs/command", "second, µs/command", "second : first"},
		Notes: []string{
			"First: " + programs[0] + ", second: " + programs[1] + ". Both serve new directories and get as many commands; who begins changes from pair to pair.",
			fmt.Sprintf("Medians of %d pairs with their spread; the ratio is the median of the pairs' ratios, with the least and the greatest. Processor time is that of the whole server, user and system, until it is at rest again.", s.pairs),
		},
	}
	for _, load := range s.loads() {
		spent := [2][]float64{}
		for k := range s.pairs + 1 { // the first is a warm-up
			for i := range sides {
				side := (i + k) % len(sides)
				progress(opt, "%s, pair %d of %d: %s", load.name, k, s.pairs, programs[side])
				cost, err := sides[side].cost(ctx, s, load)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", programs[side], load.name, err)
				}
				if k > 0 {
					spent[side] = append(spent[side], cost)
				}
			}
		}
		ratios := quotients(spent[1], spent[0])
		t.Rows = append(t.Rows, []string{load.name, spread(spent[0], "%.1f"), spread(spent[1], "%.1f"), spread(ratios, "%.3f")})
	}
	return []report.Table{t}, nil
}

// paired is one of the two servers.
type paired struct {
	server *serving.Server
	at     place
	client *client.Client
	maker  *maker
}

func startPaired(ctx context.Context, program, data string) (*paired, error) {
	server, err := serving.Start(ctx, program, data)
	if err != nil {
		return nil, err
	}
	tokens, err := enlist(ctx, server.URL, server.Token)
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	c, err := client.New(server.URL, client.Options{Connections: 16, Patience: -1})
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return &paired{server: server, at: place{Address: strings.TrimPrefix(server.URL, "http://"), Tokens: tokens}, client: c, maker: &maker{}}, nil
}

// pairLoad sends commands and returns how many.
type pairLoad struct {
	name string
	send func(ctx context.Context, p *paired) (int, error)
}

func (s pairSize) loads() []pairLoad {
	return []pairLoad{
		{fmt.Sprintf("single commands, %s", clientsWord(s.clients)), s.singles},
		{fmt.Sprintf("NDJSON batches of %d commands, %d at a time", s.lines, s.lanes), func(ctx context.Context, p *paired) (int, error) {
			return s.batches(ctx, p, 1, s.lines)
		}},
		{fmt.Sprintf("appends of %d: as many commands in a batch, one batch after the other, %d at a time", smallBatch, s.lanes), func(ctx context.Context, p *paired) (int, error) {
			return s.batches(ctx, p, s.small, smallBatch)
		}},
	}
}

// cost is the processor time of a command in microseconds.
func (p *paired) cost(ctx context.Context, s pairSize, load pairLoad) (float64, error) {
	if err := s.rest(ctx, p.server.PID); err != nil {
		return 0, err
	}
	before, _, err := serving.Process(p.server.PID)
	if err != nil {
		return 0, err
	}
	n, err := load.send(ctx, p)
	if err != nil {
		return 0, err
	}
	if err := s.rest(ctx, p.server.PID); err != nil {
		return 0, err
	}
	after, _, err := serving.Process(p.server.PID)
	return float64((after - before).Nanoseconds()) / float64(time.Microsecond) / float64(n), err
}

func (s pairSize) singles(ctx context.Context, p *paired) (int, error) {
	group, ctx := errgroup.WithContext(ctx)
	connect := httpClient(true)
	for i := range s.clients {
		do, conn, err := connect(p.at, p.maker, i)
		if err != nil {
			return 0, err
		}
		group.Go(func() (err error) {
			defer func() { err = errors.Join(err, conn.Close()) }()
			for range s.each {
				if err := errors.Join(ctx.Err(), do()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return s.clients * s.each, group.Wait()
}

// batches sends so many batches one after the other in every lane, each lane to a regency of its own.
func (s pairSize) batches(ctx context.Context, p *paired, batches, lines int) (int, error) {
	group, ctx := errgroup.WithContext(ctx)
	units := regencies()
	for i := range s.lanes {
		group.Go(func() error {
			var line, body []byte
			for range batches {
				body = body[:0]
				for range lines {
					line = p.maker.append(line, units[i%len(units)])
					body = append(append(body, line...), '\n')
				}
				var wrong error
				err := p.client.SendLines(ctx, p.at.token(i), body, func(a api.Answer, _ bool) {
					if wrong == nil && a.Result != api.Accepted && a.Result != api.AcceptedWithDiscrepancy {
						wrong = fmt.Errorf("line %d was answered %s: %+v", a.Line, a.Result, a.Errors)
					}
				})
				if err := errors.Join(err, wrong); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return s.lanes * batches * lines, group.Wait()
}
