package feed

import (
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	"jejak/internal/api"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
)

// latencies measures from the answer of a command to its message at a subscriber, at steady rates.
func latencies(ctx context.Context, opt harness.Options, s size, h *house) (t report.Table, err error) {
	people, err := h.add(ctx, []api.NewUser{{Role: "province", Scope: "35"}})
	if err != nil {
		return t, err
	}
	conn, err := people[0].connect(h.Server)
	if err != nil {
		return t, err
	}
	defer conn.Close()
	came := newSeen()
	if _, err := conn.Subscribe("jejak.>", func(m *nats.Msg) { came.note(m.Header.Get("ce-id")) }); err != nil {
		return t, fmt.Errorf("subscribe: %w", err)
	}
	if err := conn.FlushTimeout(serving.Patience); err != nil {
		return t, fmt.Errorf("subscribe: %w", err)
	}
	// raise tells of an accident: of all commands the one that needs nothing to have happened before.
	raise := func(k int) (string, error) {
		unit := serving.Regency(k)
		return h.send(ctx, h.Token, unit, "incident.raise", fmt.Sprintf(`{"kind":"accident","severity":"low","units":["SHP-%s-L1-0001"],"note":"Ban pecah"}`, unit))
	}
	if _, err := steady(ctx, 200, s.d/3, raise); err != nil { // the ledgers are loaded by it
		return t, fmt.Errorf("warm up: %w", err)
	}
	t = report.Table{
		Title:   "From a command's answer to its message at a NATS subscriber",
		Columns: []string{"commands/s", "answered -> seen p50 ms", "p99 ms", "due -> answered p50 ms", "p99 ms", "due -> seen p50 ms", "p99 ms", "due -> seen : due -> answered, p50"},
		Notes: []string{
			"Open loop: commands (incident.raise, to 38 regencies in turn) become due at a steady rate whether the ones before are answered or not, and everything is also counted from when it was due. " +
				"Answered is when the HTTP answer was read; what is below 0 was seen before. The subscriber is a person of the province with a token, subscribed to jejak.>; every event came.",
			"Clients and subscriber share one process and the machine's processors with the server. Medians of rounds, in brackets the least and the most.",
		},
	}
	figures := []struct {
		from string
		q    float64
	}{{"answer", 0.5}, {"answer", 0.99}, {"to answer", 0.5}, {"to answer", 0.99}, {"due", 0.5}, {"due", 0.99}}
	values := make([][][]float64, len(s.rates)) // by rate, figure, round
	for round := range s.rounds {
		for r, rate := range s.rates {
			progress(opt, "%d commands/s, round %d of %d", rate, round+1, s.rounds)
			acts, err := steady(ctx, rate, s.d, raise)
			if err == nil {
				err = came.await(ctx, acts)
			}
			if err != nil {
				return t, fmt.Errorf("%d commands/s: %w", rate, err)
			}
			if values[r] == nil {
				values[r] = make([][]float64, len(figures))
			}
			for i, f := range figures {
				times := came.since(acts, answered)
				switch f.from {
				case "due":
					times = came.since(acts, due)
				case "to answer":
					for k, a := range acts {
						times[k] = a.answered.Sub(a.due)
					}
				}
				values[r][i] = append(values[r][i], quantile(times, f.q))
			}
		}
	}
	for r, rate := range s.rates {
		row := []string{fmt.Sprint(rate)}
		for _, v := range values[r] {
			row = append(row, fmt.Sprintf("%.2f (%.2f-%.2f)", harness.Median(v), slices.Min(v), slices.Max(v)))
		}
		var ratios []float64
		for round := range s.rounds {
			ratios = append(ratios, values[r][4][round]/values[r][2][round])
		}
		t.Rows = append(t.Rows, append(row, fmt.Sprintf("%.2f", harness.Median(ratios))))
		if rate == 500 {
			t.Notes = append(t.Notes, atMost("answered -> seen at 500 commands/s, p99 in ms", harness.Median(values[r][1]), 50))
		}
	}
	return t, nil
}

// atMost is the line about a target of DESIGN.md, section 10, that must not be exceeded.
func atMost(what string, got, limit float64) string {
	word := "met"
	if got > limit {
		word = "MISSED"
	}
	return fmt.Sprintf(report.TargetNote+"%s <= %.1f: %s (%.2f)", what, limit, word, got)
}
