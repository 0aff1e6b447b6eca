package feed

import (
	"context"
	"sync/atomic"
	"time"

	"jejak/internal/bench/serving"
)

// effort is what commands took.
type effort struct {
	rate   float64 // answered/s
	micros float64 // of the server's processor time for each, until it was at rest again
	rest   float64 // s from the last answer until then
}

// spent sends commands as fast as they are answered, and waits until the server is at rest again: what they leave to be done would else be taken for the
// effort of whatever comes next.
func spent(ctx context.Context, h *house, list []shipment, d time.Duration) (effort, error) {
	before, _, err := serving.Process(h.PID)
	if err != nil {
		return effort{}, err
	}
	var next, done atomic.Int64
	began := time.Now()
	err = each(clients, make([]struct{}, clients), func(*struct{}) error {
		for time.Since(began) < d {
			if _, err := h.pass(ctx, &list[int(next.Add(1)-1)%len(list)]); err != nil {
				return err
			}
			done.Add(1)
		}
		return nil
	})
	if err != nil {
		return effort{}, err
	}
	answered := time.Now()
	if err := serving.Rest(ctx, h.PID); err != nil {
		return effort{}, err
	}
	rested := time.Since(answered) - serving.RestFor
	after, _, err := serving.Process(h.PID)
	commands := float64(done.Load())
	return effort{commands / answered.Sub(began).Seconds(), float64((after - before).Microseconds()) / commands, rested.Seconds()}, err
}
