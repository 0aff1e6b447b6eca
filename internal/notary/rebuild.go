package notary

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// aside is where what is made again waits: until it is known that the log fits, it is evidence.
const aside = ".before"

// remade are the parts of the folder that can be made again from the log.
func remade(dir string, book bool) []string {
	names := []string{filepath.Join(dir, "tile"), filepath.Join(dir, IndexFile)}
	if book {
		for _, end := range []string{"", "-wal", "-shm"} {
			names = append(names, filepath.Join(dir, BookFile+end))
		}
	}
	return names
}

// SetAside puts tiles and index aside, and with book notary.db too, so that the next Open makes them again, from the log and from the stream beside it. The notary must not be open. The caller then keeps the new
// ones (keep) or brings the old ones back.
func SetAside(dir string, book bool) (done func(keep bool) error, err error) {
	for _, name := range remade(dir, book) {
		if _, e := os.Stat(name + aside); e == nil { // of a rebuild that was killed: those are the old ones
			err = errors.Join(err, os.RemoveAll(name))
			continue
		}
		if e := os.Rename(name, name+aside); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("put the notary's tiles aside: %w", err)
	}
	return func(keep bool) error {
		var err error
		for _, name := range remade(dir, book) {
			if keep {
				err = errors.Join(err, os.RemoveAll(name+aside))
				continue
			}
			if _, e := os.Stat(name + aside); e != nil {
				continue // there were none
			}
			err = errors.Join(err, os.RemoveAll(name), os.Rename(name+aside, name))
		}
		return err
	}, nil
}

// Rebuilt says what Rebuild has done.
type Rebuilt struct {
	Records     int64
	Checkpoints int // that the tree was held against
}

// Rebuild makes tiles and index again from the log, and notary.db from the stream beside it, where all of it is there. The tree is held against every checkpoint ever
// signed: what does not fit is a *MismatchError, and all stays as it was. Nothing new is signed before all that was signed fits. progress, unless nil, is told of positions.
func Rebuild(ctx context.Context, cfg Config, progress func(done, total uint64)) (done Rebuilt, err error) {
	n := &Notary{cfg: cfg.withDefaults()}
	whole, err := n.streamIsWhole(ctx)
	if err != nil {
		return done, err
	}
	settle, err := SetAside(cfg.Dir, whole)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, settle(err == nil)) }()
	if n, err = Open(ctx, cfg); err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := eachSigned(ctx, n.book, 0, func(*Signed) error { done.Checkpoints++; return nil }); err != nil {
		return done, err
	}
	if err := n.CatchUp(ctx, progress); err != nil {
		return done, err
	}
	done.Records = n.Progress().Records
	return done, nil
}

// streamIsWhole tells whether notary.db can be made again from the stream: all that was signed before there was one is in it.
func (n *Notary) streamIsWhole(ctx context.Context) (bool, error) {
	side := n.cfg.side()
	if side == nil || n.cfg.Shared { // which of several streams is its own only the folder says
		return false, nil
	}
	adopting := true
	for rec, err := range side.Read(ctx, StreamName(0), 0) {
		if err != nil {
			return false, &logError{err}
		}
		e, err := ReadEntry(&rec)
		if err != nil {
			return false, &StreamError{err.Error()}
		}
		if e.Begun != nil {
			adopting = e.Begun.Adopts
		}
		adopting = adopting && (e.Adopted == nil || !e.Adopted.Last)
	}
	return !adopting, nil
}
