package export

import (
	"context"
	"fmt"
	"io"

	"jejak/internal/epcis"
	"jejak/internal/journal"
	"jejak/internal/refold"
)

// EPCIS writes the chosen records as one EPCIS 2.0 document, unit by unit in the order of their ledgers. The same log and choice give the same bytes.
func (l Log) EPCIS(ctx context.Context, w io.Writer, c Choice, names epcis.Namer) (Summary, error) {
	doc, err := epcis.NewDocument(w, names)
	if err != nil {
		return Summary{}, err
	}
	s, err := l.fold(ctx, c, func(step refold.Step, chosen bool) error {
		if !chosen {
			return nil
		}
		meta, err := journal.ReadMetadata(step.Record)
		if err != nil {
			return err
		}
		rec := epcis.Record{Recorded: step.Event, Simulated: meta.Simulated}
		if meta.Place != nil {
			rec.Lat, rec.Lon = &meta.Place.Lat, &meta.Place.Lon
		}
		mapper := epcis.Mapper{Namer: names, State: step.State}
		for _, e := range mapper.Events(&rec) {
			if err := doc.Add(&e); err != nil {
				return fmt.Errorf("write the EPCIS document: %w", err)
			}
		}
		return nil
	}, nil)
	if err != nil {
		return s, err
	}
	s.Written = doc.Events()
	if err := doc.End(s.LastAt); err != nil {
		return s, fmt.Errorf("write the EPCIS document: %w", err)
	}
	return s, nil
}
