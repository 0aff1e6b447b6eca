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
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/httpapi"
	"jejak/internal/share"
)

// tableOfLimits are the rows of the table of docs/operations.md, by the name in their first column.
func tableOfLimits(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "\n## Limits\n")
	if !ok {
		t.Fatal("docs/operations.md has no section of limits")
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	rows := map[string][]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if name, ok := strings.CutPrefix(cells[0], "| `"); ok {
			rows[strings.TrimSuffix(name, "`")] = cells
		}
	}
	return rows
}

// The table says what the program does, row by row, and has no row that the program does not know.
func TestTheTableOfLimits(t *testing.T) {
	rows := tableOfLimits(t)
	bound := func(n int) string {
		if n == 0 {
			return "no bound"
		}
		return fmt.Sprint(n)
	}
	want := map[string][3]string{ // each, all, waits
		"failures":              {fmt.Sprintf("%d at once, then 1 a second", httpapi.FailureBurst), "no bound", "no"},
		"reports":               {"by role", "no bound", "no"},
		"batch_bytes":           {fmt.Sprintf("%d MiB", httpapi.MaxBatch>>20), "no bound", "no"},
		"batch_lines":           {fmt.Sprint(httpapi.MaxLines), "no bound", "no"},
		"batch_malformed":       {fmt.Sprint(httpapi.MaxMalformed), "no bound", "no"},
		"batch_ratio":           {fmt.Sprint(httpapi.MaxRatio), "no bound", "no"},
		"batch_spool":           {fmt.Sprintf("%d MiB", httpapi.MaxBatch>>20), fmt.Sprintf("%d MiB", httpapi.SpoolsMost>>20), "no"},
		"list_bytes":            {fmt.Sprintf("%d MiB", httpapi.ListBytes>>20), "no bound", "no"},
		"nats_connections":      {"16", "4096", "no"},  // held by a test of package broker
		"nats_open_connections": {"256", "1024", "no"}, // likewise
		"nats_consumers":        {"4", "no bound", "no"},
	}
	for _, l := range httpapi.Limits() {
		waits := "no"
		if l.Wait > 0 {
			waits = strings.Replace(l.Wait.String(), "s", " s", 1)
		}
		want[l.Name] = [3]string{bound(l.Each), bound(l.All), waits}
	}
	metrics := string(newHouse(t).get("/metrics", "").body)
	for name, w := range want {
		cells := rows[name]
		if len(cells) != 8 {
			t.Errorf("%s: the table has %d cells: %q", name, len(cells), cells)
			continue
		}
		if got := [3]string(cells[2:5]); got != w {
			t.Errorf("%s: the table says %q, the program %q", name, got, w)
		}
		if strings.Contains(cells[6], "jejak_limit") && !strings.Contains(metrics, fmt.Sprintf("jejak_limit_reached_total{limit=%q}", name)) {
			t.Errorf("%s: there is no such metric", name)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("%s: the program has no such limit", name)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`(?s)Reports an hour.*?One person`).FindString(string(page))
	for role, n := range httpapi.Quota() {
		words := map[domain.Role]string{domain.RoleCommitmentOfficer: "commitment officer"}
		word := words[role]
		if word == "" {
			word = string(role)
		}
		figure := fmt.Sprint(n)
		if n >= 1000 {
			figure = fmt.Sprintf("%d,%03d", n/1000, n%1000)
		}
		if !regexp.MustCompile(`\b` + word + `\b[^;:.]* ` + figure + `[;.]`).MatchString(said) {
			t.Errorf("the page does not say that %s may report %s times an hour", role, figure)
		}
	}
}

// metric is the value of a metric with its labels.
func (h *house) metric(name string) string {
	h.t.Helper()
	for line := range strings.Lines(string(h.get("/metrics", "").body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Every limit of what is under way is reached: who has his share is answered 429 and another goes on; when others have all it is 503; both say when to
// come again, and what would help. Health is answered meanwhile, and what sends is never kept out by what reads.
func TestEveryPlaceHasAnEnd(t *testing.T) {
	requests := map[string]struct {
		method, path, contentType, accept string
		open                              bool
	}{
		"commands":      {method: "POST", path: "/v1/commands", contentType: "application/json"},
		"batches":       {method: "POST", path: "/v1/commands", contentType: "application/x-ndjson"},
		"requests":      {method: "GET", path: "/v1/me"},
		"open_requests": {method: "GET", path: "/docs", open: true},
		"streams":       {method: "GET", path: "/v1/events?limit=1", accept: "text/event-stream"},
		"replays":       {method: "GET", path: "/v1/elections/pemilu2024/replay?from=2024-01-01T00:00:00Z&to=2024-01-02T00:00:00Z&speed=0"},
		"scans":         {method: "GET", path: "/v1/elections/pemilu2024/regencies/3501?position=5"},
		"downloads":     {method: "GET", path: "/v1/events"},
		"bundles":       {method: "GET", path: "/v1/bundle"},
	}
	for _, usual := range httpapi.Limits() {
		name := usual.Name
		if name == "connections" || name == "open_connections" { // see below
			continue
		}
		r, ok := requests[name]
		if !ok {
			t.Errorf("%s: no test reaches this limit", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			all := 2
			if usual.All == 0 {
				all = 0
			}
			h := houseOf(t, plan{notary: true, limits: []share.Limit{{Name: name, Each: 1, All: all}}})
			h.filled(1)
			h.signed()
			ask := func(token string, want int, rule string) {
				t.Helper()
				var body io.Reader
				if r.method == "POST" {
					body = bytes.NewReader(delay(7))
				}
				if r.open {
					token = ""
				}
				a := h.do(r.method, r.path, token, r.contentType, body, "Accept", r.accept)
				if a.StatusCode != want || !strings.Contains(string(a.body), rule) {
					t.Errorf("%d, want %d %s: %.300s", a.StatusCode, want, rule, a.body)
				}
				if want == 200 {
					return
				}
				var details struct{ Errors []api.Problem }
				if err := json.Unmarshal(a.body, &details); err != nil || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Retry-After") == "" ||
					len(details.Errors) != 1 || details.Errors[0].Remedy == "" || details.Errors[0].RemedyEN == "" {
					t.Errorf("%q, Retry-After %q: %.300s", a.Header.Get("Content-Type"), a.Header.Get("Retry-After"), a.body)
				}
				for path := range map[string]bool{"/livez": true, "/readyz": true, "/metrics": true} {
					if a := h.get(path, ""); a.StatusCode != 200 {
						t.Errorf("%s: %d", path, a.StatusCode)
					}
				}
				if name != "commands" {
					if a, _ := h.post(h.operator(), delay(9)); a.StatusCode != 200 {
						t.Errorf("a command meanwhile: %d %s", a.StatusCode, a.body)
					}
				}
			}
			one, other := h.operator(), h.token(domain.RoleAdmin, "3501")
			if name == "scans" || name == "replays" || name == "downloads" || name == "bundles" || name == "streams" {
				one, other = h.token(domain.RoleAuditor, "35"), h.admin()
			}
			holder := h.me(one)
			if r.open {
				holder = "127.0.0.1"
			}
			ask(one, 200, "")
			letGo, err := h.api.Hold(name, holder, 1)
			if err != nil {
				t.Fatal(err)
			}
			ask(one, 429, "too_many_"+name)
			if !r.open {
				ask(other, 200, "")
			}
			if h.metric(`jejak_limit_reached_total{limit="`+name+`"}`) != "1" || h.metric(`jejak_limit_taken{limit="`+name+`"}`) != "1" {
				t.Errorf("the metrics: %s", h.get("/metrics", "").body)
			}
			letGo()
			if all > 0 {
				for _, somebody := range []string{"somebody", "somebody else"} {
					letGo, err := h.api.Hold(name, somebody, 1)
					if err != nil {
						t.Fatal(err)
					}
					defer letGo()
				}
				ask(one, 503, "busy_"+name)
			} else {
				ask(one, 200, "")
			}
		})
	}
}

// dialFrom connects from an address of this machine.
func dialFrom(t *testing.T, from, to string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 20 * time.Second}
	c, err := d.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// askOn sends a request over a connection and reads the status of its answer.
func askOn(t *testing.T, c net.Conn, path, token string) int {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path, token); err != nil {
		return 0
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// closed waits until the other side has closed a connection.
func closed(t *testing.T, c net.Conn) bool {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(make([]byte, 1))
	return err != nil && !os.IsTimeout(err)
}

// Whoever holds connections and says nothing, or half a head, keeps nobody out: not those beside him at his address, nor others, nor who has a good token
// and waits between two requests.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	h := houseOf(t, plan{limits: []share.Limit{{Name: "open_connections", Each: 8, All: 12}, {Name: "connections", Each: 4, All: 20}}})
	address, _ := h.served()
	good := dialFrom(t, "127.0.0.1", address)
	if status := askOn(t, good, "/v1/me", h.operator()); status != 200 {
		t.Fatalf("a good token: %d", status)
	}
	var silent []net.Conn
	for i := range 4096 {
		c := dialFrom(t, "127.0.0.1", address)
		if i%2 == 1 {
			if _, err := io.WriteString(c, "GET /v1/me HTTP/1.1\r\nHost: "); err != nil {
				t.Fatal(err)
			}
		}
		if silent = append(silent, c); len(silent) > 100 { // this process has two ends of each
			if !closed(t, silent[0]) {
				t.Fatal("the oldest of a hundred is still open")
			}
			silent[0].Close()
			silent = silent[1:]
		}
	}
	for name, from := range map[string]string{"at the same address": "127.0.0.1", "elsewhere": "127.0.0.2"} {
		for path, want := range map[string]int{"/livez": 200, "/v1/me": 200} {
			if status := askOn(t, dialFrom(t, from, address), path, h.operator()); status != want {
				t.Errorf("%s %s: %d", name, path, status)
			}
		}
	}
	if status := askOn(t, good, "/v1/me", h.operator()); status != 200 {
		t.Errorf("who had a good token before: %d", status)
	}
	// From many addresses: those who have most make room.
	for i := range 60 {
		dialFrom(t, fmt.Sprintf("127.0.1.%d", 1+i%30), address)
	}
	if status := askOn(t, dialFrom(t, "127.0.0.3", address), "/v1/me", h.operator()); status != 200 {
		t.Errorf("after many addresses: %d", status)
	}
	if status := askOn(t, good, "/v1/me", h.operator()); status != 200 {
		t.Errorf("who had a good token before: %d", status)
	}
	h.url = "http://" + address
	if h.metric(`jejak_limit_reached_total{limit="open_connections"}`) == "0" {
		t.Error("the metric is 0")
	}
}

// An account has its share of connections, also when it says nothing on them.
func TestConnectionsOfAnAccount(t *testing.T) {
	h := houseOf(t, plan{limits: []share.Limit{{Name: "connections", Each: 4, All: 20}}})
	address, _ := h.served()
	var mine []net.Conn
	for range 5 {
		c := dialFrom(t, "127.0.0.1", address)
		mine = append(mine, c)
		if status := askOn(t, c, "/v1/me", h.operator()); status != 200 {
			t.Fatalf("%d", status)
		}
	}
	// When an answer has been read the server may not have noted yet that its connection waits: which of those before the newest has waited longest is its to say.
	gone := 0
	for i, c := range mine {
		if status := askOn(t, c, "/v1/me", h.operator()); status != 200 {
			gone++
			if i == len(mine)-1 {
				t.Error("the newest was closed")
			}
		}
	}
	if gone != 1 {
		t.Errorf("%d of %d were closed", gone, len(mine))
	}
	h.url = "http://" + address
	if n := h.metric(`jejak_limit_reached_total{limit="connections"}`); n != "1" {
		t.Errorf("the metric is %s", n)
	}
}

// When every connection is being answered, health is asked for on one of the reserve, and everything else is told to come again.
func TestHealthWhenEveryConnectionIsBusy(t *testing.T) {
	h := houseOf(t, plan{limits: []share.Limit{{Name: "connections", Each: 3, All: 3}, {Name: "streams", Each: 3, All: 3}}})
	address, _ := h.served()
	for range 3 {
		c := dialFrom(t, "127.0.0.1", address)
		if _, err := fmt.Fprintf(c, "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n", h.operator()); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if status := askOn(t, dialFrom(t, "127.0.0.1", address), "/livez", ""); status != 200 {
			t.Errorf("health: %d", status)
		}
		if status := askOn(t, dialFrom(t, "127.0.0.1", address), "/metrics", ""); status != 200 {
			t.Errorf("metrics: %d", status)
		}
		if status := askOn(t, dialFrom(t, "127.0.0.1", address), "/v1/me", h.operator()); status != 503 {
			t.Errorf("another request: %d", status)
		}
	}
}

// Two hundred phones with good tokens behind one address are all served, however many wrong tokens come from there.
func TestManyPhonesBehindOneAddress(t *testing.T) {
	h := houseOf(t, plan{limits: []share.Limit{{Name: "open_connections", Each: 4, All: 8}}})
	address, _ := h.served()
	h.url = "http://" + address
	for range 100 {
		h.get("/v1/me", "jjk_wrong")
	}
	if a := h.get("/v1/me", "jjk_wrong"); a.StatusCode != 429 {
		t.Fatalf("wrong tokens: %d", a.StatusCode)
	}
	phones := make([]net.Conn, 200)
	tokens := make([]string, len(phones))
	for i := range phones {
		tokens[i] = h.token(domain.RoleStation, fmt.Sprintf("35010120%02d%03d", 1+i%5, 1+i/5))
		phones[i] = dialFrom(t, "127.0.0.1", address)
		if status := askOn(t, phones[i], "/v1/me", tokens[i]); status != 200 {
			t.Fatalf("phone %d: %d", i, status)
		}
	}
	for i, c := range phones { // over the connections that they have kept
		if status := askOn(t, c, "/v1/me", tokens[i]); status != 200 {
			t.Fatalf("phone %d again: %d", i, status)
		}
	}
	if n := h.metric(`jejak_limit_reached_total{limit="failures"}`); n == "0" || n == "" {
		t.Errorf("the metric is %q", n)
	}
}

// The address of a request is what a named proxy says, and nobody else.
func TestAddressesBehindProxies(t *testing.T) {
	prefix := netip.MustParsePrefix
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		proxies      []netip.Prefix
		want, group  string
	}{
		{"no proxy is named", "127.0.0.1:1", []string{"203.0.113.9"}, nil, "127.0.0.1", "127.0.0.1"},
		{"named", "127.0.0.1:1", []string{"203.0.113.9"}, []netip.Prefix{prefix("127.0.0.1/32")}, "203.0.113.9", "203.0.113.9"},
		{"another than the named one", "198.51.100.1:1", []string{"203.0.113.9"}, []netip.Prefix{prefix("127.0.0.1/32")}, "198.51.100.1", "198.51.100.1"},
		{"what the client wrote before", "127.0.0.1:1", []string{"10.0.0.1, 1.1.1.1, 203.0.113.9"}, []netip.Prefix{prefix("127.0.0.1/32")}, "203.0.113.9", "203.0.113.9"},
		{"in a header of his own", "127.0.0.1:1", []string{"1.1.1.1", "203.0.113.9"}, []netip.Prefix{prefix("127.0.0.1/32")}, "203.0.113.9", "203.0.113.9"},
		{"several hops", "10.0.0.2:1", []string{"1.1.1.1, 203.0.113.9, 10.0.0.7"}, []netip.Prefix{prefix("10.0.0.0/8")}, "203.0.113.9", "203.0.113.9"},
		{"a hop that is not named", "10.0.0.2:1", []string{"203.0.113.9, 192.0.2.7"}, []netip.Prefix{prefix("10.0.0.0/8")}, "192.0.2.7", "192.0.2.7"},
		{"all named", "10.0.0.2:1", []string{"10.0.0.9, 10.0.0.7"}, []netip.Prefix{prefix("10.0.0.0/8")}, "10.0.0.9", "10.0.0.9"},
		{"no header", "10.0.0.2:1", nil, []netip.Prefix{prefix("10.0.0.0/8")}, "10.0.0.2", "10.0.0.2"},
		{"no address", "10.0.0.2:1", []string{"1.1.1.1, unknown"}, []netip.Prefix{prefix("10.0.0.0/8")}, "10.0.0.2", "10.0.0.2"},
		{"IPv6 of one network", "[2001:db8::1]:1", nil, nil, "2001:db8::1", "2001:db8::/64"},
		{"another of it", "[2001:db8::ffff:1]:1", nil, nil, "2001:db8::ffff:1", "2001:db8::/64"},
		{"IPv4 in IPv6", "[::ffff:127.0.0.1]:1", []string{"::ffff:203.0.113.9"}, []netip.Prefix{prefix("127.0.0.0/8")}, "203.0.113.9", "203.0.113.9"},
		{"IPv6 with a port", "127.0.0.1:1", []string{"[2001:db8:1::5]:443"}, []netip.Prefix{prefix("127.0.0.0/8")}, "2001:db8:1::5", "2001:db8:1::/64"},
		{"a zone", "[fe80::1%eth0]:1", nil, nil, "fe80::1", "fe80::/64"},
	} {
		h := houseOf(t, plan{proxies: c.proxies})
		r := httptest.NewRequest("GET", "/v1/me", nil)
		r.RemoteAddr = c.remote
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if from, group := h.api.From(r); from.String() != c.want || group != c.group {
			t.Errorf("%s: %s, counted as %s", c.name, from, group)
		}
	}
}

// Failures are counted for the address that a named proxy tells; who forges the header counts against himself.
func TestFailuresBehindAProxy(t *testing.T) {
	fail := func(h *house, forwarded string) int {
		return h.do("GET", "/v1/me", "jjk_wrong", "", nil, "X-Forwarded-For", forwarded).StatusCode
	}
	named := houseOf(t, plan{proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	for i := range 61 {
		fail(named, fmt.Sprintf("10.9.8.%d, 203.0.113.9", i)) // what stands before is the client's own
	}
	if status := fail(named, "203.0.113.9"); status != 429 {
		t.Errorf("after sixty: %d", status)
	}
	if status := fail(named, "203.0.113.10"); status != 401 {
		t.Errorf("another address: %d", status)
	}
	unnamed := newHouse(t)
	for i := range 61 {
		fail(unnamed, fmt.Sprintf("203.0.113.%d", i))
	}
	if status := fail(unnamed, "203.0.113.200"); status != 429 {
		t.Errorf("a proxy that is not named gives everybody an address of his own: %d", status)
	}
}

// endsWith sends a batch and returns its last answer and how many there were.
func (h *house) endsWith(body io.Reader, headers ...string) (last api.Answer, n int) {
	h.t.Helper()
	got := h.answers(h.operator(), body, headers...)
	if len(got) == 0 {
		h.t.Fatal("no answer")
	}
	return got[len(got)-1], len(got)
}

// Every limit of a batch is reached: what came before is answered, and the last answer says what is the matter.
func TestEveryBatchHasAnEnd(t *testing.T) {
	h := newHouse(t)
	packed := func(body io.Reader) *bytes.Buffer {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.Copy(z, body); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		return &b
	}
	check := func(name string, a api.Answer, n, status int, rule string, atLeast, atMost int) {
		t.Helper()
		if a.Result != api.Error || a.Status != status || len(a.Errors) != 1 || a.Errors[0].Rule != rule || n < atLeast || n > atMost {
			t.Errorf("%s: %d answers, the last %+v", name, n, a)
		}
	}
	long := strings.Repeat(`{"pad":"`+strings.Repeat("x", 200<<10)+"\"}\n", 200) // 40 MB
	a, n := h.endsWith(strings.NewReader(long))
	check("bytes as they come", a, n, 413, "batch_too_large", 100, 170)
	a, n = h.endsWith(packed(&padded{n: 200}), "Content-Encoding", "gzip")
	check("bytes unpacked", a, n, 413, "batch_too_large", 100, 170)
	a, n = h.endsWith(packed(strings.NewReader(strings.Repeat(`{"id":"`+strings.Repeat("x", 2000)+"\"}\n", 2_000))), "Content-Encoding", "gzip")
	check("ratio", a, n, 413, "batch_ratio", 100, 1_900)
	a, n = h.endsWith(packed(strings.NewReader(strings.Repeat("x\n", 400_000))), "Content-Encoding", "gzip")
	check("malformed", a, n, 400, "batch_malformed", 1001, 1001)
	a, n = h.endsWith(packed(strings.NewReader(strings.Repeat(`{"a":1}`+"\n", 100_000))), "Content-Encoding", "gzip")
	check("objects that are no commands", a, n, 400, "batch_malformed", 1001, 1001)
	a, n = h.endsWith(strings.NewReader(strings.Repeat("\n", 200_000) + "{}\n"))
	check("lines", a, n, 413, "batch_too_large", 1, 1)
	if a, n := h.endsWith(strings.NewReader(strings.Repeat("x\n", 1000))); n != 1000 || a.Errors[0].Rule == "batch_malformed" {
		t.Errorf("as many as may be: %d, %+v", n, a)
	}
	for _, reason := range []string{"batch_bytes", "batch_ratio", "batch_malformed", "batch_lines"} {
		if h.metric(`jejak_refusals_total{reason="`+reason+`"}`) == "" {
			t.Errorf("no metric of %s", reason)
		}
	}
	release := sync.OnceFunc(h.hold())
	defer release()
	h.api.FillSpools(4 << 20)
	token := h.operator()
	done := make(chan []api.Answer, 1)
	go func() { done <- h.answers(token, bytes.NewReader(large(1000)[:16<<20])) }()
	for deadline := time.Now().Add(20 * time.Second); h.metric(`jejak_limit_taken{limit="batches"}`) != "1" && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	release()
	got := <-done
	check("room on the disk", got[len(got)-1], len(got), 503, "batch_spool", 512, 10_000)
}

// padded are lines of 200 KB that hardly anything can be saved of.
type padded struct {
	n    int
	rest []byte
	seed uint64
}

func (p *padded) Read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		if p.n == 0 {
			return 0, io.EOF
		}
		p.n--
		line := []byte(`{"pad":"`)
		for len(line) < 200<<10 {
			p.seed = p.seed*6364136223846793005 + 1442695040888963407
			line = fmt.Appendf(line, "%016x", p.seed)
		}
		p.rest = append(line, "\"}\n"...)
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// A batch of somebody who sends no commands is refused before its body is read, and leaves nothing on the disk.
func TestNoBatchOfWhoSendsNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	h := newHouse(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/commands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n",
		h.token(domain.RoleObserver, "3501"))
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 403 {
		t.Errorf("%d", resp.StatusCode)
	}
}

// Answers that nobody reads take no room: a small packed body of lines that are no commands.
func TestAnswersThatNobodyReadsTakeNoRoom(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	h := newHouse(t)
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if _, err := z.Write(bytes.Repeat([]byte("x\n"), 400_000)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	before := heap()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/commands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n",
		h.operator(), body.Len())
	if _, err := c.Write(body.Bytes()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); h.metric(`jejak_refusals_total{reason="batch_malformed"}`) == ""; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the batch does not end")
		}
	}
	if after := heap(); after > before+8<<20 {
		t.Errorf("the heap grew from %d to %d KB", before>>10, after>>10)
	}
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}

// Who has reported as much as his role may is told to come later; requests, others and what was accepted before go on.
func TestReportsHaveAQuota(t *testing.T) {
	h := houseOf(t, plan{real: true})
	h.api.SetQuota(map[domain.Role]int{domain.RoleOperator: 5, domain.RoleAdmin: 5})
	lines := make([][]byte, 8)
	now := time.Now().Add(-time.Hour)
	for i := range lines {
		lines[i] = text(envelope("3501", "incident.raise", "report", now.Add(time.Duration(i)*time.Second),
			fmt.Sprintf(`{"kind":"delay","severity":"low","units":["SHP-3501-%d"],"note":"ombak"}`, i)))
	}
	for i := range 5 {
		if a, _ := h.post(h.operator(), lines[i]); a.StatusCode != 200 {
			t.Fatalf("report %d: %d %s", i, a.StatusCode, a.body)
		}
	}
	a, answer := h.post(h.operator(), lines[5])
	if a.StatusCode != 429 || answer.Errors[0].Rule != "too_many_reports" || a.Header.Get("Retry-After") != "720" {
		t.Errorf("the sixth: %d, Retry-After %s: %s", a.StatusCode, a.Header.Get("Retry-After"), a.body)
	}
	if got := h.answers(h.operator(), bytes.NewReader(bytes.Join(lines[5:7], []byte("\n")))); len(got) != 2 || got[0].Status != 429 || got[0].RetryAfter == 0 {
		t.Errorf("in a batch: %+v", got)
	}
	if a, _ := h.post(h.token(domain.RoleAdmin, "35"), lines[7]); a.StatusCode != 200 {
		t.Errorf("another: %d %s", a.StatusCode, a.body)
	}
	if a, _ := h.post(h.operator(), text(envelope("3501", "need.calculate", "request", time.Now(), `{}`))); a.StatusCode == 429 {
		t.Errorf("a request: %d %s", a.StatusCode, a.body)
	}
	if n := h.metric(`jejak_limit_reached_total{limit="reports"}`); n != "3" {
		t.Errorf("the metric is %q", n)
	}
	driven := newHouse(t)
	driven.api.SetQuota(map[domain.Role]int{domain.RoleOperator: 1})
	for i := range 3 {
		if a, _ := driven.post(driven.operator(), delay(i)); a.StatusCode != 200 {
			t.Errorf("in a simulation: %d %s", a.StatusCode, a.body)
		}
	}
}

// A page of a list has at most 4 MiB, however long the texts of its rows are, and the next page is where it ends.
func TestPagesAreBoundedByBytes(t *testing.T) {
	if n := httpapi.Fitting([]string{"12345678", "12345678", "12345678"}, 25); n != 2 {
		t.Errorf("%d texts of eleven bytes fit into 25", n)
	}
	if n := httpapi.Fitting([]string{"12345678"}, 5); n != 1 {
		t.Errorf("%d: one is always there", n)
	}
	h := newHouse(t)
	ids := map[string]bool{}
	const rows = 900
	var body bytes.Buffer
	for i := range rows {
		line := bytes.Replace(delay(i), []byte(fmt.Sprintf(`"SHP-3501-%d"`, i)), []byte(manyUnits(i)), 1)
		body.Write(append(line, '\n'))
	}
	if got := h.answers(h.operator(), &body); len(got) != rows || got[0].Result != api.AcceptedWithDiscrepancy {
		t.Fatalf("%d answers: %+v", len(got), got[0])
	}
	pages := 0
	for path := "/v1/elections/pemilu2024/discrepancies?limit=1000"; path != ""; pages++ {
		a := h.get(path, h.token(domain.RoleAuditor, "35"))
		if a.StatusCode != 200 || len(a.body) > 4<<20+16<<10 {
			t.Fatalf("%d, %d bytes: %.300s", a.StatusCode, len(a.body), a.body)
		}
		var cards []api.DiscrepancyCard
		if err := json.Unmarshal(a.body, &cards); err != nil {
			t.Fatal(err)
		}
		for _, c := range cards {
			if ids[c.ID] {
				t.Fatalf("%s comes twice", c.ID)
			}
			ids[c.ID] = true
		}
		path, _, _ = strings.Cut(strings.TrimPrefix(a.Header.Get("Link"), "<"), ">")
	}
	if len(ids) != rows || pages < 2 {
		t.Errorf("%d rows on %d pages", len(ids), pages)
	}
}

// manyUnits are as many shipments as make 10 KB.
func manyUnits(i int) string {
	list := make([]string, 600)
	for j := range list {
		list[j] = fmt.Sprintf("\"SHP-3501-%d-%d\"", i, j)
	}
	return strings.Join(list, ",")
}

// What is refused for its token is told once a minute for each address, and shortly.
func TestRefusalsAreSummedUp(t *testing.T) {
	h := newHouse(t)
	h.api.SumUpAfter(time.Second)
	before := len(h.log.String())
	for range 200 {
		resp, err := http.Get(h.url + "/v1/" + strings.Repeat("x", 20<<10)) // no path of the document
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(h.log.String()[before:], "more="); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("they are not summed up")
		}
	}
	log := h.log.String()[before:]
	if n := strings.Count(log, "\n"); n > 20 || len(log) > 10<<10 {
		t.Errorf("%d lines, %d bytes for 200 requests", n, len(log))
	}
	if h.metric(`jejak_refusals_total{reason="no_token"}`) != "200" {
		t.Error("not all are counted")
	}
}

// A flag names a limit and its figures; all that is wrong is told at once.
func TestParseLimits(t *testing.T) {
	got, err := httpapi.ParseLimits([]string{"streams=16/2048", "scans=1"})
	if err != nil || len(got) != 2 || got[0].Each != 16 || got[0].All != 2048 || got[1].Each != 1 || got[1].All != 4 || got[1].Wait != 30*time.Second {
		t.Errorf("%+v %v", got, err)
	}
	_, err = httpapi.ParseLimits([]string{"tea=1", "streams=x", "streams=4/2", "streams=0"})
	for _, want := range []string{`"tea=1"`, `"streams=x"`, `"streams=4/2"`, `"streams=0"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
}

// However many questions about the past one reader asks, another's is answered after those which are under way, and not after those that wait.
func TestOneReadersScansDoNotDelayAnothers(t *testing.T) {
	h := newHouse(t)
	const board = "/v1/elections/pemilu2024/regencies/3501?position=5"
	greedy, other := h.token(domain.RoleAuditor, "35"), h.admin()
	letGo, err := h.api.Hold("scans", h.me(greedy), 2) // his share, by questions that last
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan int, 8)
	for range cap(answers) {
		go func() { answers <- h.get(board, greedy).StatusCode }()
	}
	if a := h.get(board, other); a.StatusCode != 200 {
		t.Errorf("another's: %d %s", a.StatusCode, a.body)
	}
	if len(answers) > 0 {
		t.Errorf("one of the greedy reader's was answered beyond his share: %d", <-answers)
	}
	letGo()
	for range cap(answers) {
		if status := <-answers; status != 200 {
			t.Errorf("one that waited: %d", status)
		}
	}
}
