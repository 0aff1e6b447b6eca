package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// head is where a stream ends.
type head struct {
	version  eventstore.Version
	position eventstore.Position
}

// heads of all streams, as committed.
type heads struct {
	mu sync.RWMutex
	of map[string]head
}

func (h *heads) get(stream string) head {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.of[stream]
}

// events is how many events the streams with a prefix have.
func (h *heads) events(prefix string) (n uint64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for stream, head := range h.of {
		if strings.HasPrefix(stream, prefix) {
			n += uint64(head.version)
		}
	}
	return n
}

func (h *heads) merge(changed map[string]head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for stream, head := range changed {
		h.of[stream] = head
	}
}

// replace puts other heads in place of all.
func (h *heads) replace(by *heads) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of = by.of
}

// missing names a stream that ends earlier in other than here.
func (h *heads) missing(other *heads) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for stream, end := range h.of {
		if now := other.of[stream]; now.version < end.version {
			return fmt.Errorf("stream %s has %d events, but %d were acknowledged", stream, now.version, end.version)
		}
	}
	return nil
}

// tailChecked is how many of the newest positions are looked at for gaps when the log is opened.
const tailChecked = 1000

// loadHeads finds the head of every stream with two look-ups each, whatever their length, and the last position. It finds out a log that was
// cut off at its end or whose streams do not begin at 1; Verify looks at every row.
// Side is the last place beside the log.
func loadHeads(ctx context.Context, conn *sqlite3.Conn, h *heads) (end, side eventstore.Position, err error) {
	h.of = map[string]head{}
	first, _, err := conn.Prepare(`SELECT stream, version FROM events WHERE stream > ?1 ORDER BY stream, version LIMIT 1`)
	if err != nil {
		return 0, 0, err
	}
	defer first.Close()
	newest, _, err := conn.Prepare(`SELECT version, position FROM events WHERE stream = ?1 ORDER BY version DESC LIMIT 1`)
	if err != nil {
		return 0, 0, err
	}
	defer newest.Close()

	var wrong []error
	var sum, besides uint64
	stream := ""
	for ctx.Err() == nil {
		if err := first.BindText(1, stream); err != nil {
			return 0, 0, err
		}
		found := first.Step()
		if found {
			stream = first.ColumnText(0)
			if v := first.ColumnInt64(1); v != 1 {
				wrong = append(wrong, fmt.Errorf("stream %s begins at version %d: events are missing", stream, v))
			}
		}
		if err := first.Reset(); err != nil {
			return 0, 0, err
		}
		if !found {
			break
		}
		if err := newest.BindText(1, stream); err != nil {
			return 0, 0, err
		}
		if newest.Step() {
			row := newest.ColumnInt64(1)
			end := head{eventstore.Version(newest.ColumnInt64(0)), placeOf(row)}
			h.of[stream] = end
			if beside(stream) {
				besides += uint64(end.version)
			} else {
				sum += uint64(end.version)
			}
			if beside(stream) != (row < sideEnd) || row == 0 {
				wrong = append(wrong, fmt.Errorf("stream %s ends at position %d: its rows are not where they belong", stream, row))
			}
		}
		if err := newest.Reset(); err != nil {
			return 0, 0, err
		}
	}
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	last, err := queryInt(conn, `SELECT coalesce(max(position), 0) FROM events WHERE position > 0`)
	if err != nil {
		return 0, 0, err
	}
	beyond, err := queryInt(conn, fmt.Sprintf(`SELECT coalesce(max(position), %d) FROM events WHERE position <= 0`, sideBase))
	if err != nil {
		return 0, 0, err
	}
	side = placeOf(beyond)
	if besides != uint64(side) {
		wrong = append(wrong, fmt.Errorf("the streams beside the log have %d events, but the last place there is %d", besides, side))
	}
	if sum != uint64(last) {
		wrong = append(wrong, fmt.Errorf("the streams have %d events, but the last position is %d", sum, last))
	}
	want := min(last, tailChecked)
	there, err := queryInt(conn, fmt.Sprintf(`SELECT count(*) FROM events WHERE position > %d`, last-want))
	if err != nil {
		return 0, 0, err
	}
	if there != want {
		wrong = append(wrong, fmt.Errorf("%d of the last %d events are missing", want-there, want))
	}
	if len(wrong) > 0 {
		return 0, 0, fmt.Errorf("%w: %w", ErrDamaged, errors.Join(wrong...))
	}
	return eventstore.Position(last), side, nil
}
