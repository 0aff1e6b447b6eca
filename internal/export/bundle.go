package export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
)

// Packing says how a bundle is made.
type Packing struct {
	Notary    string // folder of the notary
	Split     bool   // a file for each stream
	Program   string // that makes it
	Simulated bool
}

// Bundle makes a bundle of the log under a new name: the records, and tiles, checkpoints and keys of the notary (docs/notary.md). With units in the choice
// it is a part: the streams of these units, and the reference data of the election.
func (l Log) Bundle(ctx context.Context, name string, c Choice, p Packing) (s Summary, err error) {
	reader, err := notary.OpenReader(p.Notary, l.Store)
	if err != nil {
		return s, fmt.Errorf("nothing of this log is signed that could be bundled: %w", err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	signed, err := reader.Book().Newest()
	if err == nil && signed == nil {
		err = errors.New("no checkpoint of this log is signed yet: serve it once")
	}
	if err != nil {
		return s, err
	}
	packing := notary.Packing{Whole: len(c.Units) == 0, Packed: func(rec *eventstore.Record) {
		s.count(rec, true)
		s.Written++
		if _, unit, ok := journal.SplitStream(rec.Stream); ok && s.Written%told == 0 {
			l.tell(unit, s.Written)
		}
	}}
	if len(c.Units) > 0 || p.Split {
		if packing.Streams, err = l.streams(ctx, c); err != nil {
			return s, err
		}
	}
	manifest := bundle.Manifest{Program: p.Program, Simulated: p.Simulated, Made: time.Now().UTC().Format(time.RFC3339)}
	for _, unit := range c.Units {
		manifest.Units = append(manifest.Units, string(unit))
	}
	err = renamed(name, func(temp string) error {
		w, err := bundle.Create(temp)
		if err != nil {
			return err
		}
		return reader.Pack(ctx, w, signed, packing, &manifest)
	})
	s.Units = manifest.Ledgers
	return s, err
}

// streams are the names of those of the choice.
func (l Log) streams(ctx context.Context, c Choice) (names []string, err error) {
	elections := []string{c.Election}
	if len(c.Units) == 0 {
		if err := l.Catalog.Discover(ctx); err != nil {
			return nil, fmt.Errorf("look for elections: %w", err)
		}
		elections = l.Catalog.Elections()
		names = append(names, journal.AccountsStream)
	}
	for _, election := range elections {
		units, err := l.units(ctx, Choice{Election: election, Units: c.Units})
		if err != nil {
			return nil, err
		}
		names = append(names, journal.UnitStreams(election, units)...)
	}
	return names, nil
}
