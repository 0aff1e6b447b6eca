// Package notary makes the log tamper-evident: a Merkle tree over all records in position order (package leaf says of what, package tree how), whose
// root is signed again and again. docs/notary.md describes all of it for those who check.
//
// The notary follows the log like any other reader and holds up nobody. What it has signed it keeps in notary.db, and never signs a smaller tree, nor
// another of the same size, nor one that does not begin with what was signed before.
package notary

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary/tree"
)

// Metrics is told what the notary does. Its methods must not block.
type Metrics interface {
	// NotarySigned: a checkpoint of so many records was signed.
	NotarySigned(size int64)
	// NotaryFailed: signing stopped and is tried again, or a witness did not cosign. reason is one of Reasons.
	NotaryFailed(reason string)
}

// Why something failed, for metrics.
const (
	ReasonLog      = "log"      // it cannot be read
	ReasonDisk     = "disk"     // tiles, index or book cannot be written
	ReasonMismatch = "mismatch" // the log is not what was signed
	ReasonWitness  = "witness"  // one is away, or refuses
)

// Reasons lists them.
func Reasons() []string { return []string{ReasonLog, ReasonDisk, ReasonMismatch, ReasonWitness} }

// Config of a Notary. Dir and Store are required.
type Config struct {
	Dir   string // folder of the notary
	Store eventstore.Store
	// Side is the streams beside the log; nil: those of Store, which then must have a method Side.
	Side eventstore.Side
	// Shared: other servers may have notaries of their own over the same log.
	Shared bool
	// Reads tells how far the log of who has read what has come, which is signed now and then; nil, or nil of it: there is none.
	Reads func() *Reads
	// Word of a person, by which a notary begins anew where the one before is lost; nil: nobody has given it.
	Word      *Word
	Simulated bool          // the log holds made-up records, and the origin says so
	Every     time.Duration // between two checkpoints while something is new; 0: a second
	Witnesses []Witness
	Log       *slog.Logger // nil: nowhere
	Metrics   Metrics      // nil: none
	// Signed is told of each new checkpoint, and again when cosignatures have come. It must not block.
	Signed func(*Signed)

	disk string                   // SQLite VFS of the book, "" for the operating system's
	now  func() time.Time         // the machine\'s clock
	at   func(point string) error // for tests: called before each thing that can be cut; an error is the death of the process
}

// Notary is open. Run it in one goroutine; the other methods may be called by any.
type Notary struct {
	cfg    Config
	book   *book
	stream *stream
	files  *tree.Files
	index  *index
	signer *signer

	// Of the goroutine that runs.
	tree      *tree.Tree
	last      eventstore.Position     // of the last record in the tree
	lastID    [16]byte                // its id
	entries   []byte                  // of the index, not yet written
	each      func() error            // called with every record that is taken into the tree; nil: nothing
	ending    bool                    // these are the last rounds
	reads     Reads                   // signed last
	readsAt   time.Time               // when
	held      *Signed                 // the last of them that the log gave
	outage    time.Time               // since when nothing could be signed; zero: it could
	outageWhy string                  // one of Reasons
	again     []Signed                // signed checkpoints that the tree has still to come by, while it is made anew
	written   int64                   // size of the tree whose partial tiles were written last
	heard     eventstore.Subscription // what is new, as it comes; nil: not listening

	newest  atomic.Pointer[Signed]
	sized   atomic.Int64 // records in the tree
	reached atomic.Uint64
	head    atomic.Uint64
	trouble atomic.Pointer[string]
	failing atomic.Pointer[string]

	cosigning sync.WaitGroup
	offers    []chan *Signed // one for each witness, of the newest only
}

// Open opens the notary in cfg.Dir, and makes it if there is none. It holds the newest checkpoint, the last record and the edge of the tree against the
// log: what does not fit is a *MismatchError.
func Open(ctx context.Context, cfg Config) (*Notary, error) {
	n := &Notary{cfg: cfg.withDefaults()}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the notary: %w", err), n.Close())
	}
	return n, nil
}

func (cfg Config) withDefaults() Config {
	if cfg.Every == 0 {
		cfg.Every = time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = noMetrics{}
	}
	if cfg.now == nil {
		cfg.now = time.Now
	}
	if cfg.at == nil {
		cfg.at = func(string) error { return nil }
	}
	return cfg
}

func (n *Notary) open(ctx context.Context) error {
	if err := n.openParts(ctx); err != nil {
		return err
	}
	return n.start(ctx)
}

// openParts opens what the notary keeps, and does not look yet whether the log fits it.
func (n *Notary) openParts(ctx context.Context) error {
	if err := os.MkdirAll(n.cfg.Dir, 0o700); err != nil {
		return err
	}
	var err error
	if n.book, err = openBook(n.cfg.disk, n.path(BookFile), true, false); err != nil {
		return err
	}
	if err := n.openStream(ctx); err != nil {
		return err
	}
	if err := n.openIdentity(ctx); err != nil {
		return err
	}
	if n.files, err = tree.OpenFiles(n.cfg.Dir); err != nil {
		return err
	}
	n.index, err = openIndex(n.path(IndexFile))
	return err
}

func (n *Notary) path(name string) string { return filepath.Join(n.cfg.Dir, name) }

// Close closes it. It must not be running.
func (n *Notary) Close() error {
	var err error
	if n.index != nil {
		err = n.index.close()
	}
	if n.book != nil {
		err = errors.Join(err, n.book.close())
	}
	return err
}

// Origin is the name of the log in its checkpoints.
func (n *Notary) Origin() string { return n.book.currentOrigin() }

// Epoch is the number of the history that the log has: 0 until it is restored to an earlier moment, or accepted as it is.
func (n *Notary) Epoch() int { return n.book.currentEpoch() }

// Verifier is the verifier key in use.
func (n *Notary) Verifier() string { return n.signer.verifier }

// Keys lists all keys that there ever were, the oldest first.
func (n *Notary) Keys() ([]Key, error) { return n.book.keys() }

// Newest returns the newest checkpoint, nil while there is none.
func (n *Notary) Newest() *Signed { return n.newest.Load() }

// Cosigned returns the newest checkpoint that so many witnesses have cosigned, nil for none.
func (n *Notary) Cosigned(witnesses int) (*Signed, error) { return n.book.cosigned(int64(witnesses)) }

// After lists at most limit checkpoints of more than size records, the smallest first.
func (n *Notary) After(size int64, limit int) ([]Signed, error) { return n.book.after(size, limit) }

// Tile reads a tile of the tree by its path, fs.ErrNotExist (wrapped) where there is none.
func (n *Notary) Tile(path string) ([]byte, error) { return n.files.Read(path) }

// Trouble says why nothing is signed until somebody mends it, "" when there is no such thing.
func (n *Notary) Trouble() string { return text(&n.trouble) }

// Failing says why nothing could be signed the last time it was tried, "" when it could.
func (n *Notary) Failing() string { return text(&n.failing) }

func text(of *atomic.Pointer[string]) string {
	if t := of.Load(); t != nil {
		return *t
	}
	return ""
}

// Progress is how far the notary is.
type Progress struct {
	Records  int64               // in the tree
	Signed   int64               // in the newest checkpoint
	SignedAt time.Time           // zero: none is signed
	Position eventstore.Position // of the last record in the tree
	Head     eventstore.Position // of the log, when last looked at
}

// Progress says how far the notary is.
func (n *Notary) Progress() Progress {
	p := Progress{Records: n.sized.Load(), Position: eventstore.Position(n.reached.Load()), Head: eventstore.Position(n.head.Load())}
	if c := n.Newest(); c != nil {
		p.Signed, p.SignedAt = c.N, c.SignedAt
	}
	return p
}

func (n *Notary) tiles() tlog.TileReader { return tree.Source(n.files.Read) }

// noMetrics ignores everything.
type noMetrics struct{}

func (noMetrics) NotarySigned(int64)  {}
func (noMetrics) NotaryFailed(string) {}
