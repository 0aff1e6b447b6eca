// Package bundle is the form in which the log leaves the server for those who check it without one: docs/notary.md, "Bundle".
package bundle

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"jejak/eventstore"
)

// Record is a record in a bundle, or one that GET /v1/events shows.
type Record struct {
	eventstore.Record
	// Leaf is its place in the notary's tree, from 0; -1 where the line does not say.
	Leaf int64
}

// stamp is how times are written: UTC, to the microsecond.
const stamp = "2006-01-02T15:04:05.000000Z"

// AppendRecord appends a record as a line of JSON, without the newline. Data and metadata stand there byte for byte as in the log, so that hashes fit.
// What cannot stand in a line so (never written by Jejak itself) is given in base64 as data_base64 or metadata_base64. The position is left out
// where it is 0, the leaf where it is below 0.
func AppendRecord(b []byte, rec *Record) []byte {
	b = append(b, '{')
	if rec.Leaf >= 0 {
		b = strconv.AppendInt(append(b, `"leaf":`...), rec.Leaf, 10)
		b = append(b, ',')
	}
	if rec.Position > 0 {
		b = strconv.AppendUint(append(b, `"position":`...), uint64(rec.Position), 10)
		b = append(b, ',')
	}
	b = appendString(append(b, `"stream":`...), rec.Stream)
	b = strconv.AppendUint(append(b, `,"version":`...), uint64(rec.Version), 10)
	b = appendString(append(b, `,"id":`...), rec.ID.String())
	if rec.Command != uuid.Nil {
		b = appendString(append(b, `,"command":`...), rec.Command.String())
	}
	b = appendString(append(b, `,"type":`...), rec.Type)
	b = strconv.AppendInt(append(b, `,"schema":`...), int64(rec.Schema), 10)
	b = append(b, `,"recorded_at":"`...)
	b = rec.RecordedAt.UTC().AppendFormat(b, stamp)
	b = append(b, '"')
	b = appendContent(b, "data", rec.Data)
	b = appendContent(b, "metadata", rec.Metadata)
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return append(b, quoted...)
}

func appendContent(b []byte, name string, content []byte) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	switch {
	case len(content) == 0:
		return append(b, `":null`...)
	case plain(content):
		return append(append(b, `":`...), content...)
	}
	b = append(b, `_base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, content)
	return append(b, '"')
}

// plain tells whether content can stand in a line and is read back as the same bytes. null cannot: it stands for none.
func plain(content []byte) bool {
	return len(bytes.TrimSpace(content)) == len(content) && !bytes.ContainsAny(content, "\n\r") && !bytes.Equal(content, []byte("null")) &&
		utf8.Valid(content) && json.Valid(content)
}

// line is what AppendRecord writes.
type line struct {
	Leaf           *int64         `json:"leaf"`
	Position       uint64         `json:"position"`
	Stream         string         `json:"stream"`
	Version        uint64         `json:"version"`
	ID             uuid.UUID      `json:"id"`
	Command        uuid.UUID      `json:"command"`
	Type           string         `json:"type"`
	Schema         int            `json:"schema"`
	RecordedAt     time.Time      `json:"recorded_at"`
	Data           jsontext.Value `json:"data"`
	DataBase64     []byte         `json:"data_base64"`
	Metadata       jsontext.Value `json:"metadata"`
	MetadataBase64 []byte         `json:"metadata_base64"`
}

// ParseRecord reads a line of AppendRecord. What is beyond it is passed over.
func ParseRecord(text []byte) (Record, error) {
	var l line
	// What stands in data twice was recorded so.
	if err := jsonv2.Unmarshal(text, &l, jsontext.AllowDuplicateNames(true)); err != nil {
		return Record{}, fmt.Errorf("read a record: %w", err)
	}
	rec := Record{Leaf: -1, Record: eventstore.Record{
		Position: eventstore.Position(l.Position), Stream: l.Stream, Version: eventstore.Version(l.Version),
		Event: eventstore.Event{
			ID: l.ID, Command: l.Command, Type: l.Type, Schema: l.Schema, RecordedAt: l.RecordedAt.UTC(),
			Data: content(l.Data, l.DataBase64), Metadata: content(l.Metadata, l.MetadataBase64),
		},
	}}
	if l.Leaf != nil {
		rec.Leaf = *l.Leaf
	}
	if l.Stream == "" || l.Version == 0 || l.ID == uuid.Nil || l.Type == "" || l.RecordedAt.IsZero() {
		return rec, errors.New("read a record: it lacks stream, version, id, type or recorded_at")
	}
	if len(l.Stream) > eventstore.MaxStreamName || len(l.Type) > eventstore.MaxTypeName || l.Schema < 0 || int64(l.Schema) > 1<<31-1 {
		return rec, errors.New("read a record: its stream, type or schema is beyond what a log takes")
	}
	return rec, nil
}

func content(raw jsontext.Value, encoded []byte) []byte {
	switch {
	case len(encoded) > 0:
		return encoded
	case len(raw) == 0 || string(raw) == "null":
		return nil
	}
	return raw
}
