package province

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"jejak/internal/api"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
	"jejak/internal/client"
)

const (
	growthClients = 16
	growthTime    = 3 * time.Second // of a round
	growthRounds  = 5
)

// growth measures the same command on a log that holds the whole election and on one that holds only the reference data: two servers, in turns. used is
// the memory that these servers take, with rows and feed on.
func growth(ctx context.Context, opt harness.Options, program, full, empty string) (t, used report.Table, err error) {
	type side struct {
		name  string
		data  string
		rates []float64
		cpu   []float64 // µs of processor a command
	}
	sides := []*side{{name: "the whole election", data: full}, {name: "reference data only", data: empty}}
	var servers []*serving.Server
	for _, s := range sides {
		starting, cancel := context.WithTimeout(ctx, serving.Patience)
		server, err := serving.Start(starting, program, s.data, "--clock", "driven")
		if err == nil { // the list loads all ledgers
			_, err = serving.Until(starting, http.MethodGet, server.URL+"/v1/elections/pemilu2024/regencies", server.Token, nil)
		}
		cancel()
		if err != nil {
			if server != nil {
				err = errors.Join(err, server.Stop())
			}
			return t, used, fmt.Errorf("growth: start with %s: %w", s.name, err)
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		servers = append(servers, server)
	}
	used = report.Table{
		Title:   "Memory of a server alone, rows and feed on",
		Columns: []string{"log", "when", "memory MiB", "peak until then MiB"},
		Notes:   []string{"Resident, as Linux counts it. The command's rounds are those of the table before."},
	}
	look := func(when string) error {
		for i, s := range sides {
			_, now, err := serving.Process(servers[i].PID)
			if err != nil {
				return err
			}
			peak, err := serving.Peak(servers[i].PID)
			if err != nil {
				return err
			}
			used.Rows = append(used.Rows, []string{s.name, when, fmt.Sprint(now >> 20), fmt.Sprint(peak >> 20)})
		}
		return nil
	}
	if err := look("started, the list answered"); err != nil {
		return t, used, err
	}
	rounds := growthRounds
	if opt.Quick {
		rounds = 2
	}
	for round := range rounds + 1 { // the first does not count
		for i, s := range sides {
			if opt.Progress != nil {
				opt.Progress(fmt.Sprintf("province: growth, round %d: %s", round, s.name))
			}
			if err := servers[i].Settle(ctx); err != nil {
				return t, used, fmt.Errorf("growth: %s: %w", s.name, err)
			}
			before, _, err := serving.Process(servers[i].PID)
			if err != nil {
				return t, used, err
			}
			n, took, err := raise(ctx, servers[i])
			if err != nil {
				return t, used, fmt.Errorf("growth: %s: %w", s.name, err)
			}
			after, _, err := serving.Process(servers[i].PID)
			if err != nil {
				return t, used, err
			}
			if round > 0 {
				s.rates = append(s.rates, float64(n)/took.Seconds())
				s.cpu = append(s.cpu, float64((after-before).Microseconds())/float64(n))
			}
		}
	}
	for i := range servers {
		if err := servers[i].Settle(ctx); err != nil {
			return t, used, fmt.Errorf("growth: %w", err)
		}
	}
	if err := look("after the rounds, settled"); err != nil {
		return t, used, err
	}
	t = report.Table{
		Title:   fmt.Sprintf("The same command on a long log and on a short one, %d clients, 38 regencies in turn", growthClients),
		Columns: []string{"log", "commands/s", "processor µs/command"},
		Notes:   []string{"incident.raise, one event each; medians of rounds in turns. Both servers run all the time."},
	}
	var ratios []float64
	for _, s := range sides {
		t.Rows = append(t.Rows, []string{s.name, fmt.Sprintf("%.0f", harness.Median(s.rates)), fmt.Sprintf("%.0f", harness.Median(s.cpu))})
	}
	for i := range sides[0].cpu {
		ratios = append(ratios, sides[0].cpu[i]/sides[1].cpu[i])
	}
	t.Notes = append(t.Notes, most("processor time of a command, long log : short log", harness.Median(ratios), 1.2))
	return t, used, nil
}

// raise sends accidents for a while, each client to one regency after the other.
func raise(ctx context.Context, s *serving.Server) (n int, took time.Duration, err error) {
	now, _, err := s.Clock(ctx)
	if err != nil {
		return 0, 0, err
	}
	c, err := client.New(s.URL, client.Options{Connections: growthClients, Patience: serving.Patience, Busy: -1})
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	began := time.Now()
	counts, errs := make([]int, growthClients), make([]error, growthClients)
	var all sync.WaitGroup
	for i := range growthClients {
		all.Go(func() {
			for k := i; time.Since(began) < growthTime; k++ {
				command, err := serving.Accident(serving.Regency(k), now)
				if err == nil {
					var answer api.Answer
					answer, _, err = c.Send(ctx, s.Token, command)
					if err == nil && answer.Result != api.AcceptedWithDiscrepancy {
						err = fmt.Errorf("a command was answered %+v", answer)
					}
				}
				if err != nil {
					errs[i] = err
					return
				}
				counts[i]++
			}
		})
	}
	all.Wait()
	for _, k := range counts {
		n += k
	}
	return n, time.Since(began), errors.Join(errs...)
}
