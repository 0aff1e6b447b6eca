// Package feed measures what those who listen get of a real server, `jejak serve` with its NATS, both over the loopback interface: how long after its
// answer a command is seen, and what a thousand escorts cost.
package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"jejak/internal/api"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
	"jejak/internal/client"
)

// Section measures the feed.
var Section = harness.Section{Name: "feed", Title: "The feed", Run: run}

// size of a run.
type size struct {
	rates   []int // commands/s
	rounds  int
	d       time.Duration // of one rate, or one measure of throughput, in one round
	escorts int
	leave   time.Duration // from when they have left until it is measured again
}

func sizeOf(opt harness.Options) size {
	s := size{rates: []int{100, 500, 1000}, rounds: 3, d: 10 * time.Second, escorts: 1000, leave: 90 * time.Second}
	if opt.Quick {
		s.rounds, s.d = 1, 3*time.Second
	}
	if opt.Rounds > 0 {
		s.rounds = opt.Rounds
	}
	return s
}

func run(ctx context.Context, opt harness.Options) ([]report.Table, error) {
	return measure(ctx, opt, sizeOf(opt))
}

func measure(ctx context.Context, opt harness.Options, s size) (tables []report.Table, err error) {
	dir, err := os.MkdirTemp(opt.Dir, "jejak-bench-feed-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the server: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, err := serving.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, part := range []func(context.Context, harness.Options, size, *house) (report.Table, error){latencies, escorts} {
		t, err := inHouse(ctx, opt, s, program, filepath.Join(dir, fmt.Sprint(len(tables))), part)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// house is a server of its own, and a client of it.
type house struct {
	*serving.Server
	client *client.Client
}

// inHouse measures on a server of its own.
func inHouse(ctx context.Context, opt harness.Options, s size, program, data string, part func(context.Context, harness.Options, size, *house) (report.Table, error)) (t report.Table, err error) {
	starting, cancel := context.WithTimeout(ctx, serving.Patience)
	defer cancel()
	server, err := serving.Start(starting, program, data)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	c, err := client.New(server.URL, client.Options{Connections: hands, Patience: serving.Patience, Busy: -1})
	if err != nil {
		return t, err
	}
	defer c.Close()
	return part(ctx, opt, s, &house{server, c})
}

// add makes accounts.
func (h *house) add(ctx context.Context, users []api.NewUser) ([]person, error) {
	var lines bytes.Buffer
	for _, u := range users {
		if err := json.NewEncoder(&lines).Encode(u); err != nil {
			return nil, err
		}
	}
	answer, err := h.client.Call(ctx, h.Token, http.MethodPost, "/v1/users", "application/x-ndjson", lines.Bytes())
	if err != nil {
		return nil, fmt.Errorf("add %d people: %w", len(users), err)
	}
	people := make([]person, len(users))
	answers := json.NewDecoder(bytes.NewReader(answer))
	for i := range people {
		if err := answers.Decode(&people[i]); err != nil {
			return nil, fmt.Errorf("add %d people: the answer for the %d-th: %w", len(users), i+1, err)
		}
	}
	return people, nil
}

// send sends one command to a regency, which must be accepted with one event, and returns that event's id.
func (h *house) send(ctx context.Context, token, unit, commandType, data string) (event string, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	command := fmt.Appendf(nil, `{"id":%q,"type":%q,"mode":"request","election":"pemilu2024","unit":%q,"occurred_at":%q,"data":%s}`,
		id, commandType, unit, time.Now().Format(time.RFC3339Nano), data)
	answer, _, err := h.client.Send(ctx, token, command)
	if err != nil {
		return "", err
	}
	if (answer.Result != api.Accepted && answer.Result != api.AcceptedWithDiscrepancy) || len(answer.Events) != 1 {
		return "", fmt.Errorf("%s was answered %+v", commandType, answer)
	}
	return answer.Events[0].ID, nil
}

func progress(opt harness.Options, format string, args ...any) {
	if opt.Progress != nil {
		opt.Progress(fmt.Sprintf("feed: "+format, args...))
	}
}
