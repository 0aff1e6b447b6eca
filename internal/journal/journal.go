// Package journal turns what a ledger recorded into events of the store and back.
//
// An event's data is the JSON of its Go struct in package domain, written by encoding/json. Its metadata has always the same members in the
// same order, so that an auditor can read events.db with SQL alone; what is about the command as a whole (command_sha256, submitted_by, place,
// evidence) stands on the first event of the command only.
package journal

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/eventstore"
	"jejak/internal/api"
)

// The names of streams: ledger-<election>.<unit>, attempts-<election>.<unit>, election-<election>, and election-accounts.
const (
	LedgerPrefix   = "ledger-"
	AttemptsPrefix = "attempts-"
	ElectionPrefix = "election-"
)

// AccountsStream is the stream of accounts. They belong to no election, and no election may be called so.
const AccountsStream = ElectionPrefix + election.Reserved

// StreamPrefixes are the beginnings of the names of all streams of Jejak.
func StreamPrefixes() []string { return []string{LedgerPrefix, AttemptsPrefix, ElectionPrefix} }

// LedgerStream is the stream of a unit's ledger.
func LedgerStream(election string, unit domain.Code) string {
	return LedgerPrefix + election + "." + string(unit)
}

// AttemptsStream is the stream of a unit's rejected commands.
func AttemptsStream(election string, unit domain.Code) string {
	return AttemptsPrefix + election + "." + string(unit)
}

// ElectionStream is the stream of an election's reference data.
func ElectionStream(election string) string { return ElectionPrefix + election }

// UnitStreams are the streams of an election's reference data and of some of its units. Those of all units of all elections, with AccountsStream, are the
// whole log.
func UnitStreams(election string, units []domain.Code) []string {
	names := []string{ElectionStream(election)}
	for _, unit := range units {
		names = append(names, LedgerStream(election, unit), AttemptsStream(election, unit))
	}
	return names
}

// SplitStream takes the name of a ledger's or attempts' stream apart; ok is false for other streams.
func SplitStream(stream string) (election string, unit domain.Code, ok bool) {
	rest, found := strings.CutPrefix(stream, LedgerPrefix)
	if !found {
		if rest, found = strings.CutPrefix(stream, AttemptsPrefix); !found {
			return "", "", false
		}
	}
	election, u, ok := strings.Cut(rest, ".")
	return election, domain.Code(u), ok
}

// Origin is what is known of a command beyond the domain's Act.
type Origin struct {
	Hash        [32]byte // SHA-256 of the canonical command
	SubmittedBy string   // user id of the sending token, "" when it is the actor
	Correlation uuid.UUID
	Causation   uuid.UUID
	Place       *api.Place
	Evidence    []api.Evidence
	Simulated   bool // the server's clock is driven
}

// Metadata stands beside an event's data in the log.
type Metadata struct {
	CommandID     uuid.UUID      `json:"command_id"`
	CommandSHA256 string         `json:"command_sha256,omitempty"` // on the first event of a command
	CorrelationID uuid.UUID      `json:"correlation_id"`
	CausationID   uuid.UUID      `json:"causation_id"`
	Actor         domain.Actor   `json:"actor"`
	SubmittedBy   string         `json:"submitted_by,omitempty"`
	Device        domain.Device  `json:"device"`
	Mode          domain.Mode    `json:"mode"`
	OccurredAt    time.Time      `json:"occurred_at"` // with the offset that the device gave
	RecordedAt    time.Time      `json:"recorded_at"` // UTC
	Place         *api.Place     `json:"place,omitempty"`
	Evidence      []api.Evidence `json:"evidence,omitempty"`
	Simulated     bool           `json:"simulated,omitempty"`
}

// Simulated tells whether a record was made on a driven clock.
func Simulated(rec *eventstore.Record) (bool, error) {
	var m struct {
		Simulated bool `json:"simulated"`
	}
	if err := json.Unmarshal(rec.Metadata, &m); err != nil {
		return false, Unreadable(rec, fmt.Errorf("its metadata: %w", err))
	}
	return m.Simulated, nil
}

// Encode makes the event that the store keeps. first tells the first event of a command, on which the parts of the command as a whole stand.
func Encode(rec domain.Recorded, origin *Origin, first bool) (eventstore.Event, error) {
	data, err := json.Marshal(rec.Event)
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("encode %s of command %s: %w", rec.Event.EventType(), rec.Meta.CommandID, err)
	}
	return eventstore.Event{
		ID: rec.ID, Command: rec.Meta.CommandID, Type: rec.Event.EventType(), Schema: rec.Event.Schema(),
		RecordedAt: rec.Meta.RecordedAt, Data: data, Metadata: appendMetadata(nil, &rec.Meta, origin, first),
	}, nil
}

// ErrUnknownEvent: the log holds an event that this build does not know; a newer build wrote it.
var ErrUnknownEvent = errors.New("event of an unknown type or schema: use the build that wrote it, or a newer one")

// Decode reads an event of a ledger's stream back. newEvent gives a pointer to the zero event of a type and schema, nil for an unknown one.
func Decode(rec *eventstore.Record, newEvent func(eventType string, schema int) domain.Event) (domain.Recorded, error) {
	var d Decoder
	return d.Decode(rec, newEvent)
}

// Decoder decodes many events: what they say again and again (actors, devices) is one text. The zero value is ready. It is for one goroutine.
type Decoder struct {
	names map[string]string
}

// Decode is the function of this name.
func (d *Decoder) Decode(rec *eventstore.Record, newEvent func(eventType string, schema int) domain.Event) (domain.Recorded, error) {
	event := newEvent(rec.Type, rec.Schema)
	if event == nil {
		return domain.Recorded{}, Unreadable(rec, ErrUnknownEvent)
	}
	if !d.usualData(event, rec.Data) {
		event = newEvent(rec.Type, rec.Schema) // the one before may have something of it
		if err := unmarshal(rec.Data, event); err != nil {
			return domain.Recorded{}, Unreadable(rec, fmt.Errorf("its data: %w", err))
		}
	}
	m, ok := d.usual(rec.Metadata)
	if !ok {
		if err := unmarshal(rec.Metadata, &m); err != nil {
			return domain.Recorded{}, Unreadable(rec, fmt.Errorf("its metadata: %w", err))
		}
	}
	return domain.Recorded{
		Version: uint64(rec.Version), ID: rec.ID, Event: event,
		Meta: domain.Meta{
			CommandID: rec.Command, Actor: m.Actor, Device: m.Device, Mode: m.Mode, OccurredAt: m.OccurredAt, RecordedAt: rec.RecordedAt,
		},
	}, nil
}

// unmarshal reads JSON of the log. Times that no strict reader takes are looked at only when reading has failed: that costs every value of a record.
func unmarshal(text []byte, into any) error {
	err := jsonv2.Unmarshal(text, into)
	if err == nil {
		return nil
	}
	if jsonv2.Unmarshal(text, into, oldTimes) == nil {
		return nil
	}
	return err
}

// oldTimes reads every time as domain.StoredTime does.
var oldTimes = jsonv2.WithUnmarshalers(jsonv2.UnmarshalFunc(func(text []byte, t *time.Time) (err error) {
	var s string
	if err := jsonv2.Unmarshal(text, &s); err != nil {
		return err
	}
	*t, err = domain.StoredTime(s)
	return err
}))

// foldMeta is the part of the metadata that folding uses.
type foldMeta struct {
	Actor      domain.Actor  `json:"actor"`
	Device     domain.Device `json:"device"`
	Mode       domain.Mode   `json:"mode"`
	OccurredAt time.Time     `json:"occurred_at"`
}

// ReadMetadata reads all metadata of a record.
func ReadMetadata(rec *eventstore.Record) (Metadata, error) {
	var m Metadata
	if err := unmarshal(rec.Metadata, &m); err != nil {
		return m, Unreadable(rec, fmt.Errorf("its metadata: %w", err))
	}
	return m, nil
}

// CommandHash is the hash of the command that the record is the first event of; ok is false when it is not a first event.
func CommandHash(rec *eventstore.Record) (hash [32]byte, ok bool, err error) {
	var m struct {
		CommandSHA256 string `json:"command_sha256"`
	}
	if err := unmarshal(rec.Metadata, &m); err != nil {
		return hash, false, Unreadable(rec, fmt.Errorf("its metadata: %w", err))
	}
	if len(m.CommandSHA256) != hex.EncodedLen(len(hash)) {
		return hash, false, nil
	}
	if _, err := hex.Decode(hash[:], []byte(m.CommandSHA256)); err != nil {
		return [32]byte{}, false, nil
	}
	return hash, true, nil
}
