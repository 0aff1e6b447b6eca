package notary

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Rotate gives the notary in the folder of cfg a new key. The newest checkpoint then has the signatures of both, and a succession, signed by both, hands over. lost:
// the key before is not there any more, so nothing hands over, and who checks must be told of the new key in another way. It returns the keys. No server
// may have the folder meanwhile.
func Rotate(ctx context.Context, cfg Config, lost bool) ([]Key, error) {
	n := &Notary{cfg: cfg.withDefaults()}
	keys, err := n.rotate(ctx, lost)
	if n.book != nil {
		err = errors.Join(err, n.book.close())
	}
	if err != nil {
		return nil, fmt.Errorf("rotate the notary's key: %w", err)
	}
	return keys, nil
}

func (n *Notary) rotate(ctx context.Context, lost bool) ([]Key, error) {
	var err error
	if n.book, err = openBook(n.cfg.disk, n.path(BookFile), true, false); err != nil {
		return nil, err
	}
	if err := n.openStream(ctx); err != nil {
		return nil, err
	}
	keys, err := n.book.keys()
	if err != nil {
		return nil, err
	}
	origin := n.book.currentOrigin()
	if origin == "" {
		return nil, &LostError{n.cfg.Dir}
	}
	if err := n.finishRotation(keys); err != nil {
		return nil, err
	}
	old, err := readSigner(n.path(KeyFile))
	switch {
	case lost:
		old = nil // nothing more is signed with it
	case err != nil:
		return nil, err
	case old == nil || len(keys) == 0 || keys[len(keys)-1].Verifier != old.verifier:
		return nil, fmt.Errorf("%s is not the key in use: restore it, or say --lost", n.path(KeyFile))
	default:
		n.signer = old
		if err := errors.Join(n.begin(ctx, keys, 0), n.adopt(ctx)); err != nil {
			return nil, err
		}
	}
	newest, err := n.book.newest()
	if err != nil {
		return nil, err
	}
	next, err := newSigner(origin)
	if err != nil {
		return nil, err
	}
	key, err := n.handOver(origin, next, old, newest)
	if err != nil {
		return nil, err
	}
	entry, by := &Entry{Key: &KeyEntered{Key: key}}, old
	if newest != nil {
		entry.Key.Signatures = newest.Signatures
	}
	if lost {
		by = next
	}
	if n.stream.chain.Version == 0 { // the key was lost before there was a stream: it begins with the new one
		keys[len(keys)-1].Until = key.Since
		entry = &Entry{Begun: &Begun{Keys: append(keys, key), Adopts: true}}
	}
	// The stream decides: a new key that is not in it is forgotten, one that is takes its place at the next start at the latest.
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"rotation begins", func() error { return writeSigner(n.path(NextKeyFile), next) }},
		{"key is entered", func() error { return n.enter(ctx, entry, by) }},
		{"key is put in place", func() error { return n.finishRotation([]Key{key}) }},
	} {
		if err := n.cfg.at(step.name); err != nil {
			return nil, err
		}
		if err := step.do(); err != nil {
			return nil, err
		}
	}
	n.signer = next
	if err := n.adopt(ctx); err != nil {
		return nil, err
	}
	if keys, err = n.book.keys(); err != nil {
		return nil, err
	}
	return keys, n.publishKeys(keys)
}

// handOver has the new key follow the old one, nil where that is lost, and sign the newest checkpoint.
func (n *Notary) handOver(origin string, next, old *signer, newest *Signed) (Key, error) {
	key, at := Key{Verifier: next.verifier, Until: -1}, tlog.Tree{}
	if newest != nil {
		key.Since, at = newest.N, newest.Tree
		before := newest.Signatures
		if err := newest.signWith(next); err != nil {
			return key, err
		}
		newest.Signatures = before + newest.Signatures
	}
	if old == nil {
		return key, nil
	}
	succession, err := note.Sign(&note.Note{Text: successionText(origin, at, next.verifier)}, old, next)
	if err != nil {
		return key, fmt.Errorf("sign the succession: %w", err)
	}
	key.Succession = string(succession)
	return key, nil
}

// finishRotation puts a new key in its place if the book has it, and forgets it if not.
func (n *Notary) finishRotation(keys []Key) error {
	next, err := readSigner(n.path(NextKeyFile))
	if err != nil || next == nil {
		return err
	}
	if len(keys) > 0 && keys[len(keys)-1].Verifier == next.verifier {
		if err := writeSigner(n.path(KeyFile), next); err != nil {
			return err
		}
	}
	if err := os.Remove(n.path(NextKeyFile)); err != nil {
		return fmt.Errorf("finish a rotation: %w", err)
	}
	return nil
}
