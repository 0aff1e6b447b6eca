package incident_test

import (
	"testing"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/given"
	. "jejak/domain/incident"
)

// newEvent makes the events of the room and those of the register, whose type begins with another word.
func newEvent(eventType string, schema int) domain.Event {
	if e := NewEvent(eventType, schema); e != nil {
		return e
	}
	return NewRoom(nil, nil, nil).NewEvent(eventType, schema)
}

func TestGoldenEvents(t *testing.T) {
	const dsc = "DSC-3578-000007"
	quantity := int64(12)
	units := []string{"3578011001001-DPRDK"}
	by := domain.Ref{Version: 42, Event: uuid.MustParse("018d2b00-0000-5000-8000-00000000002a")}
	given.Golden(t, newEvent,
		&IncidentRaised{Incident: dsc, Kind: domain.Seized, Severity: domain.High, Units: units, Note: "diamankan polisi"},
		&IncidentAssessed{Incident: dsc, Revision: 2, Severity: domain.Medium, Units: units, Quantity: &quantity, Note: "dua belas lembar"},
		&ActionOrdered{Incident: dsc, Action: "hitung ulang di depan saksi"},
		&IncidentResolved{Incident: dsc, How: "dikembalikan", Document: "BA-7"},
		&IncidentReopened{Incident: dsc, Reason: "masih kurang"},
		&SealConflictReported{Seal: "A-000123", Boxes: []string{"3509012001001-PPWP"}, OtherUnit: "3509"},
		&Raised{Discrepancy: dsc, Key: "ballot_number|3578011001001-DPRDK|x", Rule: "ballot_number", Kind: domain.Short, Severity: domain.High,
			Units: units, Quantity: 12, Provisional: true, Message: "kurang 12", MessageEN: "12 short", Proof: []domain.Ref{by}},
		&Revised{Discrepancy: dsc, Kind: domain.Over, Severity: domain.Low, Units: units, Quantity: 3, Provisional: true, Message: "lebih 3",
			MessageEN: "3 too many", By: by},
		&Explained{Discrepancy: dsc, By: by},
		&Reopened{Discrepancy: dsc, By: by})
}
