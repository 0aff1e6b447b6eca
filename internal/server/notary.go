package server

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"jejak/internal/notary"
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
		Dir: filepath.Join(s.cfg.Dir, NotaryFolder), Store: s.store, Simulated: s.clock.Simulated(), Every: s.cfg.Notary.Every,
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

// onSigned hands a checkpoint on to the feed.
func (s *Server) onSigned(c *notary.Signed) {}
