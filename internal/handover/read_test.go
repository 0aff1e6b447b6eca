package handover_test

import (
	"bytes"
	"context"
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/packing"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/handover"
	"jejak/internal/journal"
)

const hnd = given.Handoff2

var (
	council = given.Box(given.Station1, "DPRDK")
	ppwp    = given.Box(given.Station1, "PPWP")
	spare   = given.Box(given.Station2, "DPR")
)

// arrived is a ledger in which boxes were offered at the district.
func arrived(t *testing.T) *given.Scene {
	ids := []domain.BoxID{council, ppwp}
	return given.After(given.Stocked, given.Sealing(ids...), given.ToDistrict(ids...)[:7], []given.Act{given.By(given.Carrier, given.Offer(hnd, given.Shipment2, given.District1, ids...))})(t)
}

func TestRead(t *testing.T) {
	s := arrived(t)
	if _, ok := handover.Read(s.State, hnd); ok {
		t.Error("there are minutes of what nobody has accepted")
	}
	if _, ok := handover.Read(s.State, "HND-3578-X"); ok {
		t.Error("there are minutes of what nobody knows")
	}
	s.When(domain.Report, given.DistrictStaff(given.District1), &handoff.Accept{Handoff: hnd, Missing: []domain.BoxID{ppwp}, Extra: []domain.BoxID{spare},
		Boxes:     []handoff.AcceptedBox{{Box: council, Seals: given.Seals(council)[:1], Condition: handoff.Wet}},
		Witnesses: []packing.Witness{{Role: "police", ID: "usr-9"}}})
	sheet, ok := handover.Read(s.State, hnd)
	if !ok || sheet.Offered != 2 || sheet.Accepted != 1 || sheet.Missing != 1 || sheet.Extra != 1 || sheet.Shipment != given.Shipment2 || sheet.Place.Code != given.District1 {
		t.Fatalf("%+v", sheet)
	}
	if sheet.Giver.Person.ID != given.Carrier.ID || sheet.Giver.Place.Code != given.Unit || sheet.Witnesses[0].Person.ID != "usr-9" {
		t.Errorf("%+v", sheet)
	}
	for _, b := range sheet.Boxes {
		want := map[domain.BoxID]handover.Mark{council: handover.Taken, ppwp: handover.IsMissing, spare: handover.IsExtra}[b.ID]
		if b.Mark != want || b.SealsDiffer() != (b.ID == council) || (len(b.Condition) > 0) != (b.ID == council) {
			t.Errorf("%+v", b)
		}
	}
}

// Whoever is forgotten is an id from then on; everything else stays.
func TestForgotten(t *testing.T) {
	s := arrived(t)
	ppk := given.DistrictStaff(given.District1)
	s.When(domain.Report, ppk, given.Accept(hnd, council, ppwp))
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	var events []eventstore.Event
	for _, rec := range s.History {
		e, err := journal.Encode(rec, &journal.Origin{}, true)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	if _, err := store.Append(t.Context(), journal.LedgerStream(s.State.Election, s.State.Unit), 0, events...); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{ppk.ID: "Siti Aminah", given.Carrier.ID: "Budi Santoso"}
	archive := handover.Archive{Store: store, Names: func(_ context.Context, id string) (string, error) { return names[id], nil }}
	make := func() []byte {
		sheet, ok := handover.Read(s.State, hnd)
		if !ok {
			t.Fatal("no minutes")
		}
		if err := archive.Complete(t.Context(), &sheet, true); err != nil {
			t.Fatal(err)
		}
		if sheet.Receiver.Person.Name != names[ppk.ID] || sheet.Evidence.Leaf == "" {
			t.Errorf("%+v", sheet)
		}
		return draw(t, sheet)
	}
	before := make()
	if !bytes.Equal(before, make()) {
		t.Error("made again it has other bytes")
	}
	delete(names, ppk.ID)
	after := make()
	if bytes.Equal(before, after) {
		t.Error("a forgotten person's name is still there")
	}
	names[ppk.ID] = "Siti Aminah"
	if !bytes.Equal(before, make()) {
		t.Error("with the same name again it has other bytes")
	}
}
