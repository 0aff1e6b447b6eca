package notary

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary/tree"
)

// Accepting is what Accept has done.
type Accepting struct {
	Origin string // of what is signed from now on
	Epoch  int    // its number
	New    bool   // it begins with this
	Good   int64  // records under the newest checkpoint of before that the log extends
	Size   int64  // records in the log
}

// Accept has the notary go on with the log as it is, on a person's word, which stands in the notary's stream for ever. Where the log contradicts what was signed, or
// the notary is lost, a new epoch or a new notary begins; where it does not, the word explains why records were signed late. No server may have the folder.
func Accept(ctx context.Context, cfg Config, word Word) (done Accepting, err error) {
	cfg.Word = &word
	n, err := Open(ctx, cfg)
	var mismatch *MismatchError
	switch {
	case errors.As(err, &mismatch):
		return newHistory(ctx, cfg, word)
	case err != nil:
		return done, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := n.CatchUp(ctx, nil); err != nil {
		return done, err
	}
	size := n.tree.Size()
	if err := n.enter(ctx, &Entry{Accepted: &Accepted{word, size}}, n.signer); err != nil {
		return done, err
	}
	return Accepting{Origin: n.Origin(), Epoch: n.Epoch(), Good: size, Size: size}, nil
}

// newHistory begins an epoch from a log that contradicts what was signed.
func newHistory(ctx context.Context, cfg Config, word Word) (done Accepting, err error) {
	settle, err := SetAside(cfg.Dir, false)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, settle(err == nil)) }()
	n := &Notary{cfg: cfg.withDefaults()}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := n.openParts(ctx); err != nil {
		return done, err
	}
	good, fork, err := n.readAnew(ctx)
	if err != nil {
		return done, err
	}
	return n.beginEpoch(ctx, &EpochBegun{Good: good, Fork: fork, Word: &word})
}

// readAnew makes the tree of the whole log, and tells the size of the newest checkpoint that it gives.
func (n *Notary) readAnew(ctx context.Context) (good int64, fork eventstore.Position, err error) {
	n.tree = &tree.Tree{}
	if err := n.index.cut(0); err != nil {
		return 0, 0, err
	}
	signed, err := n.book.after(0, maxAgain)
	if err != nil {
		return 0, 0, err
	}
	contradicted := false
	n.each = func() error {
		for len(signed) > 0 && signed[0].N == n.tree.Size() {
			c := signed[0]
			contradicted = contradicted || n.tree.Root() != c.Hash
			if !contradicted {
				good, fork = c.N, n.last
			}
			var err error
			if signed = signed[1:]; len(signed) == 0 {
				signed, err = n.book.after(c.N, maxAgain)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	err = n.takeAll(ctx)
	n.each = nil
	return good, fork, err
}

// takeAll takes the rest of the log into the tree, without signing it.
func (n *Notary) takeAll(ctx context.Context) error {
	head, err := n.cfg.Store.Head(ctx)
	if err != nil {
		return &logError{err}
	}
	for more := true; more; {
		if more, err = n.take(ctx, head); err != nil {
			return err
		}
		if err := n.write(); err != nil {
			return err
		}
	}
	return nil
}

// Restore begins an epoch for a log that was restored from a backup, and signs it. What was signed after the backup was taken is not known here.
func Restore(ctx context.Context, cfg Config, from Restored) (done Accepting, err error) {
	cfg.Word = &Word{By: from.Program, Why: "restored from the backup " + from.File}
	n, err := Open(ctx, cfg)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := n.takeAll(ctx); err != nil {
		return done, err
	}
	good := int64(0)
	if newest := n.Newest(); newest != nil {
		good = newest.N
	}
	return n.beginEpoch(ctx, &EpochBegun{Good: good, Fork: n.last, Restored: &from})
}

// beginEpoch hands over from the key in use to one of a new origin, and signs the log as it is.
func (n *Notary) beginEpoch(ctx context.Context, e *EpochBegun) (done Accepting, err error) {
	newest, err := n.book.newest()
	if err != nil {
		return done, err
	}
	if newest != nil {
		e.Void = newest.N
	}
	e.Number, e.Size, e.Root = n.book.currentEpoch()+1, n.tree.Size(), n.tree.Root()
	from := n.book.currentOrigin()
	// The number in the origin is the moment, in milliseconds since 1970: of one backup several logs may be made, and no two may have one origin.
	next, err := newSigner(BaseOrigin(from) + "/" + strconv.FormatInt(n.cfg.now().UnixMilli(), 10))
	if err != nil {
		return done, err
	}
	e.Key = Key{Verifier: next.verifier, Since: e.Good, Until: -1}
	succession, err := note.Sign(&note.Note{Text: successionText(from, tlog.Tree{N: e.Size, Hash: e.Root}, next.verifier)}, n.signer, next)
	if err != nil {
		return done, fmt.Errorf("sign the succession: %w", err)
	}
	e.Key.Succession = string(succession)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"epoch begins", func() error { return writeSigner(n.path(NextKeyFile), next) }},
		{"epoch is entered", func() error { return n.enter(ctx, &Entry{Epoch: e}, n.signer) }},
		{"key is put in place", func() error { return n.finishRotation([]Key{e.Key}) }},
	} {
		if err := n.cfg.at(step.name); err != nil {
			return done, err
		}
		if err := step.do(); err != nil {
			return done, err
		}
	}
	n.signer = next
	keys, err := n.book.keys()
	if err == nil {
		err = n.publishKeys(keys)
	}
	if err == nil && e.Size > 0 {
		err = n.sign(ctx)
	}
	return Accepting{Origin: next.Name(), Epoch: e.Number, New: true, Good: e.Good, Size: e.Size}, err
}
