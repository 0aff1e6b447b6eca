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
	cfg := s.notaryConfig()
	cfg.Every, cfg.Witnesses, cfg.Log, cfg.Metrics, cfg.Signed = s.cfg.Notary.Every, s.cfg.Notary.Witnesses, s.log, s.metrics, s.onSigned
	cfg.Reads = func() *notary.Reads {
		log := s.chain.Load()
		if log == nil {
			return nil
		}
		head := log.Head()
		return &notary.Reads{File: head.File, Rows: head.Rows, Head: head.Sum}
	}
	n, err := notary.Open(ctx, cfg)
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

// notaryConfig is that of the notary of the directory, whose log is open.
func (s *Server) notaryConfig() notary.Config {
	return notary.Config{Dir: NotaryDir(s.cfg.Dir), Store: s.store, Side: s.side, Shared: engineOf(s.cfg.Store) == eventStoreDB, Simulated: s.cfg.Kind == Simulated}
}

// signTheRest has a notary sign what is written without a server, once it is: it begins with the log.
func (s *Server) signTheRest(ctx context.Context) error {
	n, err := notary.Open(ctx, s.notaryConfig())
	if err != nil {
		return err
	}
	s.opened("notary", func(ctx context.Context) error { return errors.Join(n.CatchUp(ctx, nil), n.Close()) })
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
	n, err := notary.Open(ctx, l.server.notaryConfig())
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

// RotateNotary gives the notary of a directory that no server has a new key; see notary.Rotate. store is as in Config.
func RotateNotary(ctx context.Context, dir, store string, lost bool) (keys []notary.Key, err error) {
	l, err := OpenLog(ctx, dir, store)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return notary.Rotate(ctx, l.server.notaryConfig(), lost)
}

// AcceptLog has the notary of a directory that no server has go on with the log as it is, on a person's word; see notary.Accept.
func AcceptLog(ctx context.Context, dir, store string, word notary.Word) (done notary.Accepting, err error) {
	l, err := OpenLog(ctx, dir, store)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return notary.Accept(ctx, l.server.notaryConfig(), word)
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

// RebuildNotary makes what the notary of a directory that no server has can make again; see notary.Rebuild.
func RebuildNotary(ctx context.Context, dir, store string, progress func(done, total uint64)) (done notary.Rebuilt, err error) {
	l, err := OpenLog(ctx, dir, store)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return notary.Rebuild(ctx, l.server.notaryConfig(), progress)
}
