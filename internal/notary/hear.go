package notary

import (
	"context"
	"time"

	"jejak/eventstore"
)

const (
	// gather is how long the notary lets records come together before it takes them, once it has all there are: an engine has the newest in memory for longer.
	gather = 20 * time.Millisecond
	// longestHearing: who signs more seldom reads what is new when it is time.
	longestHearing = time.Minute
	// missed so many records, the notary listens anew instead of hearing what it has read already.
	missed = 1000
)

// hear lets a pause go by, ended by ctx or a full batch, and takes what is recorded meanwhile into the tree. An engine has it in memory then; read from the file
// when it is time to sign, each record would be looked up, checked and copied a second time. What it does not hear, for whatever reason, the next
// round reads, and says what is wrong if it cannot.
func (n *Notary) hear(ctx context.Context, pause time.Duration) {
	end, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	if pause <= longestHearing && len(n.again) == 0 && n.listen(ctx) && n.hearUntil(end) {
		return
	}
	<-end.Done()
}

// hearUntil takes what comes until end, or until listening breaks. full: there is a batch to be written.
func (n *Notary) hearUntil(end context.Context) (full bool) {
	for n.tree.Size()-n.written < batch {
		rec, err := n.heard.Next(end)
		if err != nil {
			if end.Err() == nil {
				n.stopHearing()
			}
			return false
		}
		if rec.Position > n.last { // the others were read
			n.add(&rec)
		}
		if n.heard.Live() {
			select {
			case <-time.After(gather):
			case <-end.Done():
			}
		}
	}
	return true
}

// listen begins to listen, unless it does already. false: the log lets nobody listen now.
func (n *Notary) listen(ctx context.Context) bool {
	if n.heard != nil {
		return true
	}
	heard, err := n.cfg.Store.Subscribe(ctx, n.last, eventstore.Filter{})
	if err != nil {
		return false
	}
	n.heard = heard
	return true
}

func (n *Notary) stopHearing() {
	if n.heard != nil {
		_ = n.heard.Close() // it was only read from
		n.heard = nil
	}
}
