//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"
)

// used tells how many seconds of processor this process has used and how many bytes of memory it had at most; 0 where that is unknown.
func used() (cpu float64, memory int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0
	}
	memory = int64(u.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" { // the others count in KiB
		memory <<= 10
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds(), memory
}
