package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore/lock"
	"jejak/internal/api"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/telemetry"
)

// NotaryFolder is the folder of the notary in the data directory.
const NotaryFolder = "notary"

// Notary says how the log is signed. The zero value is the usual.
type Notary struct {
	Every     time.Duration // between two checkpoints while something is new; 0: a second
	Witnesses []notary.Witness
}

// openNotary holds the log against what was signed, refuses to go on where it does not fit, and signs what is new. It stands before everything that
// writes, so that it is closed after that and signs the last of it.
func (s *Server) openNotary(ctx context.Context) error {
	n, err := notary.Open(ctx, notary.Config{
		Dir: NotaryDir(s.cfg.Dir), Store: s.store, Simulated: s.clock.Simulated(), Every: s.cfg.Notary.Every,
		Witnesses: s.cfg.Notary.Witnesses, Log: s.log, Metrics: s.metrics, Signed: s.onSigned,
	})
	if err != nil {
		return err
	}
	s.notary = n
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { n.Run(running) })
	s.opened("notary", func(context.Context) error {
		cancel()
		done.Wait()
		return n.Close()
	})
	s.metrics.WatchNotary(func() telemetry.NotaryProgress {
		p := n.Progress()
		return telemetry.NotaryProgress{
			Records: p.Records, Signed: p.Signed, Position: uint64(p.Position), Head: uint64(p.Head), SignedAt: p.SignedAt, Stopped: n.Trouble() != "",
		}
	})
	return nil
}

// onSigned publishes a checkpoint, once there is NATS.
func (s *Server) onSigned(c *notary.Signed) {
	if notices := s.notices.Load(); notices != nil {
		notices.Offer(c.Origin, c.N, c.Note())
	}
}

// NotaryDir is the folder of the notary in a data directory.
func NotaryDir(dir string) string { return filepath.Join(dir, NotaryFolder) }

// alone opens a log that no server has, with its notary.
func alone(ctx context.Context, dir, store string) (*Log, *notary.Notary, error) {
	l, err := OpenLog(ctx, dir, store)
	if err != nil {
		return nil, nil, err
	}
	n, err := notary.Open(ctx, notary.Config{Dir: NotaryDir(dir), Store: l.Store, Simulated: l.Simulated})
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, n, nil
}

// Prove proves an event of a directory that no server has; one in use is a *lock.HeldError. What is not signed yet is signed.
func Prove(ctx context.Context, dir, store string, event uuid.UUID) (p api.EventProof, err error) {
	l, n, err := alone(ctx, dir, store)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, n.Close(), l.Close()) }()
	if err := n.CatchUp(ctx, nil); err != nil {
		return p, err
	}
	rec, err := n.Find(ctx, event)
	if err != nil {
		return p, err
	}
	proof, err := n.Prove(rec)
	if err != nil {
		return p, err
	}
	return api.EventProof{Leaf: rec.Leaf, Size: proof.Size, Record: string(bundle.AppendRecord(nil, &rec)), Proof: string(proof.Text)}, nil
}

// RotateNotary gives the notary of a directory that no server has a new key; see notary.Rotate.
func RotateNotary(dir string, lost bool) (keys []notary.Key, err error) {
	if err := signed(dir); err != nil {
		return nil, err
	}
	held, err := lock.Acquire(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	return notary.Rotate(NotaryDir(dir), lost)
}

// OpenNotaryBook opens what the notary of a directory has signed for reading, also while a server has the directory.
func OpenNotaryBook(dir string) (*notary.Book, error) {
	if err := signed(dir); err != nil {
		return nil, err
	}
	return notary.OpenBook(NotaryDir(dir))
}

// signed refuses a directory in which no notary has ever been.
func signed(dir string) error {
	if _, err := os.Stat(NotaryDir(dir)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no data directory of a server, or nothing was ever signed there: name it with --data", dir)
	}
	return nil
}

// NotaryRebuilt says what RebuildNotary has done.
type NotaryRebuilt struct {
	Records     int64
	Checkpoints int // that the tree was held against
}

// RebuildNotary makes the tiles of a directory that no server has again from the log, and holds them against every checkpoint ever signed: what does not
// fit is a *notary.MismatchError. Nothing new is signed before all that was signed fits.
func RebuildNotary(ctx context.Context, dir, store string, progress func(done, total uint64)) (done NotaryRebuilt, err error) {
	l, err := OpenLog(ctx, dir, store)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	book, err := OpenNotaryBook(dir)
	if err != nil {
		return done, err
	}
	if err := errors.Join(book.Each(ctx, 0, func(*notary.Signed) error { done.Checkpoints++; return nil }), book.Close()); err != nil {
		return done, err
	}
	settle, err := notary.SetAside(NotaryDir(dir))
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, settle(err == nil)) }()
	n, err := notary.Open(ctx, notary.Config{Dir: NotaryDir(dir), Store: l.Store, Simulated: l.Simulated})
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := n.CatchUp(ctx, progress); err != nil {
		return done, err
	}
	done.Records = n.Progress().Records
	return done, nil
}
