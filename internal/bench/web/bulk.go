package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/client"
)

// shape is how the ledgers appended what a batch made them append.
type shape struct {
	events int // per append
	bytes  int // per event: data and metadata
}

// bulk sends NDJSON batches, and lets the engine alone append as many events in appends of the same size.
func bulk(ctx context.Context, opt harness.Options, s size, jejak *child, dir string) (t report.Table, err error) {
	t = report.Table{
		Title:   fmt.Sprintf("NDJSON batches of %d commands", s.lines),
		Columns: []string{"batches at a time", "commands/s", "events per append", "bytes per event", "engine alone, events/s", "Jejak : engine"},
	}
	engine, err := sqlite.Open(ctx, filepath.Join(dir, "engine.db"), sqlite.Options{})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	c, err := client.New("http://"+jejak.Address, client.Options{Connections: 16, Patience: -1})
	if err != nil {
		return t, err
	}
	defer c.Close()
	var m maker
	run := 0
	for _, lanes := range s.lanes {
		var ours, alone []float64
		var last shape
		for round := range s.rounds {
			progress(opt, "web: %d batches at a time, round %d of %d", lanes, round+1, s.rounds)
			rate, how, err := sendBatches(ctx, c, jejak, &m, lanes, s.lines)
			if err != nil {
				return t, fmt.Errorf("%d batches at a time: %w", lanes, err)
			}
			run++
			engineRate, err := appendAlone(ctx, engine, run, lanes, s.lines, how)
			if err != nil {
				return t, fmt.Errorf("the engine alone: %w", err)
			}
			ours, alone, last = append(ours, rate), append(alone, engineRate), how
		}
		t.Rows = append(t.Rows, []string{
			fmt.Sprint(lanes), perSecond(ours), fmt.Sprint(last.events), fmt.Sprint(last.bytes), perSecond(alone), ratio(ours, alone),
		})
		t.Notes = append(t.Notes, verdict(fmt.Sprintf("batches (%d at a time) : engine alone", lanes), harness.Median(quotients(ours, alone)), 0.3))
	}
	t.Notes = append(t.Notes,
		"Every batch goes to a regency of its own; all answers are read. The client is that of the simulation and decodes every answer.",
		"The engine appends the same number of events of the same size, as many per append as the ledgers had in that round, one stream and one goroutine per batch.")
	return t, nil
}

// sendBatches returns commands per second.
func sendBatches(ctx context.Context, c *client.Client, jejak *child, m *maker, lanes, lines int) (float64, shape, error) {
	units := regencies()
	bodies := make([][]byte, lanes)
	var line []byte
	for i := range bodies {
		for range lines / lanes {
			line = m.append(line, units[i%len(units)])
			bodies[i] = append(append(bodies[i], line...), '\n')
		}
	}
	before, err := appended(ctx, jejak.Address)
	if err != nil {
		return 0, shape{}, err
	}
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i, body := range bodies {
		group.Go(func() error {
			var wrong error
			err := c.SendLines(ctx, jejak.token(i), body, func(a api.Answer, _ bool) {
				if wrong == nil && a.Result != api.Accepted && a.Result != api.AcceptedWithDiscrepancy {
					wrong = fmt.Errorf("line %d was answered %s: %+v", a.Line, a.Result, a.Errors)
				}
			})
			return errors.Join(err, wrong)
		})
	}
	if err := group.Wait(); err != nil {
		return 0, shape{}, err
	}
	rate := float64(lines/lanes*lanes) / time.Since(start).Seconds()
	after, err := appended(context.WithoutCancel(ctx), jejak.Address)
	if err != nil {
		return 0, shape{}, err
	}
	events := after.events - before.events
	if after.appends == before.appends || events == 0 {
		return 0, shape{}, errors.New("the server's figures show no append")
	}
	return rate, shape{events: max(1, int(events/(after.appends-before.appends))), bytes: int((after.bytes - before.bytes) / events)}, nil
}

// figures are counters of the server's metrics.
type figures struct{ appends, events, bytes float64 }

func appended(ctx context.Context, address string) (f figures, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return f, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return f, fmt.Errorf("read the server's figures: %w", err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	into := map[string]*float64{
		"jejak_append_events_count": &f.appends, "jejak_append_events_sum": &f.events, "jejak_append_bytes_sum": &f.bytes,
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if at := into[name]; at != nil {
			if *at, err = strconv.ParseFloat(value, 64); err != nil {
				return f, fmt.Errorf("read the server's figures: %w", err)
			}
		}
	}
	return f, lines.Err()
}

// appendAlone returns events per second of the engine.
func appendAlone(ctx context.Context, store eventstore.Store, run, lanes, lines int, how shape) (float64, error) {
	data, err := json.Marshal(map[string]string{"note": strings.Repeat("x", max(0, how.bytes/2-11))})
	if err != nil {
		return 0, err
	}
	metadata := append([]byte(nil), data...)
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for lane := range lanes {
		group.Go(func() error {
			stream := fmt.Sprintf("ledger-%d-%d", run, lane)
			var version eventstore.Version
			for left := lines / lanes; left > 0; {
				events := make([]eventstore.Event, min(left, how.events))
				for i := range events {
					events[i] = eventstore.Event{
						ID: uuid.New(), Command: uuid.New(), Type: "incident.raised", Schema: 1, RecordedAt: start, Data: data, Metadata: metadata,
					}
				}
				if _, err := store.Append(ctx, stream, version, events...); err != nil {
					return err
				}
				version += eventstore.Version(len(events))
				left -= len(events)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return float64(lines/lanes*lanes) / time.Since(start).Seconds(), nil
}
