package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

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
	return s, renamed(name, func(temp string) error {
		w, err := bundle.Create(temp)
		if err != nil {
			return err
		}
		b := bundling{Log: l, Writer: w, reader: reader, ledgers: map[string]bool{}, signed: signed}
		if err := b.write(ctx, c, p); err != nil {
			return errors.Join(err, w.Abandon())
		}
		s = b.summary
		s.Units = len(b.ledgers)
		return nil
	})
}

type bundling struct {
	Log
	*bundle.Writer
	reader  *notary.Reader
	ledgers map[string]bool // that have records
	signed  *notary.Signed
	summary Summary
}

func (b *bundling) write(ctx context.Context, c Choice, p Packing) error {
	manifest := bundle.Manifest{
		Program: p.Program, Origin: b.signed.Origin, Size: b.signed.N, Root: b.signed.Hash, Whole: len(c.Units) == 0, Simulated: p.Simulated,
		Made: time.Now().UTC().Format(time.RFC3339),
	}
	for _, unit := range c.Units {
		manifest.Units = append(manifest.Units, string(unit))
	}
	var err error
	if manifest.Whole && !p.Split {
		err = b.all(ctx)
	} else {
		err = b.streams(ctx, c)
	}
	if err == nil && manifest.Whole && int64(b.summary.Records) != b.signed.N {
		err = fmt.Errorf("the log has %d of the %d records that were signed: run jejak audit verify", b.summary.Records, b.signed.N)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(b.tiles(), b.checkpoints(ctx)); err != nil {
		return err
	}
	return b.Close(manifest)
}

// all writes every record into one file, in the order of the log, which is that of the leaves.
func (b *bundling) all(ctx context.Context) error {
	if err := b.BeginRecords("all"); err != nil {
		return err
	}
	next := int64(0)
	for rec, err := range b.Store.ReadAll(ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return err
		}
		if next == b.signed.N {
			return nil // recorded after the checkpoint
		}
		if err := b.record(&rec, next); err != nil {
			return err
		}
		next++
	}
	return nil
}

// streams writes a file for each stream.
func (b *bundling) streams(ctx context.Context, c Choice) error {
	names, err := b.names(ctx, c)
	if err != nil {
		return err
	}
	for _, name := range names {
		begun, guess := false, int64(0)
		for rec, err := range b.Store.Read(ctx, name, 0) {
			if err != nil {
				return err
			}
			leaf, found, err := b.reader.Leaf(&rec, guess)
			if err != nil {
				return err
			}
			if !found || leaf >= b.signed.N {
				break // recorded after the checkpoint
			}
			if !begun {
				if err := b.BeginRecords(name); err != nil {
					return err
				}
				begun = true
			}
			if err := b.record(&rec, leaf); err != nil {
				return err
			}
			guess = leaf + 1
		}
	}
	return nil
}

// names are the streams of the choice.
func (b *bundling) names(ctx context.Context, c Choice) (names []string, err error) {
	elections := []string{c.Election}
	if len(c.Units) == 0 {
		if err := b.Catalog.Discover(ctx); err != nil {
			return nil, fmt.Errorf("look for elections: %w", err)
		}
		elections = b.Catalog.Elections()
	}
	for _, election := range elections {
		units, err := b.units(ctx, Choice{Election: election, Units: c.Units})
		if err != nil {
			return nil, err
		}
		names = append(names, journal.ElectionStream(election))
		for _, unit := range units {
			names = append(names, journal.LedgerStream(election, unit), journal.AttemptsStream(election, unit))
		}
	}
	return names, nil
}

func (b *bundling) record(rec *eventstore.Record, leaf int64) error {
	b.summary.count(rec, true)
	b.summary.Written++
	if _, unit, ok := journal.SplitStream(rec.Stream); ok && strings.HasPrefix(rec.Stream, journal.LedgerPrefix) {
		b.ledgers[rec.Stream] = true
		if b.summary.Written%told == 0 {
			b.tell(unit, b.summary.Written)
		}
	}
	return b.Record(&bundle.Record{Record: *rec, Leaf: leaf})
}

// tiles writes those of the tree under the checkpoint: hashes only, so that a part can be proved too.
func (b *bundling) tiles() error {
	for _, tile := range tlog.NewTiles(torchwood.TileHeight, 0, b.signed.N) {
		name := torchwood.TilePath(tile)
		data, err := b.reader.Tiles()(name)
		if err != nil {
			return fmt.Errorf("read %s: %w: run jejak notary rebuild", name, err)
		}
		if err := b.Add(name, data); err != nil {
			return err
		}
	}
	return nil
}

// checkpoints writes what was ever signed, and with which keys.
func (b *bundling) checkpoints(ctx context.Context) error {
	book := b.reader.Book()
	keys, err := book.Keys()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return err
	}
	var history []byte
	err = book.Each(ctx, 0, func(c *notary.Signed) error {
		line, err := json.Marshal(bundle.Checkpoint{Size: c.N, SignedAt: c.SignedAt, Note: string(c.Note())})
		history = append(append(history, line...), '\n')
		return err
	})
	return errors.Join(err, b.Add(bundle.KeysFile, append(text, '\n')), b.Add(bundle.CheckpointsFile, history), b.Add(bundle.CheckpointFile, b.signed.Note()))
}
