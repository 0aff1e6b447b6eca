// Package lock keeps a data directory for one process at a time.
package lock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// FileName is the file in the data directory that is locked. It stays there; what counts is the lock on it, which the operating system takes
// away when the process ends in whatever way.
const FileName = "lock"

// HeldError says that another process has the directory. errors.As finds it.
type HeldError struct {
	Dir string
	PID int // of the holder, 0 when it has not written it yet
}

func (e *HeldError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("data directory %s is in use by %s: stop it, or name another directory", e.Dir, who)
}

// Lock is a directory that this process has.
type Lock struct{ file *os.File }

// Acquire takes the directory, which must exist, for this process until Release or the end of the process. If another has it, also one in this
// process, the error is a *HeldError.
func Acquire(dir string) (*Lock, error) {
	file, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	held, err := tryLock(file)
	if held {
		return nil, errors.Join(&HeldError{Dir: dir, PID: readPID(file)}, file.Close())
	}
	if err == nil {
		// On a full disk there is no room for the pid. It is a help for who is refused; a backup must be possible all the same.
		if err = writePID(file); errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lock data directory %s: %w", dir, errors.Join(err, file.Close()))
	}
	return &Lock{file}, nil
}

// Release gives the directory back. Everything in it must have been closed before.
func (l *Lock) Release() error {
	// Emptied first, so that nobody reads a pid that no longer holds it. The file is not removed: a process that has just opened it would lock
	// a file that the next one does not see.
	return errors.Join(l.file.Truncate(0), l.file.Close())
}

func writePID(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// readPID returns 0 if there is none to be read: the refusal is certain, the pid a help.
func readPID(file *os.File) int {
	b, err := io.ReadAll(io.NewSectionReader(file, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}
