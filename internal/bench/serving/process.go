package serving

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Process reads Linux's account of a process: clock ticks are hundredths of a second in its interface (proc(5)).
func Process(pid int) (cpu time.Duration, memory int64, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("look at the server's process: %w", err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest) // from the third on
	if len(fields) < 22 {
		return 0, 0, fmt.Errorf("look at the server's process: %q", stat)
	}
	var n [3]int64
	for i, at := range []int{14 - 3, 15 - 3, 24 - 3} {
		if n[i], err = strconv.ParseInt(fields[at], 10, 64); err != nil {
			return 0, 0, fmt.Errorf("look at the server's process: %w", err)
		}
	}
	return time.Duration(n[0]+n[1]) * 10 * time.Millisecond, n[2] * int64(os.Getpagesize()), nil
}

// Peak is the most memory that a process has had resident, in bytes.
func Peak(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("look at the server's process: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("look at the server's process: %d has no VmHWM", pid)
}
