package sqlite

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"jejak/eventstore"
)

// Rows beside the log stand in its table, far below its own: the log's positions stay 1, 2, 3, ... without gaps, and who reads the log from its beginning does not
// meet them.
const (
	sideBase = -1 << 62      // the first is the next
	sideEnd  = sideBase >> 1 // they are all below
)

// besideRows are the rows of streams beside the log.
const besideRows = `stream >= '` + eventstore.SidePrefix + `' AND stream < 'side.'` // the sign after '-'

func beside(stream string) bool { return strings.HasPrefix(stream, eventstore.SidePrefix) }

// placeOf is the position of a row, in the log or beside it.
func placeOf(row int64) eventstore.Position {
	if row < sideEnd {
		row -= sideBase
	}
	return eventstore.Position(row)
}

// rowBeside is where the row of a place beside the log stands.
func rowBeside(place eventstore.Position) int64 { return sideBase + int64(place) }

// Side gives the streams that stand beside the log in the same file.
func (s *Store) Side() eventstore.Side { return side{s} }

type side struct{ s *Store }

func (b side) refuse(stream string) error {
	if beside(stream) {
		return nil
	}
	return fmt.Errorf("stream %s: %w: beside the log the names of streams begin with %s", stream, eventstore.ErrInvalid, eventstore.SidePrefix)
}

func (b side) Append(ctx context.Context, stream string, expected eventstore.Version, events ...eventstore.Event) (eventstore.Position, error) {
	if err := b.refuse(stream); err != nil {
		return 0, err
	}
	return b.s.append(ctx, stream, expected, events)
}

func (b side) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	if err := b.refuse(stream); err != nil {
		return func(yield func(eventstore.Record, error) bool) { yield(eventstore.Record{}, err) }
	}
	return b.s.Read(ctx, stream, after)
}

func (b side) StreamHead(ctx context.Context, stream string) (eventstore.Version, eventstore.Position, error) {
	return b.s.StreamHead(ctx, stream)
}
