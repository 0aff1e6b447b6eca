package province

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"jejak/internal/api"
	"jejak/internal/bench/harness"
)

// start is how soon a server with a full log is of use.
type start struct {
	cache                string
	ready, command, list time.Duration
	memory               int64
	boxes                int64
}

// patience is how long a start may take at most.
const patience = 2 * time.Minute

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

// serving is a server in a process of its own.
type serving struct {
	url, token string
	pid        int
	began      time.Time
	stop       func() error
}

// launch starts a server on a data directory and waits until it answers.
func launch(ctx context.Context, program, data string) (*serving, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "serve", "--clock", "driven", "--data", data, "--listen", address, "--nats-listen", "127.0.0.1:0")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	s := &serving{url: "http://" + address, began: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.pid = cmd.Process.Pid
	s.stop = func() error {
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			return fmt.Errorf("%w: %s", err, log.Bytes())
		}
		return nil
	}
	_, err = until(ctx, http.MethodGet, s.url+"/readyz", "", nil)
	var token []byte
	if err == nil {
		token, err = os.ReadFile(filepath.Join(data, "admin.token"))
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.token = strings.TrimSpace(string(token))
	return s, nil
}

func coldStart(ctx context.Context, program, data string) (s start, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	server, err := launch(ctx, program, data)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	s.ready = time.Since(server.began)
	now, _, err := server.clock(ctx)
	if err != nil {
		return s, err
	}
	command, err := accident("3578", now)
	if err != nil {
		return s, err
	}
	answered := make(chan error, 1)
	go func() {
		_, err := until(ctx, http.MethodPost, server.url+"/v1/commands", server.token, command)
		s.command = time.Since(server.began)
		answered <- err
	}()
	list, err := until(ctx, http.MethodGet, server.url+"/v1/elections/pemilu2024/regencies", server.token, nil)
	s.list = time.Since(server.began)
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
	_, s.memory, err = process(server.pid)
	return s, err
}

// clock is the time that the server's driven clock shows, and whether all that follows from it and from the log is done.
func (s *serving) clock(ctx context.Context) (now string, settled bool, err error) {
	text, err := until(ctx, http.MethodGet, s.url+"/v1/clock", s.token, nil)
	if err != nil {
		return "", false, fmt.Errorf("read the driven clock: %w", err)
	}
	var clock api.Clock
	if err := json.Unmarshal(text, &clock); err != nil {
		return "", false, fmt.Errorf("read the driven clock: %w", err)
	}
	return clock.Now, clock.Settled != nil && *clock.Settled, nil
}

// settle waits until the server has done what a start leaves to be done.
func (s *serving) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, settled, err := s.clock(ctx)
		if err != nil || settled {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server to settle: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// accident is a command that needs nothing to have happened before it.
func accident(unit, now string) ([]byte, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"id":%q,"type":"incident.raise","mode":"request","election":"pemilu2024","unit":%q,"occurred_at":%q,`+
		`"data":{"kind":"accident","severity":"low","units":["SHP-%s-L1-0001"],"note":"Ban pecah"}}`, id, unit, now, unit), nil
}

// until asks until the answer is a success. What will not become one ends it.
func until(ctx context.Context, method, url, token string, body []byte) ([]byte, error) {
	for {
		answer, status, err := ask(ctx, method, url, token, body)
		switch {
		case err == nil && status == http.StatusOK:
			return answer, nil
		case err == nil && status != http.StatusServiceUnavailable:
			return nil, fmt.Errorf("%s %s: status %d: %s", method, url, status, answer)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s %s: no success in time: %w", method, url, errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func ask(ctx context.Context, method, url, token string, body []byte) (answer []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return answer, resp.StatusCode, err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
