package notary

import (
	"context"
	"time"
)

// Patience is how long after it was recorded a record may be signed without anybody wondering why, of a server that signs so often: three times as long, and a
// minute at least.
func Patience(pace time.Duration) time.Duration { return max(time.Minute, 3*pace) }

// endOutage enters that nothing could be signed for longer than records wait otherwise: who verifies would wonder why they were signed so late.
func (n *Notary) endOutage(ctx context.Context, now time.Time) error {
	if n.outage.IsZero() || now.Sub(n.outage) < Patience(n.cfg.Every)/2 {
		n.outage = time.Time{}
		return nil
	}
	ended := &OutageEnded{From: n.outage.UTC(), To: now.UTC(), Why: n.outageWhy}
	if err := n.enter(ctx, &Entry{Outage: ended}, n.signer); err != nil {
		return err
	}
	n.outage = time.Time{}
	return nil
}
