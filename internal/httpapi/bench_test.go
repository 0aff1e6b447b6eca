//go:build unix

package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
)

// clients is how many connections send at the same time.
const clients = 256

// BenchmarkSingleCommand: commands one by one over connections that are kept, each durable before it is answered. Its rate is held against that
// of BenchmarkBareHandler in the same run.
func BenchmarkSingleCommand(b *testing.B) {
	h := houseOf(b, plan{real: true})
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	listener := listen(b)
	go func() { ended <- h.api.Serve(ctx, listener) }()
	requests := requestsOf(b, h.operator())
	measure(b, func() { send(b, listener.Addr().String(), requests) })
	stop()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}

// BenchmarkBareHandler: the same clients and requests, and a handler that only reads the body and writes an answer of the same size.
func BenchmarkBareHandler(b *testing.B) {
	answer := []byte(`{"id":"018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40","result":"accepted_with_discrepancy","position":100000,"version":100000,"discrepancies":["DSC-3501-000001"]}` + "\n")
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})}
	listener := listen(b)
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	requests := requestsOf(b, "00000000000000000000000000000000")
	measure(b, func() { send(b, listener.Addr().String(), requests) })
}

// BenchmarkNDJSON: one batch of all commands.
func BenchmarkNDJSON(b *testing.B) {
	h := houseOf(b, plan{real: true})
	token := h.operator()
	var body bytes.Buffer
	for i := range b.N {
		body.Write(append(delay(i), '\n'))
	}
	measure(b, func() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, h.url+"/v1/commands", &body)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/x-ndjson")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		accepted := 0
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if bytes.Contains(lines.Bytes(), []byte(`"result":"accepted`)) {
				accepted++
			}
		}
		if accepted != b.N {
			b.Errorf("%d of %d accepted", accepted, b.N)
		}
	})
}

// BenchmarkEngine: what the SQLite engine alone takes in events of the size that BenchmarkNDJSON makes, 256 in an append.
func BenchmarkEngine(b *testing.B) {
	store, err := sqlite.Open(b.Context(), b.TempDir()+"/events.db", sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	const together = 256
	data, metadata := bytes.Repeat([]byte("x"), 180), bytes.Repeat([]byte("x"), 480)
	data[0], data[179], metadata[0], metadata[479] = '"', '"', '"', '"'
	measure(b, func() {
		version := eventstore.Version(0)
		for sent := 0; sent < b.N; {
			batch := make([]eventstore.Event, min(together, b.N-sent))
			for i := range batch {
				id := uuid.Must(uuid.NewV7())
				batch[i] = eventstore.Event{ID: uuid.New(), Command: id, Type: "incident.raised", Schema: 1, RecordedAt: start, Data: data, Metadata: metadata}
			}
			if _, err := store.Append(b.Context(), "ledger-pemilu2024.3501", version, batch...); err != nil {
				b.Fatal(err)
			}
			version += eventstore.Version(len(batch))
			sent += len(batch)
		}
	})
}

// measure runs what is measured, and reports its rate and what it costs the processor, which says more than the rate on a machine that does other
// things too.
func measure(b *testing.B, run func()) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	before := processor(b)
	run()
	b.StopTimer()
	b.ReportMetric(float64(processor(b)-before)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
}

// processor is the time of the processor that the process has taken, in ns.
func processor(b *testing.B) int64 {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return listener
}

func requestsOf(b *testing.B, token string) [][]byte {
	b.Helper()
	requests := make([][]byte, b.N)
	for i := range requests {
		body := delay(i)
		requests[i] = append(fmt.Appendf(nil, "POST /v1/commands HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
			token, len(body)), body...)
	}
	return requests
}

// send sends every request once over the connections and waits for the answers. It speaks the least HTTP that does, so that what is measured is
// the server.
func send(b *testing.B, address string, requests [][]byte) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			reader := bufio.NewReaderSize(conn, 4096)
			for {
				i := int(next.Add(1)) - 1
				if i >= len(requests) {
					return
				}
				if _, err := conn.Write(requests[i]); err != nil {
					b.Error(err)
					return
				}
				if err := readAnswer(reader); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// readAnswer reads one answer, which must be a success.
func readAnswer(r *bufio.Reader) error {
	length, ok := 0, false
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if !ok {
			if ok = bytes.HasPrefix(line, []byte("HTTP/1.1 200")); !ok {
				return fmt.Errorf("answer %q", line)
			}
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == 2 {
			_, err := r.Discard(length)
			return err
		}
	}
}
