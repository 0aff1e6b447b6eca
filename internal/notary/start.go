package notary

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
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

// LostError: there are records, but nothing of what the notary has signed, or not of this one.
type LostError struct{ Dir string }

func (e *LostError) Error() string {
	return fmt.Sprintf("the log has records, but neither %s nor the stream beside the log has anything that was signed: the notary is lost: restore a backup, or %s from where you keep a copy; "+
		"if it is lost for good, jejak notary accept --by NAME --why TEXT begins a new one, and says so for ever", filepath.Join(e.Dir, BookFile), e.Dir)
}

// side is where the notary's stream stands, nil for nowhere.
func (cfg Config) side() eventstore.Side {
	if own, ok := cfg.Store.(interface{ Side() eventstore.Side }); cfg.Side == nil && ok {
		return own.Side()
	}
	return cfg.Side
}

// openStream finds the notary's stream beside the log and brings the book up to it.
func (n *Notary) openStream(ctx context.Context) error {
	side := n.cfg.side()
	if side == nil {
		return errors.New("there is nowhere beside the log where the notary could enter what it signs")
	}
	mine := n.book.firstOrigin()
	if key, err := readSigner(n.path(KeyFile)); err == nil && key != nil && mine == "" {
		mine = BaseOrigin(key.Name())
	}
	for number := 0; ; number++ {
		n.stream = &stream{side: side, name: StreamName(number)}
		first, err := n.firstEntry(ctx)
		if err != nil {
			return err
		}
		if first == nil || first.Origin == mine || mine == "" && !n.cfg.Shared {
			break
		}
		if !n.cfg.Shared {
			return &StreamError{fmt.Sprintf("%s is of the notary %s, not of %s, whose folder is %s", n.stream.name, first.Origin, mine, n.cfg.Dir)}
		}
	}
	return n.catchUpBook(ctx)
}

func (n *Notary) firstEntry(ctx context.Context) (*Entry, error) {
	for rec, err := range n.stream.side.Read(ctx, n.stream.name, 0) {
		if err != nil {
			return nil, &logError{err}
		}
		e, err := ReadEntry(&rec)
		if err == nil && e.Begun == nil {
			err = errors.New("its first entry is not that of its beginning")
		}
		if err != nil {
			return nil, &StreamError{err.Error()}
		}
		return e, nil
	}
	return nil, nil
}

// openIdentity reads origin and key, or makes them.
func (n *Notary) openIdentity(ctx context.Context) error {
	origin := n.book.currentOrigin()
	if origin != "" && simulatedOrigin(origin) != n.cfg.Simulated {
		return fmt.Errorf("the notary %s is not of this kind of log (simulated: %v): see to --clock and --data", origin, n.cfg.Simulated)
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
	head := eventstore.Position(0)
	if origin == "" {
		if head, err = n.beginsAt(ctx); err != nil {
			return err
		}
	}
	switch {
	case n.signer == nil && len(keys) > 0:
		return doesNotHold{fmt.Errorf("%s is missing: restore it from where you keep a copy; if it is lost for good, begin a new one with jejak notary rotate --lost", n.path(KeyFile))}
	case n.signer == nil:
		if origin == "" {
			origin, err = newOrigin(n.cfg.Simulated)
		}
		if err == nil {
			n.signer, err = newSigner(origin)
		}
		if err == nil {
			err = writeSigner(n.path(KeyFile), n.signer)
		}
		if err != nil {
			return err
		}
	case origin == "": // the first start was killed between the key and its entry
		origin = n.signer.Name()
	}
	if err := n.cfg.at("key made"); err != nil {
		return err
	}
	if n.signer.Name() != origin {
		return doesNotHold{fmt.Errorf("%s is the key of %s, not of this notary, %s: restore the right one", n.path(KeyFile), n.signer.Name(), origin)}
	}
	if len(keys) == 0 {
		keys = []Key{{Verifier: n.signer.verifier, Until: -1}}
	}
	if current := keys[len(keys)-1].Verifier; current != n.signer.verifier {
		return doesNotHold{fmt.Errorf("%s is not the key in use, %s: restore the right one", n.path(KeyFile), current)}
	}
	if err := n.begin(ctx, keys, head); err != nil {
		return err
	}
	if err := n.adopt(ctx); err != nil {
		return err
	}
	return n.publishKeys(keys)
}

// beginsAt is where the log is when its notary begins. Without a person's word it begins with the log.
func (n *Notary) beginsAt(ctx context.Context) (eventstore.Position, error) {
	head, err := n.cfg.Store.Head(ctx)
	if err != nil {
		return 0, &logError{err}
	}
	if head == 0 || n.cfg.Shared {
		return head, nil
	}
	if n.cfg.Word == nil {
		return 0, &LostError{n.cfg.Dir}
	}
	// Whoever has the key of before must see that this is another notary.
	if err := os.Rename(n.path(KeyFile), n.path(KeyFile)+aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	n.signer = nil
	return head, nil
}

// begin enters the beginning of the notary in its stream, unless it is there.
func (n *Notary) begin(ctx context.Context, keys []Key, head eventstore.Position) error {
	if n.stream.chain.Version > 0 {
		return nil
	}
	b := &Begun{Keys: keys, Position: head, Adopts: n.book.currentOrigin() != "", Word: n.cfg.Word}
	return n.enter(ctx, &Entry{Begun: b}, n.signer)
}

// simulatedEnd ends the origin of a log of made-up records.
const simulatedEnd = "/simulated"

// BaseOrigin is the origin of the first epoch: those of the others have a number behind it.
func BaseOrigin(origin string) string {
	if i := strings.LastIndexByte(origin, '/'); i > 0 {
		if n, err := strconv.Atoi(origin[i+1:]); err == nil && n > 0 && strings.Count(origin, "/") > 1 {
			return origin[:i]
		}
	}
	return origin
}

func simulatedOrigin(origin string) bool { return strings.HasSuffix(BaseOrigin(origin), simulatedEnd) }

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
	return writeFile(n.path(PublicFile), want, 0o600)
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
		// Tiles or index were not in the backup, or somebody removed them. They are made again from the first record on, and every checkpoint that was signed is
		// held against them before anything more is: whoever has changed the log may have removed them for that.
		n.cfg.Log.Warn("the notary's tiles or its index are not there: they are made again from the log and held against every checkpoint signed", "records", newest.N)
		return n.makeAgain(ctx)
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

// makeAgain makes tiles and index again, up to the newest checkpoint at least.
func (n *Notary) makeAgain(ctx context.Context) error {
	var err error
	if n.again, err = n.book.after(0, maxAgain); err != nil {
		return err
	}
	if err := n.index.cut(0); err != nil {
		return err
	}
	newest := n.Newest()
	for more := true; n.tree.Size() < newest.N; {
		if !more {
			return &MismatchError{newest, fmt.Sprintf("the log has %d records only", n.tree.Size())}
		}
		head, err := n.cfg.Store.Head(ctx)
		if err != nil {
			return &logError{err}
		}
		if more, err = n.take(ctx, head); err != nil {
			return err
		}
		if err := n.write(); err != nil {
			return err
		}
	}
	return nil
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
		return doesNotHold{errors.Join(fmt.Errorf("%s does not fit the newest checkpoint: delete it, and it is made again", n.path(IndexFile)), err)}
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
