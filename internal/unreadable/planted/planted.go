// Package planted makes records that this program cannot read and puts them straight into a store, past everything that would refuse them. Only tests use it.
package planted

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// Kind is what is wrong with a record.
type Kind string

// The kinds.
const (
	Metadata Kind = "metadata" // it is no JSON of the known form
	Type     Kind = "type"     // of a program to come
	Schema   Kind = "schema"   // likewise
	Data     Kind = "data"     // it has another form than its type and schema say
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Metadata, Type, Schema, Data} }

// Event makes such an event.
func Event(kind Kind, at time.Time) eventstore.Event {
	command := uuid.New()
	e := eventstore.Event{
		ID: domain.EventID(command, 0), Command: command, Type: "incident.raised", Schema: 1, RecordedAt: at,
		Data: []byte(`{"incident":"DSC-3509-000001","kind":"accident","severity":"low","units":["x"],"note":"x"}`),
		Metadata: fmt.Appendf(nil, `{"command_id":%q,"correlation_id":%q,"causation_id":%q,"actor":{"id":"usr-1","role":"operator","unit":"3509"},`+
			`"device":{"id":"","seq":0},"mode":"report","occurred_at":%q,"recorded_at":%q}`, command, command, command, at.Format(time.RFC3339Nano), at.Format(time.RFC3339Nano)),
	}
	switch kind {
	case Metadata:
		e.Metadata = []byte(`{"occurred_at":"yesterday"}`)
	case Type:
		e.Type = "incident.foreseen"
	case Schema:
		e.Schema = 99
	case Data:
		e.Data = []byte(`{"units":7}`)
	}
	return e
}

// Put appends such a record to the ledger of a unit, and returns it.
func Put(t testing.TB, store eventstore.Store, election string, unit domain.Code, kind Kind, at time.Time) eventstore.Record {
	t.Helper()
	stream := journal.LedgerStream(election, unit)
	version, _, err := store.StreamHead(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	e := Event(kind, at)
	position, err := store.Append(t.Context(), stream, version, e)
	if err != nil {
		t.Fatal(err)
	}
	return eventstore.Record{Event: e, Position: position, Stream: stream, Version: version + 1}
}
