package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"jejak/eventstore/lock"
	"jejak/internal/clock"
	"jejak/internal/journal"
	"jejak/internal/people"
)

// Accounts are the people of a data directory that no server has open.
type Accounts struct {
	*people.Store
	lock *lock.Lock
}

// OpenAccounts opens the people of a directory, which it makes if it is not there, and sees to its first admin. A server that has the
// directory is a *lock.HeldError: the accounts are to be changed through it. Changes are recorded in the log when a server next starts.
func OpenAccounts(ctx context.Context, dir string) (*Accounts, error) {
	if err := makeDirectory(dir); err != nil {
		return nil, err
	}
	l, err := lock.Acquire(dir)
	if err != nil {
		return nil, err
	}
	a, err := openAccounts(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, l.Release())
	}
	return &Accounts{Store: a, lock: l}, nil
}

func openAccounts(ctx context.Context, dir string) (*people.Store, error) {
	var c clock.Clock = clock.System{}
	m, err := readMark(dir)
	if err != nil {
		return nil, err
	}
	if m != nil && m.Kind == Simulated {
		now, err := rememberedTime(dir)
		if err != nil {
			return nil, err
		}
		c = clock.NewDriven(now)
	}
	store, err := openPeople(ctx, dir, people.Options{Clock: c, Stream: journal.AccountsStream})
	if err != nil {
		return nil, err
	}
	if err := store.EnsureAdmin(ctx, dir, m.province()); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// openPeople opens people.db, which nobody but its owner may read: it has names.
func openPeople(ctx context.Context, dir string, opts people.Options) (*people.Store, error) {
	name := filepath.Join(dir, PeopleFile)
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = errors.Join(file.Chmod(0o600), file.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("keep %s from others: %w", name, err)
	}
	return people.Open(ctx, name, opts)
}

// Close closes the people and gives the directory back.
func (a *Accounts) Close() error {
	if err := errors.Join(a.Store.Close(), a.lock.Release()); err != nil {
		return fmt.Errorf("close the accounts: %w", err)
	}
	return nil
}

// discard is for what runs without a log of its own.
var discard = slog.New(slog.DiscardHandler)
