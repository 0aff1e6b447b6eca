package web

import (
	"context"
	"errors"
	"fmt"
	"io"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

// contender is one of those who take turns.
type contender struct {
	name   string
	server string
	// connect makes a client, the i-th.
	connect func(at place, m *maker, i int) (doer, io.Closer, error)
}

// hotUnit is the regency that all clients send to when they do not spread.
const hotUnit = "3578"

var contenders = []contender{
	{"Jejak, 38 regencies", jejakName, httpClient(true)},
	{"Jejak, one regency", jejakName, httpClient(false)},
	{"bare handler: decode, group commit to a plain file", bareName, httpClient(true)},
	{"echo: read, answer", echoName, httpClient(true)},
	{"JetStream publish, sync always", jetStreamName, jetStreamClient},
	{"Jejak with its feed, 38 regencies", jejakFeedName, httpClient(true)},
}

func httpClient(spread bool) func(place, *maker, int) (doer, io.Closer, error) {
	units := regencies()
	return func(at place, m *maker, i int) (doer, io.Closer, error) {
		c, err := dial(at.Address, "/v1/commands", at.token(i))
		if err != nil {
			return nil, nil, err
		}
		unit := hotUnit
		if spread {
			unit = units[i%len(units)]
		}
		var body []byte
		return func() error {
			body = m.append(body, unit)
			status, answer, err := c.post(body)
			if err == nil && status != 200 {
				err = fmt.Errorf("a command was answered %d: %s", status, answer)
			}
			return err
		}, c, nil
	}
}

func jetStreamClient(at place, m *maker, i int) (doer, io.Closer, error) {
	p, err := dialPublisher(at.Address, fmt.Sprintf("commands.%d", i), at.token(i))
	if err != nil {
		return nil, nil, err
	}
	unit := regencies()[i%len(regencies())]
	var body []byte
	return func() error {
		body = m.append(body, unit)
		return p.publish(body)
	}, p, nil
}

// singleCommands lets all contenders take turns, for each number of clients.
func singleCommands(ctx context.Context, opt harness.Options, s size, children map[string]*child) ([]report.Table, error) {
	var tables []report.Table
	var m maker
	for _, n := range s.clients {
		seen := make([][]load, len(contenders))
		for round := range s.rounds {
			progress(opt, "web: %d clients, round %d of %d", n, round+1, s.rounds)
			for i := range contenders {
				// The order turns, so that nobody always comes after the same one.
				k := (i + round) % len(contenders)
				l, err := contenders[k].round(ctx, children[contenders[k].server].place, &m, n, s)
				if err != nil {
					return nil, fmt.Errorf("%s with %d clients: %w", contenders[k].name, n, err)
				}
				seen[k] = append(seen[k], l)
			}
		}
		tables = append(tables, singlesTable(n, seen))
	}
	return tables, nil
}

// round connects n clients, lets them warm up, and measures.
func (c contender) round(ctx context.Context, at place, m *maker, n int, s size) (l load, err error) {
	var clients []doer
	for i := range n {
		do, conn, err := c.connect(at, m, i)
		if err != nil {
			return load{}, err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		clients = append(clients, do)
	}
	if _, err := drive(ctx, clients, s.d/10); err != nil {
		return load{}, err
	}
	return drive(ctx, clients, s.d)
}

func singlesTable(n int, seen [][]load) report.Table {
	t := report.Table{
		Title:   fmt.Sprintf("Single commands, %s", clientsWord(n)),
		Columns: []string{"who", "commands/s", "p50 ms", "p99 ms", "clients' processors", "Jejak (38 regencies) : this"},
	}
	first := rates(seen[0])
	for i, loads := range seen {
		t.Rows = append(t.Rows, []string{
			contenders[i].name, perSecond(rates(loads)),
			milliseconds(loads, func(l load) float64 { return l.p50.Seconds() * 1000 }),
			milliseconds(loads, func(l load) float64 { return l.p99.Seconds() * 1000 }),
			fmt.Sprintf("%.2f", harness.Median(each(loads, func(l load) float64 { return l.client }))),
			ratio(first, rates(loads)),
		})
	}
	t.Notes = append(t.Notes,
		"A command is incident.raise with one event; Jejak's answer comes after its event is durable in SQLite. Its rows of the regencies (views.db) are kept up and its log is signed all the time; with its feed "+
			"every event is also published over NATS, by the same process.",
		"Every client has an account of its own, with every server that has accounts.",
		"JetStream takes the same bytes on one stream, one subject per client, and acknowledges after its own fsync.",
		"Ratios are medians of the rounds' ratios. Clients' processors: CPU seconds per second of the process with all clients, of 2 in all on the development machine.")
	if n == 256 {
		t.Notes = append(t.Notes,
			verdict("Jejak (38 regencies) : bare handler", harness.Median(quotients(first, rates(seen[2]))), 0.6),
			verdict("Jejak (38 regencies) : JetStream with sync always", harness.Median(quotients(first, rates(seen[4]))), 1.5),
			verdict("Jejak with its feed : bare handler", harness.Median(quotients(rates(seen[5]), rates(seen[2]))), 0.6),
			verdict("Jejak with its feed : JetStream with sync always", harness.Median(quotients(rates(seen[5]), rates(seen[4]))), 1.5))
	}
	return t
}

func clientsWord(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}
