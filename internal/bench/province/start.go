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

func coldStart(ctx context.Context, program, data string) (s start, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address, err := freeAddress()
	if err != nil {
		return s, err
	}
	cmd := exec.Command(program, "serve", "--clock", "driven", "--data", data, "--listen", address)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return s, err
	}
	defer func() {
		ended := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait())
		if err = errors.Join(err, ended); err != nil {
			err = fmt.Errorf("%w: %s", err, log.Bytes())
		}
	}()
	if _, err := until(ctx, http.MethodGet, "http://"+address+"/readyz", "", nil); err != nil {
		return s, err
	}
	s.ready = time.Since(began)
	token, err := os.ReadFile(filepath.Join(data, "admin.token"))
	if err != nil {
		return s, err
	}
	bearer := strings.TrimSpace(string(token))
	command, err := surabaya(data)
	if err != nil {
		return s, err
	}
	answered := make(chan error, 1)
	go func() {
		_, err := until(ctx, http.MethodPost, "http://"+address+"/v1/commands", bearer, command)
		s.command = time.Since(began)
		answered <- err
	}()
	list, err := until(ctx, http.MethodGet, "http://"+address+"/v1/elections/pemilu2024/regencies", bearer, nil)
	s.list = time.Since(began)
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
	_, s.memory, err = process(cmd.Process.Pid)
	return s, err
}

// surabaya is a command to Kota Surabaya, at the time that the driven clock shows.
func surabaya(data string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(data, "clock.json"))
	if err != nil {
		return nil, err
	}
	var clock struct{ Now string }
	if err := json.Unmarshal(text, &clock); err != nil {
		return nil, fmt.Errorf("read the driven clock: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"id":%q,"type":"incident.raise","mode":"request","election":"pemilu2024","unit":"3578","occurred_at":%q,`+
		`"data":{"kind":"accident","severity":"low","units":["SHP-3578-L1-0001"],"note":"Ban pecah"}}`, id, clock.Now), nil
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
