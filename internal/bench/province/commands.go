package province

import (
	"bytes"
	"context"
	"encoding/json"
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
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return c, fmt.Errorf("jejak %v: %w", args, err)
	}
	ended := make(chan struct{})
	peak := watchPeak(cmd.Process.Pid, ended)
	err = cmd.Wait()
	c.took = time.Since(began)
	close(ended)
	c.peak = <-peak
	if err != nil {
		return c, fmt.Errorf("jejak %v: %w: %s%s", args, err, &out, &told)
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		return c, fmt.Errorf("jejak %v: %q: %w", args, &out, err)
	}
	return c, nil
}

// watchPeak looks every few milliseconds at the most memory that a process has had. What the system says of one that has ended counts what its parent
// had when it began.
func watchPeak(pid int, ended <-chan struct{}) <-chan int64 {
	found := make(chan int64, 1)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for most := int64(0); ; {
			if peak, err := serving.Peak(pid); err == nil {
				most = max(most, peak)
			}
			select {
			case <-tick.C:
			case <-ended:
				found <- most
				return
			}
		}
	}()
	return found
}
