package serving

import (
	"context"
	"fmt"
	"time"
)

// RestFor is how long a server must have done next to nothing to be at rest: longer than the pauses of what works in its background. The index of things
// looks at the log every two seconds and leaves it alone while it grows fast, so that it may begin four seconds after the last command.
const RestFor = 5 * time.Second

// Rest waits until a process has used less than a twentieth of a processor for RestFor. What its work leaves to be done would else be taken for that of
// whatever comes next.
func Rest(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	last, _, err := Process(pid)
	for err == nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not come to rest: %w", ctx.Err())
		case <-time.After(RestFor):
		}
		var now time.Duration
		if now, _, err = Process(pid); now-last < RestFor/20 {
			return err
		}
		last = now
	}
	return err
}
