package province

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"jejak/internal/bench/serving"
)

// cost is what a command took as a process of its own, with its start.
type cost struct {
	took time.Duration
	peak int64 // memory, 0 where it is this process
}

// ask runs the program and reads the JSON that it prints.
func ask(ctx context.Context, program string, into any, args ...string) (c cost, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	began := time.Now()
	out, err := cmd.Output()
	c.took = time.Since(began)
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s%s", err, out, failed.Stderr)
		}
		return c, fmt.Errorf("jejak %v: %w", args, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return c, fmt.Errorf("jejak %v: %q: %w", args, out, err)
	}
	c.peak = serving.PeakOf(cmd.ProcessState)
	return c, nil
}
