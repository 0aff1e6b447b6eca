package export

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/journal"
)

// Remote is the log of a running server, as far as a token sees it. It is only read from: everything else is ErrReadOnly.
type Remote struct {
	Client   *client.Client
	Token    string
	Election string // the log is read election by election
	// Watch gets what comes of a bundle, beside the file that is written; nil: nobody does.
	Watch io.Writer
}

var _ eventstore.Store = Remote{}

// ErrReadOnly is what writing to the log of a server gives: commands do that.
var ErrReadOnly = errors.New("the log of a server is only read here")

// Read implements eventstore.Store.
func (r Remote) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	query := url.Values{"election": {r.Election}}
	if _, unit, ok := journal.SplitStream(stream); ok {
		query.Set("unit", string(unit))
		if strings.HasPrefix(stream, journal.AttemptsPrefix) {
			query.Set("attempts", "true")
		}
	} else {
		query.Set("type", strings.Join(election.EventTypes(), ","))
	}
	return r.records(ctx, query, func(rec *eventstore.Record) bool { return rec.Stream == stream && rec.Version > after })
}

// ReadAll implements eventstore.Store.
func (r Remote) ReadAll(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	query := url.Values{"election": {r.Election}, "attempts": {"true"}, "after": {position(after)}}
	if len(filter.Types) > 0 {
		query.Set("type", strings.Join(filter.Types, ","))
	}
	return r.records(ctx, query, func(rec *eventstore.Record) bool {
		return strings.HasPrefix(rec.Stream, filter.StreamPrefix) && (len(filter.Types) == 0 || slices.Contains(filter.Types, rec.Type))
	})
}

func (r Remote) records(ctx context.Context, query url.Values, chosen func(*eventstore.Record) bool) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for e, err := range r.Client.Events(ctx, r.Token, query) {
			var rec eventstore.Record
			if err == nil {
				rec, err = record(&e)
			}
			if err != nil {
				yield(eventstore.Record{}, err)
				return
			}
			if chosen(&rec) && !yield(rec, nil) {
				return
			}
		}
	}
}

// record is the record that the API shows.
func record(e *api.Event) (eventstore.Record, error) {
	id, err := uuid.Parse(e.ID)
	if err != nil {
		return eventstore.Record{}, err
	}
	recorded, err := domain.StoredTime(e.RecordedAt)
	if err != nil {
		return eventstore.Record{}, err
	}
	rec := eventstore.Record{
		Event:    eventstore.Event{ID: id, Type: e.Type, Schema: e.Schema, RecordedAt: recorded, Data: e.Data, Metadata: e.Metadata},
		Position: eventstore.Position(e.Position), Stream: e.Stream, Version: eventstore.Version(e.Version),
	}
	if strings.HasPrefix(e.Stream, journal.LedgerPrefix) {
		meta, err := journal.ReadMetadata(&rec)
		if err != nil {
			return eventstore.Record{}, err
		}
		rec.Command = meta.CommandID
	}
	return rec, nil
}

// StreamHead implements eventstore.Store for streams of elections, which are short; of others it reads all.
func (r Remote) StreamHead(ctx context.Context, stream string) (version eventstore.Version, at eventstore.Position, err error) {
	for rec, err := range r.Read(ctx, stream, 0) {
		if err != nil {
			return 0, 0, err
		}
		version, at = rec.Version, rec.Position
	}
	return version, at, nil
}

// Head implements eventstore.Store.
func (r Remote) Head(context.Context) (eventstore.Position, error) { return 0, ErrReadOnly }

// Append implements eventstore.Store.
func (r Remote) Append(context.Context, string, eventstore.Version, ...eventstore.Event) (eventstore.Position, error) {
	return 0, ErrReadOnly
}

// Subscribe implements eventstore.Store.
func (r Remote) Subscribe(context.Context, eventstore.Position, eventstore.Filter) (eventstore.Subscription, error) {
	return nil, ErrReadOnly
}

// ByCommand implements eventstore.Store.
func (r Remote) ByCommand(context.Context, uuid.UUID) (eventstore.Record, bool, error) {
	return eventstore.Record{}, false, ErrReadOnly
}

// Close implements eventstore.Store.
func (r Remote) Close() error { return nil }
