package trail

import (
	"context"
	"slices"
	"strings"

	"jejak/eventstore"
	"jejak/internal/journal"
)

// Scanned is what an index would have of one ledger, made by reading all of it.
type Scanned struct{ posts postings }

// Scan reads a ledger up to a version.
func Scan(ctx context.Context, store eventstore.Store, l Ledger, upTo uint64) (*Scanned, error) {
	s := &Scanned{postings{}}
	for rec, err := range store.Read(ctx, journal.LedgerStream(l.Election, l.Unit), 0) {
		if err != nil {
			return nil, err
		}
		if uint64(rec.Version) > upTo {
			break
		}
		subjects, err := subjectsOf(&rec)
		if err != nil {
			return nil, err
		}
		s.posts.add(uint64(rec.Version), subjects)
	}
	return s, nil
}

// Versions are those of events that concern any of some things, rising, each once.
func (s *Scanned) Versions(things ...Thing) (versions []uint64) {
	for _, t := range things {
		if !t.Within {
			versions = append(versions, s.posts[t.ID]...)
			continue
		}
		for id, more := range s.posts {
			if strings.HasPrefix(id, t.ID) {
				versions = append(versions, more...)
			}
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}
