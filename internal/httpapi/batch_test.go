package httpapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/api"
)

// delay is a harmless report that any number of may be sent of.
func delay(n int) []byte {
	return text(envelope("3501", "incident.raise", "report", start.Add(-time.Duration(n)*time.Second),
		fmt.Sprintf(`{"kind":"delay","severity":"low","units":["SHP-3501-%d"],"note":"ombak"}`, n)))
}

// answers sends a batch and reads its answers.
func (h *house) answers(token string, body io.Reader, headers ...string) []api.Answer {
	h.t.Helper()
	a := h.do("POST", "/v1/commands", token, "application/x-ndjson", body, headers...)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/x-ndjson" {
		h.t.Fatalf("%d %s: %s", a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
	var list []api.Answer
	for line := range bytes.Lines(a.body) {
		var answer api.Answer
		if err := json.Unmarshal(line, &answer); err != nil {
			h.t.Fatalf("%v: %s", err, line)
		}
		list = append(list, answer)
	}
	return list
}

func TestBatchAnswersEveryLineInOrder(t *testing.T) {
	h := newHouse(t)
	first := delay(1)
	lines := [][]byte{
		first,
		[]byte(``),
		[]byte(`{"id":`),
		first,
		[]byte(`   `),
		text(envelope("3501", "need.approve", "request", start, `{}`)),
		[]byte(`{"pad":"` + strings.Repeat("x", 300<<10) + `"}`),
		text(envelope("3509", "need.calculate", "request", start, `{}`)),
		delay(2),
	}
	got := h.answers(h.operator(), bytes.NewReader(bytes.Join(lines, []byte("\r\n")))) // and no line feed at the end
	var short []string
	for _, a := range got {
		rule := ""
		if len(a.Errors) > 0 {
			rule = a.Errors[0].Rule
		}
		short = append(short, strings.TrimSpace(fmt.Sprintf("%d %s %d %s", a.Line, a.Result, a.Status, rule)))
	}
	want := []string{"1 accepted_with_discrepancy 0", "3 error 400 not_json", "4 duplicate 0", "6 error 403 role_not_allowed", "7 error 413 too_large",
		"8 error 403 unit_not_allowed", "9 accepted_with_discrepancy 0"}
	if fmt.Sprint(short) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", short, want)
	}
}

func TestBatchOfManyLinesAndAgain(t *testing.T) {
	const n = 5000
	h := newHouse(t)
	var body bytes.Buffer
	for i := range n {
		body.Write(append(delay(i), '\n'))
	}
	all := body.Bytes()
	for round, want := range []api.Result{api.AcceptedWithDiscrepancy, api.Duplicate} {
		got := h.answers(h.operator(), bytes.NewReader(all))
		if len(got) != n {
			t.Fatalf("round %d: %d answers", round, len(got))
		}
		last := uint64(0)
		for i, a := range got {
			if a.Line != i+1 || a.Result != want || a.Position < last && round == 0 {
				t.Fatalf("round %d, answer %d: %+v", round, i, a)
			}
			last = a.Position
		}
	}
	before := h.events()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(all); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	if got := h.answers(h.operator(), &packed, "Content-Encoding", "gzip"); len(got) != n {
		t.Errorf("gzip: %d answers", len(got))
	}
	if after := h.events(); after != before {
		t.Errorf("sending again added %d events", after-before)
	}
}

// A client that writes everything before it reads anything must not lock up with the server: the answers wait for it.
func TestBatchOfAClientThatReadsLast(t *testing.T) {
	const n = 20_000
	h := newHouse(t)
	var body bytes.Buffer
	for i := range n {
		if i%900 == 0 { // too many in a row that are no command would end the batch
			fmt.Fprintf(&body, "%s\n", delay(i))
			continue
		}
		fmt.Fprintf(&body, "{\"id\":%q}\n", strings.Repeat("x", 40)) // the answer is longer than the line
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/commands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n", h.operator(), body.Len())
	if _, err := c.Write(body.Bytes()); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := 0
	scanner := bufio.NewScanner(resp.Body)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		lines++
	}
	if scanner.Err() != nil || lines != n {
		t.Errorf("%d answers, %v", lines, scanner.Err())
	}
}

// stream is a batch whose lines are written and whose answers are read one by one.
type stream struct {
	t       testing.TB
	body    *io.PipeWriter
	answers *bufio.Reader
}

// open begins a batch with one line, whose answer is yet to be read.
func (h *house) open(token string, first []byte) *stream {
	h.t.Helper()
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(h.t.Context(), "POST", h.url+"/v1/commands", r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	go w.Write(append(first, '\n'))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { w.Close(); resp.Body.Close() })
	return &stream{h.t, w, bufio.NewReader(resp.Body)}
}

// next is the next answer; ok is false after the last.
func (s *stream) next() (a api.Answer, ok bool) {
	s.t.Helper()
	line, err := s.answers.ReadBytes('\n')
	if err == io.EOF && len(line) == 0 {
		return a, false
	}
	if err != nil || json.Unmarshal(line, &a) != nil {
		s.t.Fatalf("answer: %s %v", line, err)
	}
	return a, true
}

// Answers come while the batch is still being sent.
func TestBatchAnswersAreNotHeldBack(t *testing.T) {
	h := newHouse(t)
	s := h.open(h.operator(), delay(1))
	for i := range 5 {
		if a, ok := s.next(); !ok || a.Line != i+1 || a.Result != api.AcceptedWithDiscrepancy {
			t.Fatalf("answer %d: %+v %v", i+1, a, ok)
		}
		go s.body.Write(append(delay(i+2), '\n'))
	}
}

// A server that closes answers what it has taken from a batch and then ends it.
func TestBatchWhenTheServerCloses(t *testing.T) {
	h := newHouse(t)
	s := h.open(h.operator(), delay(0))
	s.next()
	go func() {
		for i := 1; ; i++ {
			if i == 50 {
				h.api.BeginClose()
			}
			if _, err := s.body.Write(append(delay(i), '\n')); err != nil {
				return
			}
		}
	}()
	raised := 1
	for {
		a, ok := s.next()
		if !ok {
			break
		}
		if raised++; a.Line != raised || a.Result != api.AcceptedWithDiscrepancy {
			t.Fatalf("answer %d: %+v", raised, a)
		}
	}
	var cards []api.DiscrepancyCard
	h.read("/v1/elections/pemilu2024/discrepancies?limit=1000", h.token(domain.RoleAuditor, "35"), &cards)
	if raised != len(cards) {
		t.Errorf("%d raised in answers, %d in the ledger", raised, len(cards))
	}
}
