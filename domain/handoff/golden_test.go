package handoff_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	. "jejak/domain/handoff"
	"jejak/domain/packing"
)

func TestGoldenEvents(t *testing.T) {
	const hnd, id = "HND-3578-000123", domain.BoxID("3578011001001-DPRDK")
	given.Golden(t, NewRoom(nil).NewEvent,
		&Offered{Handoff: hnd, Shipment: "SHP-3578-000123", To: "357801", Boxes: []domain.BoxID{id, "3578011001001-PPWP", "3578011001001-KIT"}},
		&Accepted{Handoff: hnd, Boxes: []AcceptedBox{{Box: id, Seals: []string{"A-000123"}, Condition: Wet}},
			Missing: []domain.BoxID{"3578011001001-PPWP"}, Extra: []domain.BoxID{"3578011001001-DPR"},
			Witnesses: []packing.Witness{{Role: "supervisor", ID: "usr-8"}}},
		&Witnessed{Handoff: hnd, Witnesses: []packing.Witness{{Role: "police", ID: "usr-9"}}},
		&DocumentIssued{Handoff: hnd, Number: "12/PP.09-BA/3578/2024", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"})
}
