package notary

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/tree"
)

// MismatchError: the log, or what the notary keeps, is not what was signed.
type MismatchError struct {
	Checkpoint *Signed // with which it does not fit
	What       string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the log does not fit the checkpoint of %d records signed at %s: %s: find out more with jejak audit verify, and restore a backup; nothing is served until then",
		e.Checkpoint.N, e.Checkpoint.SignedAt.UTC().Format("2006-01-02T15:04:05Z"), e.What)
}

// openIdentity reads origin and key, or makes them.
func (n *Notary) openIdentity() error {
	if n.book.origin == "" {
		origin, err := newOrigin(n.cfg.Simulated)
		if err == nil {
			err = n.book.settle(origin)
		}
		if err != nil {
			return err
		}
	}
	if strings.HasSuffix(n.book.origin, simulatedEnd) != n.cfg.Simulated {
		return fmt.Errorf("the notary %s is not of this kind of log (simulated: %v): see to --clock and --data", n.book.origin, n.cfg.Simulated)
	}
	keys, err := n.book.keys()
	if err != nil {
		return err
	}
	if err := n.cfg.at("key"); err != nil {
		return err
	}
	if err := n.finishRotation(keys); err != nil {
		return err
	}
	if n.signer, err = readSigner(n.path(KeyFile)); err != nil {
		return err
	}
	switch {
	case n.signer == nil && len(keys) > 0:
		return fmt.Errorf("%s is missing: restore it from where you keep a copy; if it is lost for good, begin a new one with jejak notary rotate --lost", n.path(KeyFile))
	case n.signer == nil:
		if n.signer, err = newSigner(n.book.origin); err == nil {
			err = writeSigner(n.path(KeyFile), n.signer)
		}
		if err != nil {
			return err
		}
	}
	if err := n.cfg.at("key made"); err != nil {
		return err
	}
	if n.signer.Name() != n.book.origin {
		return fmt.Errorf("%s is the key of %s, not of this notary, %s: restore the right one", n.path(KeyFile), n.signer.Name(), n.book.origin)
	}
	if len(keys) == 0 {
		first := Key{Verifier: n.signer.verifier, Until: -1}
		if err := n.book.addKey(first, nil); err != nil {
			return err
		}
		keys = []Key{first}
	}
	if current := keys[len(keys)-1].Verifier; current != n.signer.verifier {
		return fmt.Errorf("%s is not the key in use, %s: restore the right one", n.path(KeyFile), current)
	}
	return n.publishKeys(keys)
}

// simulatedEnd ends the origin of a log of made-up records.
const simulatedEnd = "/simulated"

func newOrigin(simulated bool) (string, error) {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	origin := "jejak/" + hex.EncodeToString(random[:])
	if simulated {
		origin += simulatedEnd
	}
	return origin, nil
}

// publishKeys brings notary.pub up to date.
func (n *Notary) publishKeys(keys []Key) error {
	want := PublicKeys(keys)
	if there, err := os.ReadFile(n.path(PublicFile)); err == nil && string(there) == want {
		return nil
	}
	return writeFile(n.path(PublicFile), want, 0o644)
}

// start holds the newest checkpoint against its signature, the log and the tiles, and goes on from it.
func (n *Notary) start(ctx context.Context) error {
	newest, err := n.book.newest()
	if err != nil {
		return err
	}
	empty, err := n.files.Empty()
	if err != nil {
		return err
	}
	n.tree = &tree.Tree{}
	if newest == nil {
		return n.index.cut(0)
	}
	if err := n.checkSignature(newest); err != nil {
		return err
	}
	if err := n.checkLast(ctx, newest); err != nil {
		return err
	}
	n.newest.Store(newest)
	if empty || n.index.entries.Load() < newest.N {
		// Tiles or index were not in the backup, or somebody removed them. They are made again from the first record on, while the server serves, and every
		// checkpoint that was signed is held against them.
		n.cfg.Log.Warn("the notary's tiles or its index are not there: they are made again from the log and held against every checkpoint signed", "records", newest.N)
		if n.again, err = n.book.after(0, maxAgain); err != nil {
			return err
		}
		return n.index.cut(0)
	}
	if n.tree, err = tree.Resume(newest.Tree, n.tiles()); err != nil {
		return &MismatchError{newest, fmt.Sprintf("the tiles do not give its root (%v): if the log holds, jejak notary rebuild makes them again", err)}
	}
	if err := n.checkLeaf(ctx, newest); err != nil {
		return err
	}
	n.last, n.lastID = newest.Position, newest.Event
	n.written = newest.N
	n.sized.Store(newest.N)
	n.reached.Store(uint64(newest.Position))
	return n.index.cut(newest.N)
}

// maxAgain is how many signed checkpoints are looked up at once while the tree is made anew.
const maxAgain = 10_000

// checkSignature holds a checkpoint against the verifier keys.
func (n *Notary) checkSignature(c *Signed) error {
	keys, err := n.book.keys()
	if err != nil {
		return err
	}
	for _, key := range keys {
		if c.N < key.Since || key.Until >= 0 && c.N > key.Until {
			continue
		}
		v, err := note.NewVerifier(key.Verifier)
		if err != nil {
			return fmt.Errorf("verifier key %q in the notary's book: %w", key.Verifier, err)
		}
		policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(c.Origin), torchwood.SingleVerifierPolicy(v))
		if _, _, err := torchwood.VerifyCheckpoint(c.Note(), policy); err == nil {
			return nil
		}
	}
	return &MismatchError{c, "its own signature does not hold under the notary's keys: " + n.path(BookFile) + " was changed"}
}

// checkLast looks for the last record of a checkpoint in the log.
func (n *Notary) checkLast(ctx context.Context, c *Signed) error {
	rec, found, err := n.record(ctx, c.Position)
	if err != nil {
		return err
	}
	if found && rec.ID == c.Event {
		return nil
	}
	head, err := n.cfg.Store.Head(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("find the end of the log: %w", err)
	case head < c.Position:
		return &MismatchError{c, fmt.Sprintf("its last record is event %s at position %d, but the log ends at position %d", c.Event, c.Position, head)}
	case !found:
		return &MismatchError{c, fmt.Sprintf("its last record, event %s at position %d, is not in the log", c.Event, c.Position)}
	}
	return &MismatchError{c, fmt.Sprintf("its last record is event %s at position %d, but the log has event %s there (%s version %d)", c.Event, c.Position, rec.ID, rec.Stream, rec.Version)}
}

// checkLeaf holds the content of the last record of a checkpoint against the tiles.
func (n *Notary) checkLeaf(ctx context.Context, c *Signed) error {
	rec, _, err := n.record(ctx, c.Position)
	if err != nil {
		return err
	}
	hashes, err := tlog.TileHashReader(c.Tree, n.tiles()).ReadHashes([]int64{tlog.StoredHashIndex(0, c.N-1)})
	if err != nil {
		return &MismatchError{c, fmt.Sprintf("the tiles do not give its last leaf (%v): if the log holds, jejak notary rebuild makes them again", err)}
	}
	if hashes[0] != leaf.Hash(&rec) {
		return &MismatchError{c, fmt.Sprintf("its last record, event %s at position %d (%s version %d, %s), has been changed", rec.ID, rec.Position, rec.Stream, rec.Version, rec.Type)}
	}
	id, position, err := n.index.at(c.N - 1)
	if err != nil || id != c.Event || position != c.Position {
		return errors.Join(fmt.Errorf("%s does not fit the newest checkpoint: delete it, and it is made again", n.path(IndexFile)), err)
	}
	return nil
}

// record reads the record at a position.
func (n *Notary) record(ctx context.Context, at eventstore.Position) (eventstore.Record, bool, error) {
	if at == 0 {
		return eventstore.Record{}, false, nil
	}
	for rec, err := range n.cfg.Store.ReadAll(ctx, at-1, eventstore.Filter{}) {
		if err != nil {
			return rec, false, fmt.Errorf("read the record at position %d: %w", at, err)
		}
		return rec, rec.Position == at, nil
	}
	return eventstore.Record{}, false, nil
}
