package refold

import (
	"context"
	"fmt"
	"iter"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
)

const (
	// The first chunk is small, for those who fold a few events, and the next ones grow.
	firstChunk = 16
	chunkSize  = 256
	// waiting is how many chunks are ready beside the one that is folded and the one that is made.
	waiting = 2
)

// decoded is a record with its event, or why there is none; that is the last of a reading.
type decoded struct {
	record eventstore.Record
	event  domain.Recorded
	err    error
}

// ahead reads and decodes records of a stream while those before them are folded.
type ahead struct {
	chunks chan []decoded // in order; closed at the end of the reading
	used   chan []decoded // chunks that have been folded, to be filled again
	whole  bool           // everything was handed over, up to the end or an error; to be read when chunks is closed
}

// readAhead begins to read records of a stream, which come after a version, until they end, ctx ends or one cannot be read. end must be called.
func readAhead(ctx context.Context, records iter.Seq2[eventstore.Record, error], stream string, after uint64) *ahead {
	a := &ahead{chunks: make(chan []decoded, waiting), used: make(chan []decoded, waiting)}
	go func() {
		defer close(a.chunks)
		a.whole = a.read(ctx, records, stream, after)
	}()
	return a
}

// end stops the reading and waits until no record is read any more.
func (a *ahead) end(cancel context.CancelFunc) {
	cancel()
	for range a.chunks {
	}
}

func (a *ahead) read(ctx context.Context, records iter.Seq2[eventstore.Record, error], stream string, after uint64) (whole bool) {
	chunk := make([]decoded, 0, firstChunk)
	version := after
	defer func() {
		if p := recover(); p != nil {
			chunk = append(chunk, decoded{err: fmt.Errorf("read %s after version %d: panic: %v", stream, version, p)})
			whole = a.send(ctx, chunk)
		}
	}()
	var decoder journal.Decoder
	for rec, err := range records {
		next := decoded{record: rec}
		if err != nil {
			next.err = fmt.Errorf("read %s after version %d: %w", stream, after, err)
		} else {
			version = uint64(rec.Version)
			next.event, next.err = decoder.Decode(&rec, ledger.NewEventOf)
		}
		chunk = append(chunk, next)
		switch {
		case next.err != nil:
			return a.send(ctx, chunk)
		case len(chunk) == cap(chunk):
			if !a.send(ctx, chunk) {
				return false
			}
			chunk = a.empty()
		}
	}
	return a.send(ctx, chunk)
}

// send hands a chunk over; false when nobody wants it any more.
func (a *ahead) send(ctx context.Context, chunk []decoded) bool {
	select {
	case a.chunks <- chunk:
		return true
	case <-ctx.Done():
		return false
	}
}

// free takes a chunk back that has been folded.
func (a *ahead) free(chunk []decoded) {
	select {
	case a.used <- chunk:
	default:
	}
}

func (a *ahead) empty() []decoded {
	select {
	case chunk := <-a.used:
		if cap(chunk) == chunkSize {
			return chunk[:0]
		}
	default:
	}
	return make([]decoded, 0, chunkSize)
}
