//go:build linux || darwin

package server

import "syscall"

// freeBytes are what this user may still write to the disk of a folder; ok is false where that is unknown.
func freeBytes(folder string) (n uint64, ok bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, false
	}
	return disk.Bavail * uint64(disk.Bsize), true
}
