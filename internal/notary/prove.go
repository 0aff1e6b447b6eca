package notary

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
)

// The reasons for which there is no proof of an event.
var (
	ErrUnknown = errors.New("no event with this id is in the notary's tree (one recorded just now is with the next checkpoint)")
	ErrPending = errors.New("the event is not under a checkpoint yet: the next one is signed in a moment")
)

// Proof proves that a record is in the log.
type Proof struct {
	Record bundle.Record
	Size   int64 // records under the checkpoint
	// Text is the proof as C2SP tlog-proof writes it. Its extra data is the leaf.
	Text []byte
}

// Find returns the record of an event, and which leaf it is.
func (n *Notary) Find(ctx context.Context, event uuid.UUID) (bundle.Record, error) {
	at, position, found, err := n.index.find(event)
	if err != nil {
		return bundle.Record{}, err
	}
	if !found {
		return bundle.Record{}, ErrUnknown
	}
	rec, found, err := n.record(ctx, position)
	if err != nil {
		return bundle.Record{}, err
	}
	if !found || rec.ID != event {
		return bundle.Record{}, fmt.Errorf("event %s was at position %d of the log, and is not any more: run jejak audit verify", event, position)
	}
	return bundle.Record{Record: rec, Leaf: at}, nil
}

// Prove proves that a record is under the newest checkpoint.
func (n *Notary) Prove(rec bundle.Record) (*Proof, error) {
	c := n.Newest()
	if c == nil || rec.Leaf >= c.N {
		return nil, ErrPending
	}
	return prove(c, rec, n.tiles())
}

// prove makes the proof under a checkpoint. Nothing that does not hold is handed out.
func prove(c *Signed, rec bundle.Record, tiles tlog.TileReader) (*Proof, error) {
	path, err := tlog.ProveRecord(c.N, rec.Leaf, tlog.TileHashReader(c.Tree, tiles))
	if err != nil {
		return nil, fmt.Errorf("prove event %s: %w", rec.ID, err)
	}
	if err := tlog.CheckRecord(path, c.N, c.Hash, rec.Leaf, leaf.Hash(&rec.Record)); err != nil {
		return nil, fmt.Errorf("event %s at position %d is not what was signed in the checkpoint of %d records: run jejak audit verify", rec.ID, rec.Position, c.N)
	}
	text := torchwood.FormatProofWithExtraData(rec.Leaf, leaf.Append(nil, &rec.Record), path, c.Note())
	return &Proof{Record: rec, Size: c.N, Text: text}, nil
}
