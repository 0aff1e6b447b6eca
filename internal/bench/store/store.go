// Package store measures the log alone: durable appends and a scan, of Jejak's embedded engine and of what might be used in its place.
//
// All contenders get the same bytes, each writer its own stream, one append after the other. In every round one after the other is driven,
// in a turning order, so that what else the machine does hits them alike. Nothing is answered before it is on the disk.
package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

// Section measures the store alone.
var Section = harness.Section{Name: "store", Title: "The store alone", Run: run}

// contender is a log. append makes n events of the writer's stream durable before it returns; calls of different writers come at once.
type contender struct {
	name    string
	durable string // how it is known that what is answered is on the disk
	open    func(ctx context.Context, dir string, writers int) (appender, error)
	writers int // at most, 0 any
}

type appender interface {
	append(ctx context.Context, writer, n int) error
	close() error
}

var contenders = []contender{
	{"Jejak, sqlite engine", "synchronous=FULL, write-ahead log synced before the answer", openJejak, 0},
	{"ideal: one writer of a plain file, group commit", "fdatasync before the answers", openIdeal, 0},
	{"write + fdatasync, one at a time", "fdatasync after each write", openRaw, 1},
	{"SQLite, one transaction an append", "synchronous=FULL, write-ahead log", openPlain, 0},
	{"JetStream, embedded, expected sequence", "file storage, sync always", openJetStream, 0},
	{"PostgreSQL with message-db, expected version", "fsync=on, synchronous_commit=on", openMessageDB, 0},
}

// plan of a comparison.
type plan struct {
	rounds  int
	d       time.Duration // of one contender in one round
	writers []int
}

func planOf(opt harness.Options) plan {
	p := plan{opt.Rounds, 2 * time.Second, []int{1, 16, 64, 256, 1024}}
	if opt.Quick {
		p.d, p.writers = 300*time.Millisecond, []int{1, 256}
	}
	if p.rounds <= 0 {
		p.rounds = 5
		if opt.Quick {
			p.rounds = 3
		}
	}
	return p
}

func run(ctx context.Context, opt harness.Options) ([]report.Table, error) {
	p := planOf(opt)
	tables, missing, err := compare(ctx, opt, contenders, p, "store")
	if err != nil {
		return nil, err
	}
	durable := report.Table{Title: "How what is answered is known to be on the disk", Columns: []string{"who", "how"}, Notes: missing}
	for _, c := range contenders {
		durable.Rows = append(durable.Rows, []string{c.name, c.durable})
	}
	scan, err := scanned(ctx, opt, p.rounds)
	if err != nil {
		return nil, err
	}
	return append(tables, scan, durable), nil
}

// compare lets contenders take turns in appends of one event and of 64; the first is who the others are held against. missing says who is
// not on this machine.
func compare(ctx context.Context, opt harness.Options, contenders []contender, p plan, section string) (tables []report.Table, missing []string, err error) {
	for _, n := range []int{1, 64} {
		t := report.Table{
			Title:   fmt.Sprintf("Appends of %d event(s), %d bytes each", n, len(data)+len(metadata)),
			Columns: []string{"writers", "who", "appends/s", "events/s", "p50 ms", "p99 ms", "Jejak : this"},
			Notes:   []string{"Medians of the rounds, in brackets the least and the most. Ratios are medians of the rounds' ratios."},
		}
		for _, w := range p.writers {
			seen := make([][]load, len(contenders))
			for round := range p.rounds {
				for i := range contenders {
					k := (i + round) % len(contenders)
					c := contenders[k]
					if c.writers > 0 && w > c.writers {
						continue
					}
					if opt.Progress != nil {
						opt.Progress(fmt.Sprintf("%s: %d events an append, %d writers, round %d of %d: %s", section, n, w, round+1, p.rounds, c.name))
					}
					l, err := measure(ctx, opt, c, w, n, p.d)
					var absent *absentError
					if errors.As(err, &absent) {
						if text := c.name + ": not measured: " + absent.why; !slices.Contains(missing, text) {
							missing = append(missing, text)
						}
						continue
					}
					if err != nil {
						return nil, nil, fmt.Errorf("%s, %d writers of %d events: %w", c.name, w, n, err)
					}
					seen[k] = append(seen[k], l)
				}
			}
			for i, loads := range seen {
				if len(loads) > 0 {
					t.Rows = append(t.Rows, row(w, n, contenders[i].name, loads, seen[0]))
				}
			}
		}
		tables = append(tables, t)
	}
	return tables, missing, nil
}

// load is what one round showed.
type load struct {
	perSecond float64
	p50, p99  time.Duration
}

func measure(ctx context.Context, opt harness.Options, c contender, writers, n int, d time.Duration) (l load, err error) {
	dir, err := os.MkdirTemp(opt.Dir, "jejak-bench-store-")
	if err != nil {
		return load{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	a, err := c.open(ctx, dir, writers)
	if err != nil {
		return load{}, err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if _, err := drive(ctx, a, writers, n, d/5); err != nil { // warm
		return load{}, err
	}
	return drive(ctx, a, writers, n, d)
}

func drive(ctx context.Context, a appender, writers, n int, d time.Duration) (load, error) {
	took := make([][]time.Duration, writers)
	errs := make([]error, writers)
	var all sync.WaitGroup
	start := time.Now()
	end := start.Add(d)
	for w := range writers {
		all.Go(func() {
			for before := time.Now(); before.Before(end); {
				if errs[w] = a.append(ctx, w, n); errs[w] != nil {
					return
				}
				now := time.Now()
				took[w] = append(took[w], now.Sub(before))
				before = now
			}
		})
	}
	all.Wait()
	whole := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return load{}, err
	}
	times := slices.Concat(took...)
	if len(times) == 0 {
		return load{}, errors.New("not one append was answered")
	}
	slices.Sort(times)
	return load{float64(len(times)) / whole.Seconds(), times[len(times)/2], times[len(times)*99/100]}, nil
}

func row(writers, n int, name string, loads, ours []load) []string {
	rates := rates(loads)
	quotients := make([]float64, min(len(loads), len(ours)))
	for i := range quotients {
		quotients[i] = ours[i].perSecond / loads[i].perSecond
	}
	ms := func(of func(load) time.Duration) string {
		xs := make([]float64, len(loads))
		for i, l := range loads {
			xs[i] = of(l).Seconds() * 1000
		}
		return fmt.Sprintf("%.2f", harness.Median(xs))
	}
	return []string{
		fmt.Sprint(writers), name,
		fmt.Sprintf("%.0f (%.0f-%.0f)", harness.Median(rates), slices.Min(rates), slices.Max(rates)),
		fmt.Sprintf("%.0f", harness.Median(rates)*float64(n)),
		ms(func(l load) time.Duration { return l.p50 }), ms(func(l load) time.Duration { return l.p99 }),
		fmt.Sprintf("%.2f", harness.Median(quotients)),
	}
}

func rates(loads []load) []float64 {
	xs := make([]float64, len(loads))
	for i, l := range loads {
		xs[i] = l.perSecond
	}
	return xs
}

// absentError: a peer that this machine does not have.
type absentError struct{ why string }

func (e *absentError) Error() string { return e.why }
