package views

import (
	"context"
	"fmt"

	"jejak/eventstore"
)

// Listed is how far a view is in a file.
type Listed struct {
	View     string              `json:"projection"`
	Version  int                 `json:"version"`
	Rows     int                 `json:"rows"`     // of this version
	Units    int                 `json:"units"`    // that have a ledger
	Behind   int                 `json:"behind"`   // rows that are not at the end of their ledger
	Position eventstore.Position `json:"position"` // of the newest event in a row
	Bytes    int                 `json:"bytes"`
	Old      int                 `json:"old_rows"` // of other versions
}

// List tells how far each view is in rows.
func List(ctx context.Context, log Log, views []View, rows []Row) ([]Listed, error) {
	ledgers, err := log.ledgers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the views: %w", err)
	}
	end := map[place]uint64{}
	for _, s := range ledgers {
		end[s.place] = s.version
	}
	list := make([]Listed, len(views))
	for i, v := range views {
		l := Listed{View: v.Name, Version: v.Version, Units: len(ledgers)}
		for _, row := range rows {
			switch {
			case row.View != v.Name:
				continue
			case row.Version != v.Version:
				l.Old++
				continue
			case row.Ledger != end[row.place()]:
				l.Behind++
			}
			l.Rows++
			l.Bytes += len(row.Body)
			l.Position = max(l.Position, row.At.Position)
		}
		list[i] = l
	}
	return list, nil
}
