package httpapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/clock"
	"jejak/internal/people"
)

// FuzzLines: the lines of a batch are those of the text, however it is cut into packets; only those that are longer than a command may be are
// not read, and what stands after them is.
func FuzzLines(f *testing.F) {
	for _, text := range []string{"", "\n", "a\nb", "a\r\n\r\nb\n", "\x00\n\xff", strings.Repeat("x", 70_000) + "\nb"} {
		f.Add([]byte(text), uint32(0), uint32(0), false)
		f.Add([]byte(text), uint32(maxCommand), uint32(1), true)
		f.Add([]byte(text), uint32(3), uint32(2*maxCommand), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, at, long uint32, packets bool) {
		// A long line does not have to be invented byte by byte.
		cut := int(at) % (len(text) + 1)
		text = append(append(bytes.Clone(text[:cut]), bytes.Repeat([]byte("x"), int(long)%(3*maxCommand))...), text[cut:]...)
		var body io.Reader = bytes.NewReader(text)
		if packets {
			body = iotest.HalfReader(body)
		}
		reader := bufio.NewReaderSize(body, 64<<10)
		for want := range bytes.Lines(text) {
			line, err := readLine(reader)
			plain := bytes.TrimRight(want, "\r\n")
			switch {
			case errors.Is(err, errLineTooLong):
				if len(plain) <= maxCommand-2 {
					t.Fatalf("%d bytes are too long", len(plain))
				}
			case err != nil && !errors.Is(err, io.EOF):
				t.Fatal(err)
			case !bytes.Equal(line, want):
				t.Fatalf("read %d bytes %.80q, want %d bytes %.80q", len(line), line, len(want), want)
			case len(plain) > maxCommand+2:
				t.Fatalf("%d bytes are not too long", len(plain))
			}
		}
		if line, err := readLine(reader); len(line) > 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("after the end: %q, %v", line, err)
		}
	})
}

// FuzzEventQuery: what is asked of the log is understood or every fault has its parameter; what is understood, asked again in the plainest form,
// means the same.
func FuzzEventQuery(f *testing.F) {
	for _, q := range []string{"", "after=7&limit=2", "from=2024-02-13T06:45:00%2B07:00&to=x", "type=a,b,,c&unit=3578&election=pemilu2024", "box=3578011001001-PPWP&shipment=%22", "attempts=true",
		"attempts=yes", "as_of=1", "colour=red&after=-1&limit=1e3", "after=9223372036854775808", "after=9223372036854775807", "limit=&after="} {
		f.Add(q, "")
		f.Add(q, "12")
	}
	f.Fuzz(func(t *testing.T, query, last string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		e, p := readEventQuery(q, last)
		if p != nil {
			if len(p.Errors) == 0 || p.Status < 400 {
				t.Fatalf("refused without a reason: %+v", p)
			}
			return
		}
		plain := url.Values{"after": {strconv.FormatUint(uint64(e.after), 10)}, "limit": {strconv.Itoa(e.limit)}, "attempts": {strconv.FormatBool(e.attempts)},
			"type": {strings.Join(e.types, ",")}, "election": {e.election}, "unit": {e.unit}, "box": {e.box}, "shipment": {e.shipment}}
		for name, at := range map[string]time.Time{"from": e.from, "to": e.to} {
			if !at.IsZero() {
				plain.Set(name, at.Format(time.RFC3339Nano))
			}
		}
		again, p := readEventQuery(plain, "")
		if p != nil || again.after != e.after || again.limit != e.limit || !again.from.Equal(e.from) || !again.to.Equal(e.to) || len(again.mentions) != len(e.mentions) {
			t.Fatalf("%+v is asked again as %s: %+v, %+v", e, plain.Encode(), again, p)
		}
		for _, text := range e.mentions {
			if !json.Valid(text) {
				t.Fatalf("mentions %q", text)
			}
		}
		_ = e.filter()
	})
}

// fuzzNow is before every expiry that is tried.
var fuzzNow = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// FuzzUsers: an import of people is read as a whole or refused with the place of every fault; what was read, written again, is the same.
func FuzzUsers(f *testing.F) {
	good := `{"role":"station","scope":"3578011001001","name":"Siti","expires":"2024-03-01T00:00:00.5+07:00"}`
	for _, text := range []string{"", good, good + "\n\n" + good, good[:40], `{"role":"x","color":1}`, `null`, `[]`, `{"expires":"tomorrow"}`, `{"role":"a","role":"b"}`, "{}\n{\"name\":\"\xff\"}",
		strings.Repeat("x\n", 5000)} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, many bool) {
		kind := object
		if many {
			kind = lines
		}
		users, numbers, p := readUsers(raw, kind, fuzzNow)
		if p != nil {
			if len(p.Errors) == 0 || len(p.Errors) > maxProblems || len(users) > 0 {
				t.Fatalf("%d errors, %d users", len(p.Errors), len(users))
			}
			return
		}
		if many != (len(numbers) == len(users)) && len(users) > 0 {
			t.Fatalf("%d users on %d lines", len(users), len(numbers))
		}
		var again []byte
		for _, u := range users {
			line := map[string]string{"role": string(u.Role), "scope": u.Scope, "name": u.Name, "phone": u.Phone, "id": u.ID, "token_sha256": u.TokenSHA256}
			if !u.Expires.IsZero() {
				line["expires"] = u.Expires.Format(time.RFC3339Nano)
			}
			text, err := json.Marshal(line)
			if err != nil {
				t.Fatal(err)
			}
			again = append(append(again, text...), '\n')
		}
		same, _, p := readUsers(again, lines, fuzzNow)
		if p != nil || len(same) != len(users) {
			t.Fatalf("%s is refused: %+v", again, p)
		}
		for i, u := range users {
			v := same[i]
			if !u.Expires.Equal(v.Expires) {
				t.Fatalf("expires %v and %v", u.Expires, v.Expires)
			}
			u.Expires, v.Expires = time.Time{}, time.Time{}
			if u != v {
				t.Fatalf("%+v and %+v", u, v)
			}
		}
	})
}

// FuzzAuthorization: only the exact token opens, however the header is written; everything else has a reason.
func FuzzAuthorization(f *testing.F) {
	store, err := people.Open(f.Context(), ":memory:", people.Options{Clock: clock.System{}})
	if err != nil {
		f.Fatal(err)
	}
	defer store.Close()
	added, err := store.Add(f.Context(), people.NewUser{Role: domain.RoleAdmin, Scope: "35"})
	if err != nil {
		f.Fatal(err)
	}
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x", "bearer  TOKEN ", "Basic TOKEN", "Bearer\tTOKEN", "Bearer TOKEN TOKEN", "TOKEN", "Bearer Bearer TOKEN"} {
		f.Add(header)
	}
	s := &Server{cfg: Config{People: store}}
	f.Fuzz(func(t *testing.T, header string) {
		header = strings.ReplaceAll(header, "TOKEN", added.Token)
		r := httptest.NewRequest(http.MethodGet, "/v1/clock", nil)
		r.Header["Authorization"] = []string{header}
		user, reason := s.authenticate(r)
		scheme, token, _ := strings.Cut(header, " ")
		if is := strings.EqualFold(scheme, "bearer") && strings.TrimSpace(token) == added.Token; is != (reason == "") || is != (user.ID == added.ID) {
			t.Errorf("%q: user %q, reason %q", header, user.ID, reason)
		}
	})
}

// FuzzUnitOfID: the cursor of a list names a unit or none.
func FuzzUnitOfID(f *testing.F) {
	for _, id := range []string{"", "SHP-3578-1", "DSC-3501-00017", "-", "SHP--1", "SHP-35781-1"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if unit := unitOfID(id); unit != "" && !strings.Contains(id, string(unit)) {
			t.Errorf("%q is of unit %q", id, unit)
		}
		_ = placeOf(id).Level()
	})
}

// FuzzAnswer: an answer is written as encoding/json writes it, byte for byte.
func FuzzAnswer(f *testing.F) {
	f.Add("018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", "accepted", "box.sealed", 0, uint64(7), 2, 0, 0, "")
	f.Add("<\"\\>&\x00\xff\u2028é", "error", "", 3, uint64(1<<63), 0, 503, -1, "not_json")
	f.Fuzz(func(t *testing.T, id, result, event string, line int, position uint64, events, status, retry int, rule string) {
		a := api.Answer{ID: id, Line: line, Result: api.Result(result), Position: position, Status: status, RetryAfter: retry}
		for range max(0, min(events, 5)) {
			a.Events = append(a.Events, api.EventRef{ID: id, Type: event})
		}
		for i := range max(0, min(line, 3)) {
			d := api.Discrepancy{ID: id, Kind: event, Severity: result}
			for range i {
				d.Units = append(d.Units, event)
			}
			a.Discrepancies = append(a.Discrepancies, d)
		}
		if rule != "" {
			a.Errors = []api.Problem{{Rule: rule}}
		}
		want, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendAnswer([]byte("x"), &a); string(got) != "x"+string(want)+"\n" {
			t.Errorf("written %s, want %s", got, want)
		}
	})
}
