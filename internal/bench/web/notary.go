package web

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
	"jejak/internal/client"
)

// notaryCost sends the same to two servers in turns that differ in nothing but the notary's pace: one signs every second, as all do, the other once at
// its start and then not while it is measured. Both are new, in folders of dir: a command costs more the more there were before it.
func notaryCost(ctx context.Context, opt harness.Options, s size, dir string) (t report.Table, err error) {
	t = report.Table{
		Title:   "What the notary costs",
		Columns: []string{"load", "with, commands/s", "without, commands/s", "with : without", "server's processor µs/command, with", "without"},
		Notes: []string{
			"Both servers are new, and get as many commands. Without: a server whose notary looks at the log once a day. No user can have that: `jejak serve` always signs. Medians of rounds in turns; the ratio is the median of the rounds' ratios.",
			"Each begins when both servers are at rest, and processor time counts until the server is at rest again: to sign, to bring its rows and its index up to the log.",
		},
	}
	sides := []string{jejakName, jejakUnsignedName}
	children := map[string]*child{}
	defer func() {
		for _, c := range children {
			err = errors.Join(err, c.stop())
		}
	}()
	for _, name := range sides {
		c, err := startChild(name, filepath.Join(dir, "notary-"+name))
		if err != nil {
			return t, err
		}
		children[name] = c
	}
	clients := s.clients[len(s.clients)-1]
	lanes := s.lanes[len(s.lanes)-1]
	c := map[string]*client.Client{}
	for _, name := range sides {
		if c[name], err = client.New("http://"+children[name].Address, client.Options{Connections: 16, Patience: -1}); err != nil {
			return t, err
		}
		defer c[name].Close()
	}
	var m maker
	for _, l := range []struct {
		name string
		send func(name string) (rate, commands float64, err error)
	}{
		{"single commands, " + clientsWord(clients), func(name string) (float64, float64, error) {
			before, err := appended(ctx, children[name].Address)
			if err != nil {
				return 0, 0, err
			}
			seen, err := contender{name, name, httpClient(true)}.round(ctx, children[name].place, &m, clients, s)
			if err != nil {
				return 0, 0, err
			}
			after, err := appended(ctx, children[name].Address)
			return seen.perSecond, after.events - before.events, err // a command here makes one
		}},
		{fmt.Sprintf("NDJSON batches of %d commands, %d at a time", s.lines, lanes), func(name string) (float64, float64, error) {
			rate, _, err := sendBatches(ctx, c[name], children[name], &m, lanes, s.lines)
			return rate, float64(s.lines / lanes * lanes), err
		}},
	} {
		rates, spent := map[string][]float64{}, map[string][]float64{}
		for round := range s.rounds {
			for i := range sides {
				name := sides[(i+round)%len(sides)]
				progress(opt, "web: the notary, %s, round %d of %d: %s", l.name, round+1, s.rounds, name)
				for _, side := range sides {
					if err := serving.Rest(ctx, children[side].pid); err != nil {
						return t, err
					}
				}
				before, _, err := serving.Process(children[name].pid)
				if err != nil {
					return t, err
				}
				rate, commands, err := l.send(name)
				if err != nil {
					return t, fmt.Errorf("%s, %s: %w", name, l.name, err)
				}
				if err := serving.Rest(ctx, children[name].pid); err != nil {
					return t, err
				}
				after, _, err := serving.Process(children[name].pid)
				if err != nil {
					return t, err
				}
				rates[name] = append(rates[name], rate)
				spent[name] = append(spent[name], float64((after-before).Microseconds())/commands)
			}
		}
		with, without := rates[jejakName], rates[jejakUnsignedName]
		t.Rows = append(t.Rows, []string{
			l.name, perSecond(with), perSecond(without), ratio(with, without),
			fmt.Sprintf("%.0f", harness.Median(spent[jejakName])), fmt.Sprintf("%.0f", harness.Median(spent[jejakUnsignedName])),
		})
	}
	return t, nil
}
