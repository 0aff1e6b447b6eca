package feed

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"jejak/eventstore"
)

// TestBoard: what could not be put is put later, and then the newest row alone; an older row never takes the place of a newer one.
func TestBoard(t *testing.T) {
	type put struct {
		unit     string
		position eventstore.Position
	}
	puts := make(chan put, 100)
	refused := make(chan struct{})
	away := true
	b := NewBoard(nil, slog.New(slog.DiscardHandler))
	b.put = func(_ context.Context, _, unit string, position eventstore.Position, _ []byte) error {
		if away {
			away = false // it refuses once, and what is offered until the test goes on is newer
			<-refused
			return errors.New("the broker is away")
		}
		puts <- put{unit, position}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Run(ctx)
	}()
	b.Offer("pemilu2024", "3578", 7, []byte(`{"position":7}`))
	b.Offer("pemilu2024", "3578", 9, []byte(`{"position":9}`))
	b.Offer("pemilu2024", "3578", 8, []byte(`{"position":8}`))
	b.Offer("pemilu2024", "3501", 3, []byte(`{"position":3}`))
	close(refused)
	newest := map[string]eventstore.Position{}
	for newest["3578"] != 9 || newest["3501"] != 3 {
		select {
		case p := <-puts:
			if p.position < newest[p.unit] || p.position == 8 {
				t.Errorf("%+v after %d", p, newest[p.unit])
			}
			newest[p.unit] = p.position
		case <-time.After(time.Minute):
			t.Fatalf("put: %v", newest)
		}
	}
	cancel()
	<-ended
}
