package feed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jejak/eventstore"
	"jejak/internal/journal"
)

// A ledger is held from a record on that cannot be made into messages: nothing of it is published any more, so that its order is never broken, and the other
// ledgers go on. Which ledgers are held stands in a header of every message that comes after such a record: the stream's own end stays the only checkpoint.
// A publisher that can read such a record fills the stream anew from the log, once: messages in the middle would come after later ones.

// holds tells whether a record is of a ledger that is held, at or after the record that cannot be read.
func (p *Publisher) holds(rec *eventstore.Record) bool {
	at, held := p.held[rec.Stream]
	return held && rec.Position >= at
}

// hold leaves a ledger out from a record on.
func (p *Publisher) hold(rec *eventstore.Record, err error) {
	if p.held == nil {
		p.held = map[string]eventstore.Position{}
	}
	p.held[rec.Stream] = rec.Position
	p.cfg.Metrics.FeedFailed(ReasonRecord)
	p.cfg.Unreadable.Note(journal.Unreadable(rec, err))
}

// heldBefore is the header of a message at a position, "" for none.
func heldBefore(held map[string]eventstore.Position, position eventstore.Position) string {
	var names []string
	for _, stream := range slices.Sorted(maps.Keys(held)) {
		if held[stream] < position {
			names = append(names, stream+"@"+strconv.FormatUint(uint64(held[stream]), 10))
		}
	}
	return strings.Join(names, ",")
}

// parseHeld reads what heldBefore has written.
func parseHeld(header string) (map[string]eventstore.Position, error) {
	held := map[string]eventstore.Position{}
	if header == "" {
		return held, nil
	}
	for entry := range strings.SplitSeq(header, ",") {
		stream, text, _ := strings.Cut(entry, "@")
		position, err := strconv.ParseUint(text, 10, 64)
		if err != nil || stream == "" {
			return nil, fmt.Errorf("%q names no stream and position", entry)
		}
		held[stream] = eventstore.Position(position)
	}
	return held, nil
}

// mended tells whether a record that the stream was held for can be read by this program.
func (p *Publisher) mended(ctx context.Context, held map[string]eventstore.Position) (bool, error) {
	for stream, at := range held {
		for rec, err := range p.cfg.Store.ReadAll(ctx, at-1, eventstore.Filter{StreamPrefix: stream}) {
			if err != nil {
				return false, storage(err)
			}
			if rec.Position == at && rec.Stream == stream {
				if _, err := read(&rec); err == nil {
					p.cfg.Log.Info("a record can be read now that the feed was held for: the stream is filled anew from the log", "stream", stream, "position", uint64(at))
					return true, nil
				}
			}
			break
		}
	}
	return false, nil
}
