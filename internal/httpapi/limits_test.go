package httpapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
)

// hold keeps the writer of 3501 busy until released.
func (h *house) hold() (release func()) {
	h.t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	go h.ledgers.View(h.t.Context(), "pemilu2024", "3501", 0, func(*ledger.State, eventstore.Position) { close(held); <-free })
	<-held
	return func() { close(free) }
}

// A ledger that is full says so, and what it took before it was full is answered.
func TestAFullLedgerAnswersComeAgain(t *testing.T) {
	h := houseOf(t, plan{queue: 4})
	op := h.operator()
	release := h.hold()
	answers := make(chan api.Answer)
	const n = 20
	for i := range n {
		go func() {
			a := h.do("POST", "/v1/commands", op, "application/json", bytes.NewReader(delay(i)))
			var answer api.Answer
			if err := json.Unmarshal(a.body, &answer); err != nil {
				t.Error(err)
			}
			if answer.Result == api.Error && (a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || a.Header.Get("Content-Type") != "application/problem+json") {
				t.Errorf("%d, Retry-After %q: %s", a.StatusCode, a.Header.Get("Retry-After"), a.body)
			}
			answers <- answer
		}()
	}
	full := 0
	for range n - 4 {
		if a := <-answers; a.Result != api.Error || a.Errors[0].Rule != "overloaded" {
			t.Fatalf("%+v", a)
		}
		full++
	}
	if metrics := string(h.get("/metrics", "").body); !strings.Contains(metrics, `jejak_ledger_queue_depth{election="pemilu2024",unit="3501"} 4`) {
		t.Error("the metrics do not show the queue")
	}
	release()
	for range n - full {
		if a := <-answers; a.Result != api.AcceptedWithDiscrepancy {
			t.Errorf("%+v", a)
		}
	}
	if stored := h.events(); stored != 3+4 {
		t.Errorf("%d events, want those of four commands", stored)
	}
}

// produced is a body of many lines that is never whole in memory: of twenty lines one is a command, one the same again, the rest bad in three ways.
type produced struct {
	n, next int
	rest    []byte
	last    []byte
}

func (p *produced) Read(into []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.next == p.n {
			return 0, io.EOF
		}
		switch p.next % 20 {
		case 0:
			p.last = append(delay(p.next), '\n')
			p.rest = p.last
		case 1:
			p.rest = p.last
		case 2:
			p.rest = fmt.Appendf(nil, "{\"id\":%q,\"type\":\"need.guess\"}\n", fmt.Sprint(p.next))
		case 3, 5, 7, 11, 13, 17, 19:
			p.rest = []byte("[1,2]\n")
		default:
			p.rest = []byte("{\"id\":\n")
		}
		p.next++
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func TestHundredThousandLinesInLittleMemory(t *testing.T) {
	const n = 100_000
	h := newHouse(t)
	req, err := http.NewRequestWithContext(t.Context(), "POST", h.url+"/v1/commands", &produced{n: n})
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.operator())
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	want := map[int]struct {
		result api.Result
		status int
	}{
		0: {api.AcceptedWithDiscrepancy, 0}, 1: {api.Duplicate, 0}, 2: {api.Error, 422},
	}
	var at10, most uint64
	line := 0
	scanner := bufio.NewScanner(resp.Body)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		w, known := want[line%20]
		if !known {
			// Most lines, and so not decoded.
			if !bytes.Contains(scanner.Bytes(), fmt.Appendf(nil, `"line":%d,"result":"error"`, line+1)) || !bytes.Contains(scanner.Bytes(), []byte(`"status":400`)) {
				t.Fatalf("line %d: %s", line+1, scanner.Bytes())
			}
		} else {
			var a api.Answer
			if err := json.Unmarshal(scanner.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
			if a.Line != line+1 || a.Result != w.result || a.Status != w.status {
				t.Fatalf("line %d: %+v", line+1, a)
			}
		}
		if line++; line%10_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			if line == 10_000 {
				at10 = m.HeapAlloc
			}
		}
	}
	if scanner.Err() != nil || line != n {
		t.Fatalf("%d answers, %v", line, scanner.Err())
	}
	// 4,500 more discrepancies are in the ledger's state by then; the answers are 30 MB.
	t.Logf("heap %d MB at 10,000 lines, at most %d MB", at10>>20, most>>20)
	if most > at10+16<<20 {
		t.Errorf("the heap grew from %d to %d MB", at10>>20, most>>20)
	}
}

func TestPackedBodies(t *testing.T) {
	h := newHouse(t)
	pack := func(r io.Reader) *bytes.Buffer {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.Copy(z, r); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		return &b
	}
	op := h.operator()
	if a := h.do("POST", "/v1/commands", op, "application/json", pack(bytes.NewReader(delay(1))), "Content-Encoding", "gzip"); a.StatusCode != 200 {
		t.Errorf("packed: %d %s", a.StatusCode, a.body)
	}
	bomb := pack(io.LimitReader(endless('x'), 20<<20)).Bytes()
	before := heap()
	if a := h.do("POST", "/v1/commands", op, "application/json", bytes.NewBuffer(bomb), "Content-Encoding", "gzip"); a.StatusCode != 413 {
		t.Errorf("20 MB of one command in %d bytes: %d", len(bomb), a.StatusCode)
	}
	got := h.answers(op, bytes.NewBuffer(bomb), "Content-Encoding", "gzip")
	if len(got) != 1 || got[0].Status != 413 {
		t.Errorf("20 MB of one line in %d bytes: %+v", len(bomb), got)
	}
	if a := h.do("POST", "/v1/users", h.admin(), "application/json", bytes.NewBuffer(bomb), "Content-Encoding", "gzip"); a.StatusCode != 413 {
		t.Errorf("20 MB of one user in %d bytes: %d", len(bomb), a.StatusCode)
	}
	if after := heap(); after > before+10<<20 {
		t.Errorf("the heap grew from %d to %d MB", before>>20, after>>20)
	}
	if a := h.do("POST", "/v1/commands", op, "application/json", strings.NewReader("plain"), "Content-Encoding", "gzip"); a.StatusCode != 400 {
		t.Errorf("not gzip: %d %s", a.StatusCode, a.body)
	}
	if a := h.do("POST", "/v1/commands", op, "application/json", strings.NewReader("{}"), "Content-Encoding", "br"); a.StatusCode != 415 {
		t.Errorf("brotli: %d %s", a.StatusCode, a.body)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// served serves over a listener of its own, as the program does, until the end of the test.
func (h *house) served() (address string, stop func() error) {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.api.Serve(ctx, l) }()
	h.t.Cleanup(cancel)
	return l.Addr().String(), func() error { cancel(); return <-ended }
}

// Clients that say too little too slowly are let go; others are served meanwhile.
func TestSlowClientsAreLetGo(t *testing.T) {
	h := houseOf(t, plan{hurry: 200 * time.Millisecond})
	address, _ := h.served()
	dial := func(text string) net.Conn {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		return c
	}
	head := dial("GET /v1/me HTTP/1.1\r\nHost: x\r\n")
	one := dial("POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: Bearer " + h.operator() + "\r\nContent-Type: application/json\r\n\r\n{\"id\":")
	many := dial("POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: Bearer " + h.operator() + "\r\nContent-Type: application/x-ndjson\r\n\r\n{\"id\":")
	if text, err := io.ReadAll(head); err != nil || strings.Contains(string(text), " 200 ") {
		t.Errorf("half a head: %q %v", text, err)
	}
	if text, err := io.ReadAll(one); err != nil || !strings.Contains(string(text), " 408 ") || !strings.Contains(string(text), "too_slow") {
		t.Errorf("half a command: %q %v", text, err)
	}
	if text, err := io.ReadAll(many); err != nil || !strings.Contains(string(text), `"line":1,"result":"error"`) {
		t.Errorf("half a line: %q %v", text, err)
	}
	if a := h.get("/v1/me", h.operator()); a.StatusCode != 200 {
		t.Errorf("another client: %d", a.StatusCode)
	}
}

func TestAHugeHeadIsRefused(t *testing.T) {
	h := newHouse(t)
	address, _ := h.served()
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+"/v1/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.Repeat("x", 200<<10))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d", resp.StatusCode)
	}
}

// A stop answers what is under way, and then takes nothing.
func TestStopAnswersWhatIsUnderWay(t *testing.T) {
	h := newHouse(t)
	address, stop := h.served()
	h.url = "http://" + address
	op := h.token(domain.RoleOperator, "3501")
	release := h.hold()
	const n = 8
	answers := make(chan answered, n)
	for i := range n {
		go func() { answers <- h.do("POST", "/v1/commands", op, "application/json", bytes.NewReader(delay(i))) }()
	}
	for waiting := 0; waiting < n; {
		h.ledgers.Waiting(func(_ string, unit domain.Code, commands int) {
			if unit == "3501" {
				waiting = commands
			}
		})
		runtime.Gosched()
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for {
		c, err := net.Dial("tcp", address)
		if err != nil {
			break // it takes nobody any more
		}
		c.Close()
	}
	release()
	for range n {
		if a := <-answers; a.StatusCode != 200 {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
