package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"jejak/eventstore/lock"
	"jejak/internal/readlog"
)

// Reads is the log of reads of a data directory that no server has open.
type Reads struct {
	*readlog.Log
	lock *lock.Lock
}

// OpenReads opens what auditors have read. A server that has the directory is a *lock.HeldError: it is to be asked.
func OpenReads(ctx context.Context, dir string) (*Reads, error) {
	name := filepath.Join(dir, ReadsFile)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there: name the data directory of a server with --data", name)
	} else if err != nil {
		return nil, err
	}
	l, err := lock.Acquire(dir)
	if err != nil {
		return nil, err
	}
	reads, err := readlog.Open(ctx, name, nil)
	if err != nil {
		return nil, errors.Join(err, l.Release())
	}
	return &Reads{reads, l}, nil
}

// Close closes it and gives the directory back.
func (r *Reads) Close() error { return errors.Join(r.Log.Close(), r.lock.Release()) }
