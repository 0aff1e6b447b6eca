//go:build linux || darwin

package diskfull

import (
	"os"
	"syscall"
)

// Free is how many bytes this user may still write to the disk of a folder, or of a file; ok is false where that is unknown.
func Free(folder string) (n uint64, ok bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, false
	}
	if os.Geteuid() == 0 { // what is kept back is kept for root
		return disk.Bfree * uint64(disk.Bsize), true
	}
	return disk.Bavail * uint64(disk.Bsize), true
}
