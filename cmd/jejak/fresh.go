package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"jejak/eventstore/lock"
	"jejak/internal/exit"
	"jejak/internal/server"
)

// startOver empties a directory that a demo made; any other with something in it is left alone. The mark that it is a demo's goes last, so
// that a deletion that was cut off can be done again. The lock stays: it is held.
func startOver(dir string) (err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	demo, err := server.IsDemo(dir)
	if err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	if !demo {
		if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() != lock.FileName }) {
			return nil
		}
		return exit.Errorf(exit.Usage, "--fresh deletes only what jejak demo has made, and %s was not made by it: delete it yourself or name another --data", dir)
	}
	held, err := lock.Acquire(dir)
	var other *lock.HeldError
	if errors.As(err, &other) {
		return inUse(other)
	}
	if err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	last := map[string]bool{server.MarkFile: true, lock.FileName: true}
	for _, entry := range entries {
		if !last[entry.Name()] {
			if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
				return fmt.Errorf("start over: %w", err)
			}
		}
	}
	if err := os.Remove(filepath.Join(dir, server.MarkFile)); err != nil {
		return fmt.Errorf("start over: %w", err)
	}
	return nil
}

// demoLog is the server's log in the directory of a demo.
const demoLog = "demo.log"

// lazyFile is a file that is made with the first write: the directory comes into being while its server opens. It is not closed: the log of a
// server is written to until the process ends.
type lazyFile struct {
	name string
	once sync.Once
	file *os.File
	err  error
}

func (l *lazyFile) Write(p []byte) (int, error) {
	l.once.Do(func() { l.file, l.err = os.OpenFile(l.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) })
	if l.err != nil {
		return 0, l.err
	}
	return l.file.Write(p)
}
