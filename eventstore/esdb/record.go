package esdb

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"jejak/eventstore"
)

// envelope is what the metadata of an event on the server holds beside the event's own: EventStoreDB knows id, type and data of an event only.
type envelope struct {
	Schema     *int            `json:"schema"`
	RecordedAt time.Time       `json:"recorded_at"`
	Command    *uuid.UUID      `json:"command"`
	Metadata   json.RawMessage `json:"metadata"`
}

const metadataKey = `,"metadata":`

// encodeEnvelope is written by hand because the event's metadata must come back byte by byte: encoding/json would compact it.
func encodeEnvelope(e *eventstore.Event) []byte {
	b := make([]byte, 0, eventstore.EventOverhead+len(e.Metadata))
	b = append(b, `{"schema":`...)
	b = strconv.AppendInt(b, int64(e.Schema), 10)
	b = append(b, `,"recorded_at":"`...)
	b = e.RecordedAt.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, '"')
	if e.Command != uuid.Nil {
		b = append(b, `,"command":"`...)
		b = append(b, e.Command.String()...)
		b = append(b, '"')
	}
	if len(e.Metadata) > 0 {
		b = append(b, metadataKey...)
		b = append(b, e.Metadata...)
	}
	return append(b, '}')
}

func decodeEnvelope(b []byte, e *eventstore.Event) error {
	var v envelope
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("its metadata is not of Jejak: %w", err)
	}
	if v.Schema == nil {
		return fmt.Errorf("its metadata is not of Jejak: there is no schema in it")
	}
	e.Schema, e.RecordedAt = *v.Schema, v.RecordedAt
	if v.Command != nil {
		e.Command = *v.Command
	}
	if len(v.Metadata) > 0 {
		e.Metadata = v.Metadata
		if at := bytes.Index(b, []byte(metadataKey)); at > 0 { // with the spaces around it
			e.Metadata = b[at+len(metadataKey) : len(b)-1]
		}
	}
	return nil
}

func encodeEvent(e *eventstore.Event) *api.AppendReq {
	contentType, data := "application/json", e.Data
	if len(data) == 0 {
		contentType, data = "application/octet-stream", []byte{}
	}
	return &api.AppendReq{Content: &api.AppendReq_ProposedMessage_{ProposedMessage: &api.AppendReq_ProposedMessage{
		Id:             encodeID(e.ID),
		Metadata:       map[string]string{"type": e.Type, "content-type": contentType},
		CustomMetadata: encodeEnvelope(e),
		Data:           data,
	}}}
}

func encodeID(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

func decodeID(u *shared.UUID) (id uuid.UUID, err error) {
	switch v := u.GetValue().(type) {
	case *shared.UUID_Structured_:
		binary.BigEndian.PutUint64(id[:8], uint64(v.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(v.Structured.GetLeastSignificantBits()))
		return id, nil
	case *shared.UUID_String_:
		return uuid.Parse(v.String_)
	}
	return id, fmt.Errorf("it has no id")
}

type recorded = api.ReadResp_ReadEvent_RecordedEvent

// positionOf is where an event is in the server's log.
func positionOf(e *recorded) (eventstore.Position, error) {
	if e.GetCommitPosition() != e.GetPreparePosition() {
		return 0, fmt.Errorf("event %d of stream %s was written in a transaction of the old kind (commit %d, prepare %d): Jejak writes none, and cannot order it",
			e.GetStreamRevision(), e.GetStreamIdentifier().GetStreamName(), e.GetCommitPosition(), e.GetPreparePosition())
	}
	// A record at the very beginning of the log would have the position that means "before the first".
	return eventstore.Position(e.GetCommitPosition()) + 1, nil
}

// serverPosition is the inverse of positionOf.
func serverPosition(p eventstore.Position) uint64 { return uint64(p) - 1 }

// decode makes a record of what the server has sent.
func decode(e *recorded) (r eventstore.Record, err error) {
	r.Stream = string(e.GetStreamIdentifier().GetStreamName())
	r.Version = eventstore.Version(e.GetStreamRevision()) + 1
	if r.Position, err = positionOf(e); err != nil {
		return eventstore.Record{}, err
	}
	r.Type = e.GetMetadata()["type"]
	if r.Type == "$streamDeleted" {
		return eventstore.Record{}, &failure{fault: deleted, err: deletedStream(r.Stream)}
	}
	r.ID, err = decodeID(e.GetId())
	if err == nil {
		err = decodeEnvelope(e.GetCustomMetadata(), &r.Event)
	}
	if err != nil {
		return eventstore.Record{}, fmt.Errorf("event %d of stream %s (type %s) cannot be read, was it written by another program? %w",
			e.GetStreamRevision(), r.Stream, r.Type, err)
	}
	r.Data = e.GetData()
	r.Event = r.Stored()
	return r, nil
}
