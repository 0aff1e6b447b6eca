package verify

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary"
)

// Epoch is a history of the log, from its beginning to the next one's.
type Epoch struct {
	Number int    `json:"number"`
	Origin string `json:"origin"`
	// Good are the records under the newest checkpoint of the epoch before that this one extends.
	Good  int64  `json:"good"`
	Size  int64  `json:"size"` // records in the log when it began
	Began string `json:"began"`
	Why   string `json:"why"` // what it was restored from, or who has accepted the log and why; "" for the first
}

// history is what the notary's stream says beside its checkpoints.
type history struct {
	keys     []notary.Key
	epochs   []Epoch
	begun    time.Time
	until    eventstore.Position // the notary began on a person's word when the log was so long
	accepted []notary.Accepted
	outages  []notary.OutageEnded
	reads    []notary.Reads // the newest of each file last
	notes    []string
	entries  int64
	newest   eventstore.Version
	body     tlog.Hash
	wrong    []Problem
}

// readHistory reads the notary's stream, the newest where there are several, and holds its chain. records are all that stands beside the log; origin is that of the first
// epoch in notary.db, "" where it says none.
func readHistory(records func() iter.Seq2[eventstore.Record, error], origin string) (*history, func(do func(*notary.Entry) error) error) {
	h := &history{}
	name := ownStream(records, origin)
	each := func(do func(*notary.Entry) error) error {
		for rec, err := range records() {
			if err != nil {
				return err
			}
			if rec.Stream != name {
				continue
			}
			e, err := notary.ReadEntry(&rec)
			if err == nil {
				err = do(e)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	var chain notary.Chain
	var last time.Time
	err := each(func(e *notary.Entry) error {
		h.entries++
		if err := chain.Next(e); err != nil {
			h.problem("%v", err)
		}
		if e.At.Before(last.Add(-time.Minute)) {
			h.notes = append(h.notes, fmt.Sprintf("entry %d of the notary's stream is of %s, the one before it of %s: the machine's clock was set back", e.Version, e.At.Format(time.RFC3339), last.Format(time.RFC3339)))
		}
		last = e.At
		h.take(e)
		return nil
	})
	h.newest, h.body = chain.Version, chain.Newest
	if err != nil {
		h.problem("%v", err)
	}
	return h, each
}

// ownStream is the stream of an origin, or the first.
func ownStream(records func() iter.Seq2[eventstore.Record, error], origin string) string {
	name := notary.StreamName(0)
	if origin == "" {
		return name
	}
	for rec, err := range records() {
		if err != nil {
			break
		}
		if rec.Version > 1 {
			continue
		}
		if e, err := notary.ReadEntry(&rec); err == nil && e.Origin == origin {
			return rec.Stream
		}
	}
	return name
}

func (h *history) problem(format string, args ...any) {
	if len(h.wrong) < maxProblems {
		h.wrong = append(h.wrong, Problem{Kind: Stream, Leaf: -1, Text: fmt.Sprintf(format, args...)})
	}
}

func (h *history) take(e *notary.Entry) {
	switch {
	case e.Begun != nil:
		h.keys = slices.Clone(e.Begun.Keys)
		h.begun = e.At
		h.epochs = []Epoch{{Origin: e.Origin, Began: stamp(e.At)}}
		if w := e.Begun.Word; w != nil && e.Begun.Position > 0 {
			h.until = e.Begun.Position
			h.notes = append(h.notes, fmt.Sprintf("the notary began at %s when the log had records up to position %d: %s said so, because: %s", stamp(e.At), e.Begun.Position, w.By, w.Why))
		}
		if e.Begun.Adopts {
			h.notes = append(h.notes, fmt.Sprintf("what was signed before %s was taken over from notary.db: when it was signed only that says", stamp(e.At)))
		}
	case e.Key != nil:
		h.enterKey(e.Key.Key)
	case e.Epoch != nil:
		h.enterKey(e.Epoch.Key)
		origin, _, _ := strings.Cut(e.Epoch.Key.Verifier, "+")
		why := ""
		if r := e.Epoch.Restored; r != nil {
			why = fmt.Sprintf("restored by %s from the backup %s (SHA-256 %s) taken at %s, up to position %d", r.Program, r.File, r.SHA256, stamp(r.Began), r.Head)
		} else if w := e.Epoch.Word; w != nil {
			why = fmt.Sprintf("%s said so, because: %s", w.By, w.Why)
		}
		h.epochs = append(h.epochs, Epoch{Number: e.Epoch.Number, Origin: origin, Good: e.Epoch.Good, Size: e.Epoch.Size, Began: stamp(e.At), Why: why})
		h.notes = append(h.notes, fmt.Sprintf("epoch %d began at %s with %d records: %s; what epoch %d signed beyond %d records is not in this log", e.Epoch.Number, stamp(e.At), e.Epoch.Size, why, e.Epoch.Number-1, e.Epoch.Good))
	case e.Accepted != nil:
		h.accepted = append(h.accepted, *e.Accepted)
		h.notes = append(h.notes, fmt.Sprintf("up to %d records the log was accepted as it was at %s: %s said so, because: %s", e.Accepted.Size, stamp(e.At), e.Accepted.By, e.Accepted.Why))
	case e.Reads != nil:
		h.reads = append(h.reads, *e.Reads)
	case e.Outage != nil:
		h.outages = append(h.outages, *e.Outage)
		h.notes = append(h.notes, fmt.Sprintf("nothing could be signed from %s to %s (%s)", stamp(e.Outage.From), stamp(e.Outage.To), e.Outage.Why))
	}
}

// Reads are the ends of the chain of access.db that the notary has signed, the oldest first.
func (f *Found) Reads() []notary.Reads {
	if f.Source.Beside == nil {
		return nil
	}
	return f.Source.Beside.reads
}

func (h *history) enterKey(key notary.Key) {
	if n := len(h.keys); n > 0 {
		h.keys[n-1].Until = key.Since
	}
	h.keys = append(h.keys, key)
}

// void tells whether a checkpoint is of a history that the log does not have any more.
func (h *history) void(epoch int, size int64) bool {
	for _, later := range h.epochs[min(epoch+1, len(h.epochs)):] {
		if size > later.Good {
			return true
		}
	}
	return false
}

// sealedTree is a checkpoint of the stream.
type sealedTree struct {
	notary.Signed
	sealed bool // SignedAt was sealed by the notary
	pace   time.Duration
}

// checkpoints gives those that the log must have, the smallest first, and the newest with its cosignatures.
func (h *history) checkpoints(each func(do func(*notary.Entry) error) error, do func(*sealedTree) error) error {
	var held *sealedTree
	epoch := 0
	hand := func() error {
		if held == nil || h.void(held.Epoch, held.N) {
			return nil
		}
		return do(held)
	}
	next := func(e *notary.Entry, t *notary.SignedTree, at time.Time, sealed bool, cosigned string) error {
		err := hand()
		held = &sealedTree{Signed: notary.Signed{Origin: e.Origin, Tree: tlog.Tree{N: t.Size, Hash: t.Root}, Epoch: epoch, Position: t.Position, Event: t.Event, SignedAt: at,
			Signatures: t.Signatures, Cosignatures: cosigned}, sealed: sealed, pace: t.Pace}
		return err
	}
	err := each(func(e *notary.Entry) error {
		switch {
		case e.Adopted != nil:
			for i := range e.Adopted.Checkpoints {
				c := &e.Adopted.Checkpoints[i]
				if err := next(e, &c.SignedTree, c.SignedAt, false, c.Cosignatures); err != nil {
					return err
				}
			}
		case e.Signed != nil:
			return next(e, e.Signed, e.At, true, "")
		case e.Key != nil && e.Key.Signatures != "" && held != nil:
			held.Signatures = e.Key.Signatures
		case e.Cosigned != nil && held != nil && held.N == e.Cosigned.Size:
			held.Cosignatures += e.Cosigned.Line
		case e.Epoch != nil:
			epoch = e.Epoch.Number
		}
		return nil
	})
	if err != nil {
		return err
	}
	return hand()
}
