package province

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

// folded is what `jejak projections rebuild` and `verify` print.
type folded struct {
	Ledgers, Events, Rows uint64
	OK                    bool `json:"ok"` // of verify
}

// pass is one reading of the whole log.
type pass struct {
	folded
	cost
}

func (p pass) perSecond() float64 { return float64(p.Events) / p.took.Seconds() }

// rebuilds reads the whole log with the engine alone, makes all read models anew and compares them, in turns, and ends with the file as it was.
func rebuilds(ctx context.Context, opt harness.Options, program, data string) (t report.Table, err error) {
	t = report.Table{
		Title:   "Read models made anew from the whole log",
		Columns: []string{"what", "seconds", "events/s", "rows", "peak memory MiB", "events/s : the engine's scan"},
		Notes: []string{
			"The scan reads every record of the log with the SQLite engine, in this process, and does nothing with it; rebuild and verify are the commands, with their start, on two processors.",
			"Medians of rounds in turns; the files are in the page cache. The index of things has a table of its own.",
		},
	}
	steps := []struct {
		name string
		run  func() (pass, error)
	}{
		{"the engine's scan", func() (pass, error) { return scan(ctx, data) }},
		{"jejak projections rebuild", func() (pass, error) { return projections(ctx, program, "rebuild", data) }},
		{"jejak projections verify", func() (pass, error) { return projections(ctx, program, "verify", data) }},
	}
	rounds := 2
	if opt.Quick {
		rounds = 1
	}
	seen := make([][]pass, len(steps))
	for round := range rounds {
		for i, s := range steps {
			if opt.Progress != nil {
				opt.Progress(fmt.Sprintf("province: %s, round %d of %d", s.name, round+1, rounds))
			}
			p, err := s.run()
			if err != nil {
				return t, fmt.Errorf("%s: %w", s.name, err)
			}
			seen[i] = append(seen[i], p)
		}
	}
	for i, passes := range seen {
		var seconds, rates, ratios []float64
		peak := int64(0)
		for round, p := range passes {
			seconds, rates = append(seconds, p.took.Seconds()), append(rates, p.perSecond())
			ratios = append(ratios, p.perSecond()/seen[0][round].perSecond())
			peak = max(peak, p.peak)
		}
		row := []string{steps[i].name, fmt.Sprintf("%.1f", harness.Median(seconds)), fmt.Sprintf("%.0f", harness.Median(rates)), "", "", fmt.Sprintf("%.3f", harness.Median(ratios))}
		if last := passes[len(passes)-1]; last.Rows > 0 {
			row[3] = fmt.Sprint(last.Rows)
		}
		if peak > 0 {
			row[4] = fmt.Sprint(peak >> 20)
		}
		t.Rows = append(t.Rows, row)
		if i == 1 {
			t.Notes = append(t.Notes, least("rebuild of all read models, thousands of events/s", harness.Median(rates)/1000, 100))
		}
	}
	return t, nil
}

// scan reads the whole log, of which the ledgers are nearly all.
func scan(ctx context.Context, data string) (p pass, err error) {
	s, err := sqlite.Open(ctx, filepath.Join(data, "events.db"), sqlite.Options{})
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	began := time.Now()
	for _, err := range s.ReadAll(ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return p, err
		}
		p.Events++
	}
	p.took = time.Since(began)
	return p, nil
}

// projections runs one of these commands.
func projections(ctx context.Context, program, what, data string) (p pass, err error) {
	if p.cost, err = ask(ctx, program, &p.folded, "projections", what, "--data", data, "--json"); err != nil {
		return p, err
	}
	if what == "verify" && !p.OK {
		return p, fmt.Errorf("the read models are not what the log gives: %+v", p.folded)
	}
	return p, nil
}
