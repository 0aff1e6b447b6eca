package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jejak/internal/api"
)

// server answers with a handler that is told how often it was called before.
func server(t *testing.T, handler func(w http.ResponseWriter, r *http.Request, call int)) *Client {
	t.Helper()
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { calls++ }()
		handler(w, r, calls)
	}))
	t.Cleanup(s.Close)
	c, err := New(s.URL, Options{Patience: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func answer(w http.ResponseWriter, id string, result api.Result, rule string) {
	a := api.Answer{ID: id, Result: result}
	if rule != "" {
		a.Errors = []api.Problem{{Rule: rule, MessageEN: rule}}
	}
	_ = json.NewEncoder(w).Encode(a) // a test's client is there
}

const three = "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n"

// ids reads the ids of the lines of a request.
func ids(r *http.Request) (list []string) {
	for s := bufio.NewScanner(r.Body); s.Scan(); {
		var c struct{ ID string }
		_ = json.Unmarshal(s.Bytes(), &c) // only what SendLines was given
		list = append(list, c.ID)
	}
	return list
}

// send sends three lines and notes what came of them.
func send(t *testing.T, c *Client) (got []string, err error) {
	t.Helper()
	err = c.SendLines(t.Context(), "token", []byte(three), func(a api.Answer, resent bool) {
		got = append(got, fmt.Sprintf("%d %s %s %v", a.Line, a.ID, a.Result, resent))
	})
	return got, err
}

func TestALineThatTheServerIsTooBusyForIsSentAgain(t *testing.T) {
	var asked []string
	c := server(t, func(w http.ResponseWriter, r *http.Request, call int) {
		list := ids(r)
		asked = append(asked, strings.Join(list, ""))
		for _, id := range list {
			if call == 0 && id == "b" {
				answer(w, id, api.Error, "overloaded")
				continue
			}
			answer(w, id, api.Accepted, "")
		}
	})
	got, err := send(t, c)
	want := "1 a accepted false,2 b accepted true,3 c accepted true"
	if err != nil || strings.Join(got, ",") != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	if strings.Join(asked, " ") != "abc bc" {
		t.Errorf("asked %v", asked)
	}
}

func TestLinesWithoutAnAnswerAreSentAgain(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request, call int) {
		list := ids(r)
		answer(w, list[0], api.Accepted, "")
		if call == 0 {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler) // the server dies
		}
		for _, id := range list[1:] {
			answer(w, id, api.Duplicate, "")
		}
	})
	got, err := send(t, c)
	want := "1 a accepted false,2 b accepted true,3 c duplicate true"
	if err != nil || strings.Join(got, ",") != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
}

func TestAnErrorThatStaysIsAnAnswer(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		for _, id := range ids(r) {
			answer(w, id, api.Error, "field_missing")
		}
	})
	got, err := send(t, c)
	if err != nil || len(got) != 3 || got[0] != "1 a error false" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSingleCommands(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, _ *http.Request, call int) {
		switch call {
		case 0:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 1:
			w.WriteHeader(http.StatusConflict)
			answer(w, "a", api.Rejected, "packed_twice")
		default:
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(Problem{Title: "Unauthorized", Detail: "unknown token"})
		}
	})
	a, resent, err := c.Send(t.Context(), "token", []byte(`{}`))
	if err != nil || !resent || a.Result != api.Rejected || a.Status != 409 || a.Errors[0].Rule != "packed_twice" {
		t.Errorf("%+v %v %v", a, resent, err)
	}
	_, _, err = c.Send(t.Context(), "token", []byte(`{}`))
	refused, ok := errors.AsType[*StatusError](err)
	if !ok || refused.Status != 401 || !strings.Contains(err.Error(), "unknown token") {
		t.Errorf("%v", err)
	}
}

func TestAServerThatIsAwayIsWaitedFor(t *testing.T) {
	var back atomic.Bool // until then every connection ends without an answer; the address stays taken all the time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !back.Load() {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close() // that is what is wanted
			return
		}
		_ = json.NewEncoder(w).Encode(api.Clock{Now: "2024-02-14T07:00:00+07:00"}) // a test's client is there
	}))
	defer server.Close()
	c, err := New(server.URL, Options{Patience: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Clock(t.Context(), "token")
	if _, ok := errors.AsType[*UnreachableError](err); !ok {
		t.Errorf("%v", err)
	}
	patient, err := New(server.URL, Options{Patience: time.Minute, OnRetry: func(error, time.Duration) { back.Store(true) }})
	if err != nil {
		t.Fatal(err)
	}
	now, err := patient.Clock(t.Context(), "token")
	if err != nil || now.Year() != 2024 {
		t.Errorf("%v %v", now, err)
	}
}

func TestAddressesOfServers(t *testing.T) {
	for _, bad := range []string{"", "localhost:8080", "ftp://x", "http://"} {
		if _, err := New(bad, Options{}); err == nil {
			t.Errorf("%q is taken for a server's address", bad)
		}
	}
}

// TestABusyServerIsNotAskedForEver: a server that goes on answering 503, as one whose disk is full, is given up, and its last answer is told.
func TestABusyServerIsNotAskedForEver(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"title":"Service Unavailable","errors":[{"rule":"disk_full","message_en":"the disk is full","remedy_en":"free some space"}]}`)
	}))
	defer server.Close()
	c, err := New(server.URL, Options{Patience: time.Hour, Busy: 400 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = c.Call(ctx, "token", http.MethodPost, "/v1/users", "", nil)
	var answer *StatusError
	if !errors.As(err, &answer) || ctx.Err() != nil || !strings.Contains(err.Error(), "free some space") || asked.Load() < 2 {
		t.Errorf("after %d attempts: %v", asked.Load(), err)
	}
	endless, err := New(server.URL, Options{Busy: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer endless.Close()
	before := asked.Load()
	ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err = endless.Call(ctx, "token", http.MethodPost, "/v1/users", "", nil); !errors.Is(err, context.DeadlineExceeded) || asked.Load() < before+2 {
		t.Errorf("as long as the context lasts: %v", err)
	}
}
