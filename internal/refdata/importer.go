package refdata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// Importer writes datasets into the stream of their election.
type Importer struct {
	Store     eventstore.Store
	Now       func() time.Time // the server's clock
	Actor     domain.Actor     // who imports
	Simulated bool             // the data directory's clock is driven
}

// Imported is the outcome of an import.
type Imported struct {
	Version  string
	Added    int                 // events added, 0 when the version was there
	Position eventstore.Position // of the version's end in the log
}

// chunkBytes is the most event data in one append; with the metadata it stays under eventstore.MaxAppend.
const (
	chunkBytes  = eventstore.MaxAppend / 3
	chunkEvents = 500
)

// namespace of the ids of import commands.
var namespace = uuid.MustParse("5a5c1c0e-6f0b-5d0c-9d5e-6d6f0f3b7a11")

// Import makes the version part of the log. A version that is there is left alone. An import that was cut off goes on, by whichever process;
// one that was cut off and followed by another is begun anew, and what it left behind counts for nothing. Units adopt the version afterwards.
func (i Importer) Import(ctx context.Context, ds *Dataset) (Imported, error) {
	for {
		done, err := i.attempt(ctx, ds)
		if errors.Is(err, eventstore.ErrConflict) { // somebody else imports too: look again
			if ctxErr := ctx.Err(); ctxErr != nil {
				return Imported{}, fmt.Errorf("import reference data %s: %w", ds.Version, ctxErr)
			}
			continue
		}
		if err != nil {
			return Imported{}, fmt.Errorf("import reference data %s: %w", ds.Version, err)
		}
		return done, nil
	}
}

// attempt imports what is missing in the stream as it is now.
func (i Importer) attempt(ctx context.Context, ds *Dataset) (Imported, error) {
	done := Imported{Version: ds.Version}
	stream := journal.ElectionStream(ds.Election)
	head, err := i.look(ctx, stream, ds.Version)
	if err != nil || head.published != 0 {
		done.Position = head.published
		return done, err
	}
	chunks, err := i.encode(ds, head.start)
	if err != nil {
		return done, err
	}
	if !head.continues(chunks) {
		head.start, head.tail = head.version, nil
		if chunks, err = i.encode(ds, head.start); err != nil {
			return done, err
		}
	}
	there := len(head.tail)
	for _, chunk := range chunks {
		if there > 0 { // chunks are appended whole
			there -= len(chunk)
			continue
		}
		if done.Position, err = i.append(ctx, stream, head.version, chunk); err != nil {
			return done, err
		}
		head.version += eventstore.Version(len(chunk))
		done.Added += len(chunk)
	}
	return done, nil
}

// append repeats an append whose outcome is unknown until it is known.
func (i Importer) append(ctx context.Context, stream string, expected eventstore.Version, events []eventstore.Event) (eventstore.Position, error) {
	for {
		position, err := i.Store.Append(ctx, stream, expected, events...)
		if !errors.Is(err, eventstore.ErrUnknownOutcome) || ctx.Err() != nil {
			return position, err
		}
	}
}

// head is what the stream holds of an unfinished import.
type head struct {
	version   eventstore.Version
	published eventstore.Position // of the version asked for, 0 when it is not there
	start     eventstore.Version  // version before the newest election.defined
	tail      []uuid.UUID         // ids of the events from there on
}

func (i Importer) look(ctx context.Context, stream, version string) (head, error) {
	var h head
	for rec, err := range i.Store.Read(ctx, stream, 0) {
		if err != nil {
			return h, fmt.Errorf("read %s: %w", stream, err)
		}
		h.version = rec.Version
		event := election.NewEvent(rec.Type, rec.Schema)
		if event == nil { // the stream has other events too
			continue
		}
		switch event := event.(type) {
		case *election.Defined:
			h.start, h.tail = rec.Version-1, []uuid.UUID{rec.ID}
		case *election.ReferencePublished:
			h.tail = nil
			if err := json.Unmarshal(rec.Data, event); err != nil {
				return h, fmt.Errorf("read %s version %d: %w", stream, rec.Version, err)
			}
			if event.Version == version {
				h.published = rec.Position
			}
		case *election.NormsPublished, *election.DeadlinesSet, *election.RegenciesRegistered, *election.DesignsRegistered,
			*election.PoliceUnitsRegistered, *election.RegionRegistered:
			h.tail = append(h.tail, rec.ID)
		}
	}
	return h, nil
}

// continues tells whether the tail is the beginning of these chunks.
func (h head) continues(chunks [][]eventstore.Event) bool {
	n := 0
	for _, chunk := range chunks {
		if n == len(h.tail) {
			return n > 0
		}
		for _, e := range chunk {
			if n == len(h.tail) || h.tail[n] != e.ID {
				return false
			}
			n++
		}
	}
	return false
}

// encode makes the store's events of a dataset whose import begins after a version of the stream. Each chunk is one command, whose id follows
// from what is imported and where, so that a retry by anyone is recognised.
func (i Importer) encode(ds *Dataset, start eventstore.Version) ([][]eventstore.Event, error) {
	now := i.Now().UTC().Truncate(time.Microsecond)
	var chunks [][]eventstore.Event
	size := 0
	var act domain.Act
	for _, event := range Events(ds) {
		data := len(election.Encode(event))
		if n := len(chunks); n == 0 || size+data > chunkBytes || len(chunks[n-1]) == chunkEvents {
			size = 0
			chunks = append(chunks, nil)
			name := ds.Election + "|" + ds.Version + "|" + strconv.FormatUint(uint64(start), 10) + "|" + strconv.Itoa(n)
			act = domain.Act{ID: uuid.NewSHA1(namespace, []byte(name)), Mode: domain.Request, Actor: i.Actor, OccurredAt: now, RecordedAt: now}
		}
		size += data
		last := &chunks[len(chunks)-1]
		rec := domain.Recorded{ID: domain.EventID(act.ID, len(*last)), Event: event, Meta: domain.Meta{
			CommandID: act.ID, Actor: act.Actor, Mode: act.Mode, OccurredAt: now, RecordedAt: now,
		}}
		origin := journal.Origin{Correlation: act.ID, Causation: act.ID, Simulated: i.Simulated}
		encoded, err := journal.Encode(rec, &origin, len(*last) == 0)
		if err != nil {
			return nil, err
		}
		*last = append(*last, encoded)
	}
	return chunks, nil
}
