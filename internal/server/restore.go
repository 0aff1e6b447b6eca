package server

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/backup"
	"jejak/internal/notary"
	"jejak/internal/notary/verify"
)

// NotEmptyError: a directory to restore into has something in it.
type NotEmptyError struct{ Dir string }

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("%s is not an empty directory: name a new one, a restore replaces nothing", e.Dir)
}

// Restoring is what is done at the moment, for people who watch.
type Restoring string

const (
	Reading  Restoring = "reading the backup"
	Checking Restoring = "checking the log"
)

// Restore makes a data directory of a backup. dir must not be there, or be empty. Everything is made and checked beside it, under another name, and only then
// moved there: what a restore that fails leaves behind is nothing, and what one that is killed leaves is a folder that no server takes for data. A file that is
// not whole is a *backup.DamagedError, a directory with something in it a *NotEmptyError.
// program is the version of the one that restores; it is kept with the epoch that begins.
func Restore(ctx context.Context, name, dir, program string, progress func(what Restoring, done, total uint64)) (list backup.Manifest, err error) {
	return restore(ctx, name, dir, progress, func(r *restorer, ctx context.Context, list backup.Manifest) error {
		if err := r.checkLog(ctx, list); err != nil {
			return err
		}
		return r.beginEpoch(ctx, name, program, list)
	})
}

// beginEpoch has the notary of the restored log begin an epoch of its own: where the log was that the backup is of, other records may have been signed since.
func (r *restorer) beginEpoch(ctx context.Context, name, program string, list backup.Manifest) (err error) {
	if _, err := os.Stat(filepath.Join(NotaryDir(r.dir), notary.BookFile)); errors.Is(err, fs.ErrNotExist) && list.Log.Events == 0 {
		return nil
	}
	sum, err := sumOf(name)
	if err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, filepath.Join(r.dir, EventsFile), sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	_, err = notary.Restore(ctx, notary.Config{Dir: NotaryDir(r.dir), Store: store, Simulated: list.Kind == string(Simulated)}, notary.Restored{
		File: filepath.Base(name), SHA256: sum, Began: list.Began.UTC(), Program: "jejak " + program, Head: eventstore.Position(list.Log.Position),
	})
	if notary.DoesNotHold(err) {
		return &backup.DamagedError{Reason: fmt.Sprintf("the log that it holds is not what its notary has signed: %v", err)}
	}
	return err
}

// sumOf is the SHA-256 of a file, hexadecimal.
func sumOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() // only read from
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// restore restores; checkLog checks the log once everything else is checked.
func restore(ctx context.Context, name, dir string, progress func(what Restoring, done, total uint64), checkLog func(*restorer, context.Context, backup.Manifest) error) (list backup.Manifest, err error) {
	if err := vacant(dir); err != nil {
		return list, err
	}
	f, size, err := backup.Open(name)
	if err != nil {
		return list, fmt.Errorf("open the backup: %w", err)
	}
	defer f.Close()
	if dir, err = filepath.Abs(dir); err != nil {
		return list, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return list, fmt.Errorf("make the folder above %s: %w", dir, err)
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-restoring-") // mode 0700
	if err != nil {
		return list, fmt.Errorf("make a folder to restore in: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(work))
		}
	}()
	r := restorer{dir: work, progress: progress}
	target := backup.Target{File: r.file, Log: func(records iter.Seq2[eventstore.Record, error]) error {
		return r.loadLog(ctx, records)
	}}
	if list, err = backup.Read(ctx, f, size, target, r.tell(Reading)); err != nil {
		return list, fmt.Errorf("restore %s: %w", name, err)
	}
	err = errors.Join(r.makeTiles(), r.checkFiles(ctx))
	if err == nil && list.Log.Included {
		err = checkLog(&r, ctx, list)
	}
	if err != nil {
		return list, fmt.Errorf("restore %s: %w", name, err)
	}
	if err := r.settle(dir); err != nil {
		return list, fmt.Errorf("restore %s: %w", name, err)
	}
	return list, nil
}

// vacant refuses a directory with something in it.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at %s: %w", dir, err)
	case len(entries) > 0:
		return &NotEmptyError{dir}
	}
	return nil
}

type restorer struct {
	dir      string
	names    []string
	progress func(what Restoring, done, total uint64)
}

func (r *restorer) tell(what Restoring) func(done, total uint64) {
	if r.progress == nil {
		return nil
	}
	return func(done, total uint64) { r.progress(what, done, total) }
}

// hidden is directory.json until all is checked: without it no server takes the folder.
const hidden = MarkFile + ".restoring"

// file writes one file of the backup.
func (r *restorer) file(name string, body io.Reader) error {
	if !restorable(name) {
		return &backup.DamagedError{Reason: fmt.Sprintf("part %s is no file of a data directory", name)}
	}
	r.names = append(r.names, name)
	if name == MarkFile {
		name = hidden
	}
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	return errors.Join(err, f.Sync(), f.Close())
}

// loadLog fills the log, and the streams beside it, whose records came before.
func (r *restorer) loadLog(ctx context.Context, records iter.Seq2[eventstore.Record, error]) error {
	path := filepath.Join(r.dir, sideFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sqlite.Load(ctx, filepath.Join(r.dir, EventsFile), records)
	}
	if err != nil {
		return err
	}
	err = sqlite.Load(ctx, filepath.Join(r.dir, EventsFile), func(yield func(eventstore.Record, error) bool) {
		for _, some := range []iter.Seq2[eventstore.Record, error]{backup.ReadRecords(file), records} {
			for rec, err := range some {
				if !yield(rec, err) {
					return
				}
			}
		}
	})
	return errors.Join(err, file.Close(), os.Remove(path))
}

// makeTiles makes the notary's tiles, if what they follow from was in the backup.
func (r *restorer) makeTiles() error {
	path := filepath.Join(r.dir, filepath.FromSlash(leavesFile))
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = notary.MakeTiles(NotaryDir(r.dir), bufio.NewReaderSize(file, 1<<16))
	return errors.Join(err, file.Close(), os.Remove(path))
}

// checkFiles reads what was restored beside the log as a server would.
func (r *restorer) checkFiles(ctx context.Context) error {
	marked := false
	for _, name := range r.names {
		if k, _ := keptAs(name); k == asDatabase {
			if err := checkDatabase(ctx, filepath.Join(r.dir, name)); err != nil {
				return err
			}
		}
		marked = marked || name == MarkFile
	}
	if !marked {
		return &backup.DamagedError{Reason: "it has no " + MarkFile}
	}
	return nil
}

// checkLog reads the log that was restored as a server would, and holds it against what was signed.
func (r *restorer) checkLog(ctx context.Context, list backup.Manifest) error {
	store, err := sqlite.Open(ctx, filepath.Join(r.dir, EventsFile), sqlite.Options{})
	if err != nil {
		return err
	}
	var report LogReport
	var unsigned error // what does not fit what was signed
	tell := together(r.progress, Checking, 2)
	err = each(ctx,
		func(ctx context.Context) error { return report.check(ctx, store, tell(0)) },
		func(ctx context.Context) error {
			err := r.checkSigned(ctx, list.Ended, tell(1))
			if damaged := (*backup.DamagedError)(nil); errors.As(err, &damaged) {
				unsigned, err = err, nil
			}
			return err
		},
	)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return &backup.DamagedError{Reason: fmt.Sprintf("the log that it holds is not whole: %s", report.Problems[0])}
	}
	if report.Events != list.Log.Events || uint64(report.Head) != list.Log.Position {
		return fmt.Errorf("%d events up to position %d were restored, the backup has %d up to %d", report.Events, report.Head, list.Log.Events, list.Log.Position)
	}
	return unsigned
}

// checkSigned holds the log against the checkpoints that come with it.
func (r *restorer) checkSigned(ctx context.Context, taken time.Time, progress func(done, total uint64)) error {
	found, err := verify.Directory(NotaryDir(r.dir), sqlite.ReadUnchecked(ctx, filepath.Join(r.dir, EventsFile)),
		func() iter.Seq2[eventstore.Record, error] {
			return sqlite.ReadSideUnchecked(ctx, filepath.Join(r.dir, EventsFile))
		})
	if err != nil {
		return err
	}
	found.Source.Now = taken
	signed, err := found.Check(ctx, nil, "", nil, progress)
	if err = errors.Join(err, found.Close()); err != nil {
		return err
	}
	if signed == nil {
		return nil
	}
	for _, p := range signed.Problems {
		if p.Kind != verify.Late { // that stays to be seen in the new directory too
			return &backup.DamagedError{Reason: fmt.Sprintf("the log that it holds is not what its notary has signed: %s", p.Text)}
		}
	}
	return nil
}

// settle puts the directory into its place, as its last step.
func (r *restorer) settle(dir string) error {
	if err := os.Rename(filepath.Join(r.dir, hidden), filepath.Join(r.dir, MarkFile)); err != nil {
		return err
	}
	if err := backup.SyncFolder(r.dir); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // it was empty
		return fmt.Errorf("put it in the place of %s: %w: name a new directory that is no mount point", dir, err)
	}
	if err := os.Rename(r.dir, dir); err != nil {
		return err
	}
	return backup.SyncFolder(filepath.Dir(dir))
}
