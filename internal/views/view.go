// Package views keeps views.db: what is small and asked for across all units, one row a view and unit, each a pure function of the unit's ledger.
// The board of 38 regencies is then 38 rows read, and no ledger need be loaded for it. All of it can be made again from the log; deleting the file
// costs time only.
package views

import (
	"bytes"
	"encoding/json"
	"fmt"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/projections"
	"jejak/projections/form"
)

// View is a read model with one row a unit.
type View struct {
	Name string
	// Version is raised whenever the same events give other bytes than before: the rows are then all made anew, beside the old ones.
	Version int
	// Row makes the row of a ledger: the bytes of the HTTP API's answer for this one unit. at is the position of the last event folded. It runs on
	// the ledger's own goroutine, must not keep references into the state, and must give the same bytes for the same ledger everywhere.
	Row func(s *ledger.State, at eventstore.Position) ([]byte, error)
}

// The names of the views.
const (
	Regency   = "regency"
	Custody   = "custody"
	Deadlines = "deadlines"
	Claims    = "claims"
)

// All are the views, in the order in which they are listed. simulated says what kind of data directory it is: the rows say so too.
func All(simulated bool) []View {
	return []View{
		view(Regency, 2, projections.Regency, func(r *form.RegencyRow) { r.Simulated = simulated }),
		view(Custody, 1, projections.Custody, func(r *form.CustodyRow) { r.Simulated = simulated }),
		view(Deadlines, 1, projections.Deadlines, func(r *form.DeadlineRow) { r.Simulated = simulated }),
		view(Claims, 1, projections.Claims, func(r *form.ClaimsRow) { r.Simulated = simulated }),
	}
}

// view makes a view of a projection.
func view[T any](name string, version int, project func(*ledger.State, eventstore.Position) T, mark func(*T)) View {
	return View{Name: name, Version: version, Row: func(s *ledger.State, at eventstore.Position) ([]byte, error) {
		row := project(s, at)
		mark(&row)
		return encode(row)
	}}
}

// encode writes a row as the HTTP API does: a line of JSON.
func encode(row any) ([]byte, error) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(row); err != nil {
		return nil, fmt.Errorf("write the row as JSON: %w", err)
	}
	return body.Bytes(), nil
}

// make makes the row of a ledger. A panic in the view is an error: it stops this view alone.
func (v *View) make(s *ledger.State, at eventstore.Position) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return v.Row(s, at)
}

// Row is a row as it is kept.
type Row struct {
	View     string
	Version  int // of the view
	Election string
	Unit     domain.Code
	Ledger   uint64     // version of the ledger: its events that are in the row
	At       cache.Mark // the last of them: by it the row is known to belong to this log
	Body     []byte     // not to be changed
}

// place is a unit of an election.
type place struct {
	election string
	unit     domain.Code
}

func (r *Row) place() place { return place{r.Election, r.Unit} }

func (p place) String() string { return fmt.Sprintf("%s of %s", p.unit, p.election) }
