package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"jejak/internal/clock"
	"jejak/internal/handover"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/people"
)

// Archive is where minutes of handoffs get names and proofs from, while this has the log. close must be called.
func (l *Log) Archive(ctx context.Context) (archive handover.Archive, close func() error, err error) {
	dir := l.server.cfg.Dir
	accounts, err := openPeople(ctx, dir, people.Options{Clock: clock.System{}, Stream: journal.AccountsStream})
	if err != nil {
		return archive, nil, err
	}
	archive = handover.Archive{Store: l.Store, Names: accounts.Name, Simulated: l.Simulated}
	folder := filepath.Join(dir, NotaryFolder)
	if _, err := os.Stat(filepath.Join(folder, notary.BookFile)); errors.Is(err, fs.ErrNotExist) {
		return archive, accounts.Close, nil // of before the notary
	}
	reader, err := notary.OpenReader(folder, l.Store)
	if err != nil {
		return archive, nil, errors.Join(err, accounts.Close())
	}
	archive.Prover = reader
	return archive, func() error { return errors.Join(reader.Close(), accounts.Close()) }, nil
}
