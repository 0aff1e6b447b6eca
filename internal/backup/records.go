package backup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
)

// timeForm is how a time stands in the log: UTC to the microsecond.
const timeForm = "2006-01-02T15:04:05.000000Z"

// line stands before the bytes of a record.
type line struct {
	Position   uint64 `json:"position"`
	Stream     string `json:"stream"`
	Version    uint64 `json:"version"`
	ID         string `json:"id"`
	Command    string `json:"command,omitempty"`
	Type       string `json:"type"`
	Schema     int    `json:"schema"`
	RecordedAt string `json:"recorded_at"`
	Data       int    `json:"data"`     // bytes; 0 for none
	Metadata   int    `json:"metadata"` // likewise
}

// maxPayload is more than any record has.
const maxPayload = 2 * eventstore.MaxAppend

// appendRecord writes by hand what package json would: a province has millions. Names of streams and types are printable ASCII.
func appendRecord(b []byte, r *eventstore.Record) []byte {
	b = strconv.AppendUint(append(b, `{"position":`...), uint64(r.Position), 10)
	b = strconv.AppendQuote(append(b, `,"stream":`...), r.Stream)
	b = strconv.AppendUint(append(b, `,"version":`...), uint64(r.Version), 10)
	b = append(append(append(b, `,"id":"`...), r.ID.String()...), '"')
	if r.Command != uuid.Nil {
		b = append(append(append(b, `,"command":"`...), r.Command.String()...), '"')
	}
	b = strconv.AppendQuote(append(b, `,"type":`...), r.Type)
	b = strconv.AppendInt(append(b, `,"schema":`...), int64(r.Schema), 10)
	b = append(r.RecordedAt.UTC().AppendFormat(append(b, `,"recorded_at":"`...), timeForm), '"')
	b = strconv.AppendInt(append(b, `,"data":`...), int64(len(r.Data)), 10)
	b = strconv.AppendInt(append(b, `,"metadata":`...), int64(len(r.Metadata)), 10)
	b = append(append(b, "}\n"...), r.Data...)
	b = append(append(b, '\n'), r.Metadata...)
	return append(b, '\n')
}

// readRecord reads the next record of a piece; io.EOF after the last.
func readRecord(r *bufio.Reader) (rec eventstore.Record, err error) {
	text, err := r.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(text) == 0 {
		return rec, io.EOF
	}
	if err != nil {
		return rec, fmt.Errorf("read a record: %w", noEOF(err))
	}
	var l line
	if err := jsonv2.Unmarshal(text, &l, jsonv2.RejectUnknownMembers(true)); err != nil {
		return rec, fmt.Errorf("read a record: %w", err)
	}
	rec = eventstore.Record{
		Event:    eventstore.Event{Type: l.Type, Schema: l.Schema},
		Position: eventstore.Position(l.Position), Stream: l.Stream, Version: eventstore.Version(l.Version),
	}
	var errs [5]error
	rec.ID, errs[0] = uuid.Parse(l.ID)
	if l.Command != "" {
		rec.Command, errs[1] = uuid.Parse(l.Command)
	}
	rec.RecordedAt, errs[2] = domain.StoredTime(l.RecordedAt)
	rec.Data, errs[3] = readPayload(r, l.Data)
	rec.Metadata, errs[4] = readPayload(r, l.Metadata)
	if errs != [5]error{} {
		return rec, fmt.Errorf("read the record of position %d: %w", l.Position, errors.Join(errs[:]...))
	}
	return rec, nil
}

// WriteRecords writes records in the form of a piece of the log. It returns how many.
func WriteRecords(w io.Writer, records iter.Seq2[eventstore.Record, error]) (written int, err error) {
	var text []byte
	for rec, err := range records {
		if err != nil {
			return written, err
		}
		text = appendRecord(text[:0], &rec)
		if _, err := w.Write(text); err != nil {
			return written, err
		}
		written++
	}
	return written, nil
}

// ReadRecords reads what WriteRecords has written.
func ReadRecords(r io.Reader) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		body := bufio.NewReaderSize(r, 64<<10)
		for {
			rec, err := readRecord(body)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				err = damaged("the records beside the log: %v", err)
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// readPayload reads n bytes and the line feed behind them.
func readPayload(r *bufio.Reader, n int) ([]byte, error) {
	if n < 0 || n > maxPayload {
		return nil, fmt.Errorf("a payload of %d bytes", n)
	}
	b := make([]byte, n+1)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, noEOF(err)
	}
	if b[n] != '\n' {
		return nil, errors.New("a payload is longer than its record says")
	}
	if n == 0 {
		return nil, nil
	}
	return b[:n:n], nil
}

// noEOF: what ends here should go on.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
