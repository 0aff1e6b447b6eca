// Package fact keeps the facts of a subject in the order in which they occurred, whatever the order in which they were told.
package fact

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
)

// Fact is where and when a fact comes from. Rooms embed it in what they keep.
type Fact struct {
	OccurredAt time.Time
	Command    uuid.UUID // decides between facts of the same moment, so that every order of arrival gives the same order of facts
	Ref        domain.Ref
	Actor      string // who did it
}

// Of is the fact that a recorded event tells.
func Of(rec domain.Recorded) Fact {
	return Fact{OccurredAt: rec.Meta.OccurredAt, Command: rec.Meta.CommandID, Ref: rec.Ref(), Actor: rec.Meta.Actor.ID}
}

// Compare orders facts by occurrence, then by command id.
func (f Fact) Compare(g Fact) int {
	if c := f.OccurredAt.Compare(g.OccurredAt); c != 0 {
		return c
	}
	return bytes.Compare(f.Command[:], g.Command[:])
}

// Key is the natural id of the fact for a finding's key.
func (f Fact) Key() string { return f.Command.String() }

func (f Fact) fact() Fact { return f }

// Holder is anything that embeds a Fact.
type Holder interface{ fact() Fact }

// Insert puts x in its place in a sorted list. It returns a new list and leaves the old one as it is, so that a list that was saved stays
// what it was.
func Insert[T Holder](list []T, x T) []T {
	at, _ := slices.BinarySearchFunc(list, x, func(a, b T) int { return a.fact().Compare(b.fact()) })
	return slices.Insert(slices.Clone(list), at, x)
}
