package incident_test

import (
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/given"
	. "jejak/domain/incident"
	"jejak/domain/packing"
)

func TestMain(m *testing.M) { given.Main(m, NewRoom(nil, nil, nil).Rules()...) }

const first = "DSC-3578-000001"

var (
	council = given.Box(given.Station1, "DPRDK")
	modes   = []domain.Mode{domain.Request, domain.Report}
)

func raise(kind domain.Kind, units ...string) *Raise {
	return &Raise{Kind: kind, Severity: domain.High, Units: units, Note: "lihat berita acara"}
}

func raised(t given.TB) *given.Scene {
	return given.Stocked(t).Did(domain.Report, given.Operator, raise(domain.Accident, given.Shipment2))
}

func resolved(t given.TB) *given.Scene {
	return raised(t).Did(domain.Request, given.Operator, &Resolve{Incident: first, How: "muatan dipindah", Document: "BA-1"})
}

func TestFromRaisedToResolved(t *testing.T) {
	for _, mode := range modes {
		s := given.Stocked(t).When(mode, given.Operator, raise(domain.Accident, given.Shipment2, "Jalan Raya Babat")).Then("incident.raised")
		if len(s.Last.Raised) != 1 || s.Last.Raised[0].ID != first || s.Last.Raised[0].Handled().RaisedBy != given.Operator.ID {
			t.Fatalf("%+v", s.Last.Raised)
		}
		c := func() *Case { return s.State.Register.Cases[first] }
		quantity := int64(12)
		s.When(mode, given.Operator, &Assess{Incident: first, Quantity: &quantity, Note: "dua belas kotak basah"}).Then("incident.assessed")
		s.When(mode, given.Operator, &Assess{Incident: first, Severity: domain.Low, Units: []string{string(council)}, Note: "hanya satu"})
		if got := c(); got.Revision != 2 || got.Quantity != 12 || got.Severity != domain.Low || len(got.Units) != 1 || got.Units[0] != string(council) ||
			got.Handled().Note != "hanya satu" || got.Kind != domain.Accident {
			t.Errorf("%+v", got)
		}
		if n, m := s.State.Register.OpenOn(string(council)), s.State.Register.OpenOn(given.Shipment2); n != 1 || m != 0 {
			t.Errorf("open on the box %d, on the shipment %d", n, m)
		}
		s.When(mode, given.Operator, &OrderAction{Incident: first, Action: "hitung ulang"}).Then("incident.action_ordered")
		s.When(mode, given.Operator, &Resolve{Incident: first, How: "dihitung", Document: "BA-1"}).Then("incident.resolved")
		if got := c(); got.Handled().Action != "hitung ulang" || got.Status != StatusResolved || got.Handled().Resolution != "dihitung" || got.Handled().Document != "BA-1" ||
			got.Closed != s.Now().UnixMicro() || s.State.Register.OpenOn(string(council)) != 0 {
			t.Errorf("%+v", got)
		}
		s.When(mode, given.Operator, &Reopen{Incident: first, Reason: "masih kurang"}).Then("incident.reopened")
		if got := c(); got.Status != StatusOpen || got.Handled().Note != "masih kurang" || got.Closed != 0 || got.Handled().Resolution+got.Handled().Document != "" || len(got.Proof) != 6 ||
			s.State.Register.OpenOn(string(council)) != 1 {
			t.Errorf("%+v", got)
		}
		s.When(mode, given.Operator, raise(domain.Delay, "x")) // the numbers go on
		if s.State.Register.Cases["DSC-3578-000002"] == nil {
			t.Error("no second case")
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, cmd := range []domain.Command{
		&Assess{Incident: first, Note: "n"}, &OrderAction{Incident: first, Action: "a"}, &Resolve{Incident: first, How: "h"},
		&Reopen{Incident: first, Reason: "r"},
	} {
		given.Impossible(t, given.Stocked, given.Operator, cmd, "unknown_incident")
	}
}

func TestOpenAndClosed(t *testing.T) {
	resolve, reopen := &Resolve{Incident: first, How: "h"}, &Reopen{Incident: first, Reason: "r"}
	resolved(t).When(domain.Request, given.Operator, resolve).Rejected("incident_not_open")
	resolved(t).When(domain.Report, given.Operator, resolve).Then("incident.resolved").RaisesNothing().Saw(RuleNotOpen)
	raised(t).When(domain.Request, given.Operator, reopen).Rejected("incident_not_closed")
	raised(t).When(domain.Report, given.Operator, reopen).Then("incident.reopened").RaisesNothing().Saw(RuleNotClosed)
	t.Run("the last decision counts, whenever it is told", func(t *testing.T) {
		s := resolved(t).Did(domain.Report, given.Operator, reopen)
		s.At(s.Now().Add(-time.Hour)).When(domain.Report, given.Operator, resolve).Then("incident.resolved")
		if c := s.State.Register.Cases[first]; c.Status != StatusOpen || len(c.Proof) != 4 {
			t.Errorf("%+v", c)
		}
	})
}

// What the ledger has found itself is resolved by people, and found again when it gets worse.
func TestDiscrepanciesOfTheLedger(t *testing.T) {
	packed := func(ballots int64) *packing.PackBoxes {
		return &packing.PackBoxes{Boxes: []packing.PackedBox{{Box: council, Design: given.Council1, Ballots: ballots}}}
	}
	begin := func() *given.Scene {
		return given.Ledger(t, given.Reference(), given.Unit).Did(domain.Report, given.Warehouse, packed(197)).OpenRules("stock_not_enough").
			Did(domain.Request, given.Operator, &Resolve{Incident: first, How: "kiriman dicatat belakangan"}).OpenRules()
	}
	other := &packing.PackBoxes{Boxes: []packing.PackedBox{{Box: given.Box(given.Station2, "DPRDK"), Design: given.Council1, Ballots: 255}}}
	s := begin().When(domain.Report, given.Warehouse, other).Then("packing.boxes_packed", "discrepancy.reopened", "discrepancy.revised").
		RaisesQuantity(domain.RuleBroken, 452, "ballot/"+given.Council1)
	if c := s.State.Register.Cases[first]; c.Handled().Resolution != "" {
		t.Errorf("what was mended is wrong again, and still says %q", c.Handled().Resolution)
	}
	s.When(domain.Report, given.Warehouse, given.Replace(given.Box(given.Station2, "DPRDK"))).OpenRules("stock_not_enough") // less is no new thing
	s.Did(domain.Report, given.Operator, &Resolve{Incident: first, How: "h"}).
		When(domain.Report, given.Warehouse, given.Replace(council)).Then("packing.box_replaced") // resolved already: nothing to explain
	s.When(domain.Report, given.Warehouse, given.Pack(packing.Next(council))).Then("packing.boxes_packed", "discrepancy.reopened")
}

// Lost, seized and damaged boxes are so until they move on.
func TestBoxesInTrouble(t *testing.T) {
	id := string(council)
	for kind, want := range map[domain.Kind]box.State{domain.Lost: box.IsLost, domain.Seized: box.IsSeized, domain.Damaged: box.IsDamaged,
		domain.Accident: box.UnderSeal, domain.Wet: box.UnderSeal} {
		for _, mode := range modes {
			s := given.Stocked(t).Story(mode, given.Sealing(council)).When(mode, given.Operator, raise(kind, id, "Jalan Raya Babat")).Then("incident.raised")
			if got := s.State.Boxes().Box(council).State; got != want {
				t.Errorf("%s: box is %s, expected %s", kind, got, want)
			}
			s.Story(mode, given.ToDistrict(council)[:2])
			if got := s.State.Boxes().Box(council).State; got != box.OnVehicle {
				t.Errorf("%s: box is %s after it was loaded", kind, got)
			}
		}
	}
	given.Impossible(t, given.Stocked, given.Operator, raise(domain.Lost, id, "3578011001777-PPWP"), "unknown_station")
	given.Stocked(t).When(domain.Request, given.Operator, raise(domain.Delay, "3578011001777-PPWP")).Then("incident.raised") // says nothing of the box
}

func TestForm(t *testing.T) {
	negative := int64(-1)
	for name, c := range map[string]struct {
		cmd   domain.Command
		rules []string
	}{
		"nothing":          {&Raise{}, []string{"field_missing", "field_missing", "empty_list", "field_missing"}},
		"kind, severity":   {&Raise{Kind: "theft", Severity: "urgent", Units: []string{"x"}, Note: "n"}, []string{"not_one_of", "not_one_of"}},
		"units":            {&Raise{Kind: domain.Lost, Severity: domain.Low, Units: []string{"x", "", "x"}, Note: "n"}, []string{"field_missing", "repeated"}},
		"too many units":   {&Raise{Kind: domain.Lost, Severity: domain.Low, Units: make([]string, 1001), Note: "n"}, []string{"too_many"}},
		"assess":           {&Assess{Incident: first, Severity: "x", Quantity: &negative}, []string{"not_one_of", "negative", "field_missing"}},
		"no incident":      {&OrderAction{}, []string{"field_missing", "field_missing"}},
		"of another unit":  {&Resolve{Incident: "DSC-3509-1", How: "h"}, []string{"bad_id"}},
		"another document": {&Reopen{Incident: "SHP-3578-1"}, []string{"bad_id", "field_missing"}},
		"conflict":         {&ReportSealConflict{OtherUnit: given.Unit}, []string{"bad_seal", "empty_list", "not_one_of"}},
		"conflict's boxes": {&ReportSealConflict{Seal: "A", Boxes: []string{"x"}, OtherUnit: "350901"}, []string{"bad_box", "wrong_level"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := given.Stocked(t).When(domain.Report, given.Operator, c.cmd).Malformed(c.rules...)
			for _, v := range s.Invalid {
				if !strings.HasPrefix(v.Path, "/data/") {
					t.Errorf("path %s", v.Path)
				}
			}
		})
	}
}
