package serving

import (
	"os"
	"syscall"
)

// PeakOf is the most memory that a process that has ended had resident, in bytes; 0 where the system does not tell.
func PeakOf(ended *os.ProcessState) int64 {
	if used, ok := ended.SysUsage().(*syscall.Rusage); ok {
		return used.Maxrss << 10
	}
	return 0
}
