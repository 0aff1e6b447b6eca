package epcis

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Context is GS1's own; ours stands beside it.
const Context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

// Document writes an EPCISDocument event by event: however long, it is never in memory.
type Document struct {
	w     *bufio.Writer
	lines *json.Encoder
	n     uint64
}

// NewDocument begins a document on w.
func NewDocument(w io.Writer, names Namer) (*Document, error) {
	d := &Document{w: bufio.NewWriterSize(w, 1<<16)}
	d.lines = json.NewEncoder(d.w)
	d.lines.SetEscapeHTML(false)
	ours, err := json.Marshal(map[string]string{"jejak": names.Namespace()})
	if err != nil {
		return nil, fmt.Errorf("begin the EPCIS document: %w", err)
	}
	_, err = fmt.Fprintf(d.w, `{"@context":[%q,%s],"type":"EPCISDocument","schemaVersion":"2.0","epcisBody":{"eventList":[`+"\n", Context, ours)
	return d, err
}

// Add writes one event, on a line of its own.
func (d *Document) Add(e *Event) error {
	if d.n > 0 {
		if err := d.w.WriteByte(','); err != nil {
			return err
		}
	}
	d.n++
	return d.lines.Encode(e)
}

// Events is how many were added.
func (d *Document) Events() uint64 { return d.n }

// End writes the rest. made is the document's creationDate: for the same log and the same choice it should be the same, so that the bytes are.
func (d *Document) End(made time.Time) error {
	if _, err := fmt.Fprintf(d.w, `]},"creationDate":%q}`+"\n", made.UTC().Format(time.RFC3339Nano)); err != nil {
		return err
	}
	return d.w.Flush()
}
