package invariant

import (
	"context"
	"hash/maphash"
	"iter"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// places is a set of hashes, of which the number and the sum are kept: two with the same are the same set, as nobody knows the seed.
type places struct{ n, sum uint64 }

func (p *places) add(hash uint64) { p.n, p.sum = p.n+1, p.sum+hash }

// inStream hashes where a record stands in its stream and in the log.
func (c *check) inStream(r *eventstore.Record) uint64 {
	return maphash.Comparable(c.seed, struct {
		stream   string
		version  eventstore.Version
		position eventstore.Position
	}{r.Stream, r.Version, r.Position})
}

// ofCommand hashes of which command a record is, or of one without a command its id, and where it stands in the log.
func (c *check) ofCommand(r *eventstore.Record) uint64 {
	by := struct {
		command, id uuid.UUID
		position    eventstore.Position
	}{command: r.Command, position: r.Position}
	if r.Command == uuid.Nil {
		by.id = r.ID
	}
	return maphash.Comparable(c.seed, by)
}

// fits tells whether an index says what the log does. One that cannot be read is a problem, and does not.
func (c *check) fits(index func(context.Context) iter.Seq2[eventstore.Record, error], want places, hash func(*eventstore.Record) uint64) (bool, error) {
	var got places
	for r, err := range index(c.ctx) {
		if err != nil {
			return false, c.broken(eventstore.Record{}, "read an index of the log", err)
		}
		if r.Position <= c.report.Head {
			c.progress()
			got.add(hash(&r))
		}
	}
	return got == want, nil
}

// told makes sure that an index that does not fit is told of, if nothing was found by looking everything up.
func (c *check) told(before int, name string) error {
	if len(c.report.Problems) > before {
		return nil
	}
	return c.problem(eventstore.Record{}, "the index by %s does not fit the log", name)
}
