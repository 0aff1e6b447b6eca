package province

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"syscall"
	"time"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/serving"
)

// start is how soon a server with a full log is of use.
type start struct {
	cache                string
	ready, command, list time.Duration
	memory               int64
	boxes                int64
}

// coldStarts starts the server several times, first with nothing of its files in memory where the system lets us empty its cache.
func coldStarts(ctx context.Context, opt harness.Options, program, data string) ([]start, error) {
	var starts []start
	for i, cache := range []string{"emptied", "warm", "warm"} {
		if opt.Progress != nil {
			opt.Progress(fmt.Sprintf("province: start %d", i+1))
		}
		if cache == "emptied" {
			syscall.Sync()
			if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0); err != nil {
				cache = "as it was (emptying it needs root)"
			}
		}
		s, err := coldStart(ctx, program, data)
		if err != nil {
			return nil, fmt.Errorf("start with a full log: %w", err)
		}
		s.cache = cache
		starts = append(starts, s)
	}
	return starts, nil
}

func coldStart(ctx context.Context, program, data string) (s start, err error) {
	ctx, cancel := context.WithTimeout(ctx, serving.Patience)
	defer cancel()
	server, err := serving.Start(ctx, program, data, "--clock", "driven")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	s.ready = time.Since(server.Began)
	now, _, err := server.Clock(ctx)
	if err != nil {
		return s, err
	}
	command, err := serving.Accident("3578", now)
	if err != nil {
		return s, err
	}
	answered := make(chan error, 1)
	go func() {
		_, err := serving.Until(ctx, http.MethodPost, server.URL+"/v1/commands", server.Token, command)
		s.command = time.Since(server.Began)
		answered <- err
	}()
	list, err := serving.Until(ctx, http.MethodGet, server.URL+"/v1/elections/pemilu2024/regencies", server.Token, nil)
	s.list = time.Since(server.Began)
	if err = errors.Join(err, <-answered); err != nil {
		return s, err
	}
	var rows []struct {
		Boxes map[string]int64 `json:"boxes"`
	}
	if err := json.Unmarshal(list, &rows); err != nil {
		return s, fmt.Errorf("read the list of regencies: %w", err)
	}
	for _, row := range rows {
		for _, n := range row.Boxes {
			s.boxes += n
		}
	}
	_, s.memory, err = serving.Process(server.PID)
	return s, err
}
