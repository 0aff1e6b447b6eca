package notary

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/tree"
)

// batch is how many records are taken into the tree before its tiles are written.
const batch = 1 << 16

const longestPause = 10 * time.Second

// lastWords is how long the last records may take when ctx has ended.
const lastWords = 5 * time.Second

// Run takes what is new into the tree and signs it, until ctx ends, and then what is there by then. What fails is told and tried again; what does not fit
// what was signed ends it, and Trouble says so.
func (n *Notary) Run(ctx context.Context) {
	if n.follow(ctx) {
		return
	}
	n.ending = true
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	for more := true; more; {
		var err error
		if more, err = n.round(last); err != nil {
			n.cfg.Log.Warn("the last records are not signed: they are at the next start", "error", err)
		}
	}
}

// CatchUp takes everything into the tree and signs it, in place of Run. progress, unless nil, is told of positions.
func (n *Notary) CatchUp(ctx context.Context, progress func(done, total uint64)) error {
	for more := true; more; {
		var err error
		if more, err = n.round(ctx); err != nil {
			return err
		}
		if progress != nil {
			progress(uint64(n.last), n.head.Load())
		}
	}
	return nil
}

// follow signs until ctx ends. done: there is nothing more to do.
func (n *Notary) follow(ctx context.Context) (done bool) {
	wait := n.startWitnesses(ctx)
	defer wait()
	defer n.stopHearing()
	for pause := n.cfg.Every; ; {
		more, err := n.round(ctx)
		var mismatch *MismatchError
		switch {
		case errors.Is(err, eventstore.ErrClosed) || errors.Is(err, errDied):
			return true
		case ctx.Err() != nil:
			if err != nil {
				err = n.resume()
			}
			return err != nil
		case errors.As(err, &mismatch):
			told := err.Error()
			n.trouble.Store(&told)
			n.cfg.Metrics.NotaryFailed(ReasonMismatch)
			n.cfg.Log.Error("the notary signs nothing any more", "error", err)
			return true
		case err != nil:
			pause = n.failed(err, pause)
		default:
			n.failing.Store(nil)
			pause = n.cfg.Every
			if !more {
				n.hear(ctx, pause)
			}
			if ctx.Err() != nil {
				return false
			}
			continue
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false
		}
	}
}

func (n *Notary) failed(err error, pause time.Duration) time.Duration {
	told, reason := err.Error(), ReasonDisk
	var reading *logError
	if errors.As(err, &reading) {
		reason = ReasonLog
	}
	n.failing.Store(&told)
	n.cfg.Metrics.NotaryFailed(reason)
	pause = min(2*pause, longestPause)
	n.cfg.Log.Error("nothing is signed for now", "again_in", pause, "error", err)
	// What is in memory may be ahead of what is in files, and a book that could not be written may yet have what was to be written.
	if n.outage.IsZero() {
		n.outage, n.outageWhy = n.cfg.now(), reason
	}
	err = n.book.reopen()
	if err == nil {
		err = n.resume()
	}
	if err != nil {
		n.cfg.Log.Error("the notary cannot go back to its newest checkpoint", "error", err)
	}
	return pause
}

// resume goes back to the newest checkpoint of the book.
func (n *Notary) resume() error {
	n.stopHearing()
	again, cancel := context.WithTimeout(context.Background(), appendPatience)
	defer cancel()
	if err := n.catchUpBook(again); err != nil {
		return err
	}
	newest, err := n.book.newest()
	if err != nil {
		return err
	}
	if before := n.Newest(); newest != nil && (before == nil || newest.N > before.N) {
		n.newest.Store(newest)
		n.announce(newest)
	}
	remake := newest != nil && n.tree.Size() < newest.N || len(n.again) > 0
	n.entries = nil
	if newest == nil || remake {
		n.tree, n.last, n.written, n.held = &tree.Tree{}, 0, 0, nil
		if remake {
			if n.again, err = n.book.after(0, maxAgain); err != nil {
				return err
			}
		}
		return n.index.cut(0)
	}
	resumed, err := tree.Resume(newest.Tree, n.tiles())
	if err != nil {
		return err
	}
	n.tree, n.last, n.lastID, n.written = resumed, newest.Position, newest.Event, newest.N
	return n.index.cut(newest.N)
}

// errDied is for tests: the process died.
var errDied = errors.New("the process died")

// logError: the log cannot be read.
type logError struct{ err error }

func (e *logError) Error() string { return fmt.Sprintf("read the log: %v", e.err) }
func (e *logError) Unwrap() error { return e.err }

// round takes at most a batch into the tree, writes it, and signs if it is time. more: there is more to do at once.
func (n *Notary) round(ctx context.Context) (more bool, err error) {
	head, err := n.cfg.Store.Head(ctx)
	if err != nil {
		return false, &logError{err}
	}
	n.head.Store(uint64(head))
	if head > n.last {
		if more, err = n.take(ctx, head); err != nil {
			return false, err
		}
	}
	if n.tree.Size() > n.written {
		if err := n.write(); err != nil {
			return false, err
		}
	}
	newest := n.Newest()
	signed := int64(0)
	if newest != nil {
		signed = newest.N
	}
	if n.tree.Size() <= signed && (newest == nil || n.tree.Size() < signed || newest.Origin == n.book.currentOrigin()) {
		if !more && n.tree.Size() < signed {
			return false, &MismatchError{newest, fmt.Sprintf("the log has %d records only", n.tree.Size())}
		}
		return more, n.signReads(ctx)
	}
	if more && newest != nil && n.cfg.now().Sub(newest.SignedAt) < n.cfg.Every {
		return true, nil
	}
	return more, n.sign(ctx)
}

// take adds records up to a position to the tree.
func (n *Notary) take(ctx context.Context, head eventstore.Position) (more bool, err error) {
	taken := 0
	defer func() {
		if taken > missed {
			n.stopHearing()
		}
	}()
	for rec, err := range n.cfg.Store.ReadAll(ctx, n.last, eventstore.Filter{}) {
		if err != nil {
			return false, &logError{err}
		}
		if rec.Position > head {
			break
		}
		if taken++; taken > batch {
			return true, nil
		}
		n.add(&rec)
		if n.each != nil {
			if err := n.each(); err != nil {
				return false, err
			}
		}
		if err := n.holdAgainst(); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (n *Notary) add(rec *eventstore.Record) {
	n.tree.Add(leaf.Hash(rec))
	n.entries = appendEntry(n.entries, rec)
	n.last, n.lastID = rec.Position, rec.ID
}

// holdAgainst compares the tree with the checkpoint of its size, while it is made anew.
func (n *Notary) holdAgainst() error {
	if len(n.again) == 0 || n.again[0].N != n.tree.Size() {
		return nil
	}
	c := n.again[0]
	for len(n.again) > 0 && n.again[0].N == c.N { // of two epochs
		c, n.again = n.again[0], n.again[1:]
		if root := n.tree.Root(); root != c.Hash {
			return &MismatchError{&c, fmt.Sprintf("the log gives root %s, %s was signed: %s, and a record after that, up to position %d, was changed, removed, inserted or moved since",
				root, c.Hash, n.heldUpTo(), n.last)}
		}
		n.held = &c
	}
	if len(n.again) > 0 {
		return nil
	}
	var err error
	n.again, err = n.book.after(c.N, maxAgain)
	return err
}

// heldUpTo says which checkpoint was the last that the log gave.
func (n *Notary) heldUpTo() string {
	if n.held == nil {
		return "no checkpoint before it holds"
	}
	return fmt.Sprintf("it holds up to the checkpoint of %d records signed at %s", n.held.N, n.held.SignedAt.UTC().Format("2006-01-02T15:04:05Z"))
}

// write makes tiles and index of the tree durable.
func (n *Notary) write() error {
	if err := n.cfg.at("tiles"); err != nil {
		return err
	}
	tiles := n.tree.Take()
	if err := n.files.Write(tiles); err != nil {
		var differs *tree.DiffersError
		if newest := n.Newest(); errors.As(err, &differs) && newest != nil {
			return &MismatchError{newest, err.Error()}
		}
		return fmt.Errorf("write the tiles of %d records: %w", n.tree.Size(), err)
	}
	if err := n.cfg.at("index"); err != nil {
		return err
	}
	if err := n.index.append(n.entries); err != nil {
		return err
	}
	n.entries = n.entries[:0]
	n.files.Prune(n.written, n.tree.Size())
	n.written = n.tree.Size()
	n.sized.Store(n.tree.Size())
	n.reached.Store(uint64(n.last))
	return nil
}

// readsEvery is how long who has read what waits to be signed where the log has nothing new.
const readsEvery = 10 * time.Second

// signReads signs how far the log of who has read what has come.
func (n *Notary) signReads(ctx context.Context) error {
	if n.cfg.Reads == nil {
		return nil
	}
	now := n.cfg.now()
	reads := n.cfg.Reads()
	if reads == nil || *reads == n.reads || reads.Rows == 0 || now.Sub(n.readsAt) < readsEvery && !n.ending {
		return nil
	}
	if err := n.enter(ctx, &Entry{Reads: reads}, n.signer); err != nil {
		return err
	}
	n.reads, n.readsAt = *reads, now
	return nil
}

// sign signs the tree as it is.
func (n *Notary) sign(ctx context.Context) error {
	c := &Signed{Origin: n.book.currentOrigin(), Epoch: n.book.currentEpoch(), Tree: tlog.Tree{N: n.tree.Size(), Hash: n.tree.Root()}, Position: n.last, Event: n.lastID, SignedAt: n.cfg.now()}
	if err := c.signWith(n.signer); err != nil {
		return err
	}
	if err := n.cfg.at("sign"); err != nil {
		return err
	}
	// What takes longer than a moment when the process ends is finished all the same: an entry that is in the stream is in the book too.
	ctx = context.WithoutCancel(ctx)
	if err := n.endOutage(ctx, c.SignedAt); err != nil {
		return err
	}
	tree := c.entry()
	tree.Pace = n.cfg.Every
	if err := n.enter(ctx, &Entry{At: c.SignedAt, Signed: &tree}, n.signer); err != nil {
		return err
	}
	if err := n.cfg.at("signed"); err != nil {
		return err
	}
	n.newest.Store(c)
	n.cfg.Metrics.NotarySigned(c.N)
	n.announce(c)
	return n.signReads(ctx)
}

// signWith signs the text of a checkpoint with keys, and none else.
func (s *Signed) signWith(signers ...*signer) error {
	keys := make([]note.Signer, len(signers))
	for i, signer := range signers {
		keys[i] = signer
	}
	signed, err := note.Sign(&note.Note{Text: s.text()}, keys...)
	if err != nil {
		return fmt.Errorf("sign a checkpoint of %d records: %w", s.N, err)
	}
	s.Signatures = string(signed[len(s.text())+1:])
	return nil
}

// announce tells of a checkpoint.
func (n *Notary) announce(c *Signed) {
	if n.cfg.Signed != nil {
		n.cfg.Signed(c)
	}
	for _, offer := range n.offers {
		select { // the newest takes the place of one that a witness has not taken yet
		case <-offer:
		default:
		}
		offer <- c
	}
}
