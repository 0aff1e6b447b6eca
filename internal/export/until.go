package export

import (
	"context"
	"iter"

	"jejak/eventstore"
)

// until is a log that ends before the first record that was recorded too late; times grow within a ledger.
type until struct {
	eventstore.Store
	choice Choice
}

// Read implements eventstore.Store.
func (u until) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for rec, err := range u.Store.Read(ctx, stream, after) {
			if err == nil && u.choice.ended(rec.RecordedAt) {
				return
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}
