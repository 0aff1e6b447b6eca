package notary

import (
	"fmt"
	"strconv"
	"strings"

	"jejak/eventstore"
)

// OtherHistoryError: a cursor is of a place that the log's history does not have: it was restored, or accepted as it is, and went on from before it.
type OtherHistoryError struct {
	Cursor string
	Now    string              // the epoch as cursors have it
	Fork   eventstore.Position // up to which both histories are the same
}

func (e *OtherHistoryError) Error() string {
	return fmt.Sprintf("the cursor %s is of another history of the log than %q: they are the same up to position %d", e.Cursor, e.Now, e.Fork)
}

// Cursor writes a place in the log as readers keep it: the bare position in the first epoch, and EPOCH:POSITION after it, where EPOCH is the number at the end of the
// epoch's origin.
func (n *Notary) Cursor(at eventstore.Position) string {
	position := strconv.FormatUint(uint64(at), 10)
	if label := n.EpochLabel(); label != "" {
		return label + ":" + position
	}
	return position
}

// EpochLabel is the number at the end of the origin, "" in the first epoch.
func (n *Notary) EpochLabel() string {
	n.book.mu.Lock()
	defer n.book.mu.Unlock()
	return n.book.epochs[len(n.book.epochs)-1].label()
}

func (e epoch) label() string {
	return strings.TrimPrefix(strings.TrimPrefix(e.origin, BaseOrigin(e.origin)), "/")
}

// ReadCursor reads what Cursor has written, in this epoch or an earlier one. A place that the log does not have any more is an *OtherHistoryError.
func (n *Notary) ReadCursor(text string) (eventstore.Position, error) {
	label, number, found := strings.Cut(text, ":")
	if !found {
		label, number = "", text
	}
	at, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is no position, nor an epoch, a colon and a position", text)
	}
	if label == "0" {
		label = ""
	}
	n.book.mu.Lock()
	defer n.book.mu.Unlock()
	epochs := n.book.epochs
	other := &OtherHistoryError{Cursor: text, Now: epochs[len(epochs)-1].label()}
	for i := range epochs {
		if epochs[i].label() != label {
			continue
		}
		other.Fork = eventstore.Position(at)
		for _, later := range epochs[i+1:] {
			other.Fork = min(other.Fork, later.fork)
		}
		if eventstore.Position(at) > other.Fork {
			return 0, other
		}
		return eventstore.Position(at), nil
	}
	if _, err := strconv.ParseUint(label, 10, 63); err != nil {
		return 0, fmt.Errorf("%q is no position, nor an epoch, a colon and a position", text)
	}
	return 0, other
}
