package projections

import (
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/projections/form"
)

// Regency is the status row of a unit. at is the position of the last event folded into the state.
func Regency(s *ledger.State, at eventstore.Position) form.RegencyRow {
	row := form.RegencyRow{
		Code: string(s.Unit), Name: name(s, s.Unit), Position: uint64(at), LastRecordedAt: stamp(s.LastRecorded), Items: items(s),
		Boxes: boxesByState(s), Stations: stationsByState(s), Shipments: shipmentsByState(s), Discrepancies: openByKind(s), Budget: budget(s),
		Supporting: supportingStates(s), Plan: planState(s),
	}
	if ref := s.Reference(); ref != nil {
		row.VotersDerived = ref.VotersDerived
	}
	return row
}

func budget(s *ledger.State) form.BudgetRow {
	b := &s.Procurement.Budget
	return form.BudgetRow{Ceiling: b.Ceiling, Committed: b.Committed, Accepted: s.AcceptedValue(), Paid: b.Paid}
}
