package follow

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/internal/api"
)

// letter is a message as NATS hands it over.
type letter struct {
	jetstream.Msg
	subject string
	headers nats.Header
	data    []byte
	acked   int
	ack     error
}

func (l *letter) Subject() string      { return l.subject }
func (l *letter) Headers() nats.Header { return l.headers }
func (l *letter) Data() []byte         { return l.data }
func (l *letter) Ack() error           { l.acked++; return l.ack }

func letterOf(sequence, area string) *letter {
	return &letter{
		subject: "jejak.pemilu2024." + area + ".shipment.SHP-3578-1.arrived", data: []byte(`{}`),
		headers: nats.Header{"ce-sequence": {sequence}, "ce-id": {"e" + sequence}, "Nats-Msg-Id": {"e" + sequence + "." + area}},
	}
}

// TestOnceAndInOrder: what comes again, after an acknowledgement was lost or the feed was published anew, is acknowledged and not handed on; the other
// messages of the same event are.
func TestOnceAndInOrder(t *testing.T) {
	var had []string
	f := &follower{seen: map[string]struct{}{}, Config: Config{Each: func(m Message) error {
		had = append(had, fmt.Sprint(m.Sequence, " ", m.key))
		return nil
	}}}
	for _, step := range [][2]string{{"7", "3578"}, {"7", "P3578A"}, {"7", "3578"}, {"9", "3578"}, {"7", "P3578A"}, {"9", "3578"}, {"3", "3578"}, {"9", "P3578A"}, {"10", "3578"}} {
		l := letterOf(step[0], step[1])
		if err := f.take(l); err != nil || l.acked != 1 {
			t.Fatalf("%v: %v, acknowledged %d times", step, err, l.acked)
		}
	}
	if want := []string{"7 e7.3578", "7 e7.P3578A", "9 e9.3578", "9 e9.P3578A", "10 e10.3578"}; !slices.Equal(had, want) {
		t.Errorf("%q", had)
	}
}

// TestWhatEndsFollowing: what is no message of the feed, and a receiver that fails; an acknowledgement that fails does not, and nothing is handed on twice for it.
func TestWhatEndsFollowing(t *testing.T) {
	count, broken := 0, error(nil)
	f := &follower{seen: map[string]struct{}{}, Config: Config{Each: func(Message) error { count++; return broken }}}
	var ends *endError
	for name, spoil := range map[string]func(l *letter){
		"no position": func(l *letter) { l.headers = nats.Header{} },
		"no JSON":     func(l *letter) { l.data = []byte("{") },
	} {
		l := letterOf("7", "3578")
		spoil(l)
		if err := f.take(l); !errors.As(err, &ends) || l.acked != 0 || count != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := letterOf("7", "3578")
	l.ack = errors.New("connection lost")
	if err := f.take(l); err == nil || errors.As(err, &ends) || count != 1 {
		t.Errorf("lost acknowledgement: %v, %d", err, count)
	}
	if l.ack = nil; f.take(l) != nil || count != 1 {
		t.Errorf("it came again: %d", count)
	}
	broken = errors.New("disk full")
	l = letterOf("8", "3578")
	if err := f.take(l); !errors.Is(err, broken) || !errors.As(err, &ends) || l.acked != 0 || f.last != 7 {
		t.Errorf("receiver: %v, %d", err, f.last)
	}
}

// TestAsksForAConsumerInMemory: what it has had is known here, so its consumer need not outlive the server; after a break it asks from before the last message.
func TestAsksForAConsumerInMemory(t *testing.T) {
	var asked []api.FeedQuery
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q api.FeedQuery
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		asked = append(asked, q)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"stream":"JEJAK","consumer":"usr-a-1","subjects":[],"position":5}`)
	}))
	defer server.Close()
	f := &follower{since: "last", seen: map[string]struct{}{}, Config: Config{Query: api.FeedQuery{Shipment: "SHP-3578-1"}}}
	for _, last := range []uint64{0, 0, 8} {
		f.last = last
		if _, err := f.consumer(t.Context(), server.URL); err != nil {
			t.Fatal(err)
		}
	}
	for i, since := range []string{"last", "5", "7"} {
		if q := asked[i]; q.Since != since || !q.InMemory || q.Shipment != "SHP-3578-1" {
			t.Errorf("%+v, want since %s, in memory", q, since)
		}
	}
}
