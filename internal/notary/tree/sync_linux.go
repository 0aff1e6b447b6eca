package tree

import (
	"os"

	"golang.org/x/sys/unix"
)

// beginSync has the system begin to put a file on the disk. It promises nothing: what fails here fails again in the sync that follows.
func beginSync(file *os.File) {
	_ = unix.SyncFileRange(int(file.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}
