package shipment_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	. "jejak/domain/shipment"
)

const otherFirm = "CV-LAIN"

// driver is somebody of a carrier, of a firm or of none.
func driver(party string) domain.Actor {
	d := given.Carrier
	d.ID, d.Party = "usr-driver-"+party, party
	return d
}

// planned is a ledger in which the plan names this carrier, and nothing has happened since.
func planned(carrier string) func(given.TB) *given.Scene {
	p := *way[plan].Cmd.(*Plan)
	p.Carrier = carrier
	return given.After(on(0), []given.Act{given.By(way[plan].Who, &p)})
}

func loading(carrier string) *Load {
	l := *way[load].Cmd.(*Load)
	l.Carrier = carrier
	return &l
}

func TestTheFormOfACarrier(t *testing.T) {
	for _, bad := range []string{"CV Angkut", "CV.ANGKUT", "é", "a\nb", strings.Repeat("a", 41)} {
		p := *way[plan].Cmd.(*Plan)
		p.Carrier = bad
		for _, mode := range []domain.Mode{domain.Request, domain.Report} {
			on(0)(t).When(mode, given.Operator, &p).Malformed("bad_party")
			on(load)(t).When(mode, given.Warehouse, loading(bad)).Malformed("bad_party")
		}
	}
}

// What a carrier tells is marked once for the shipment where nothing says that the shipment is his firm's.
func TestWhoseShipmentItIs(t *testing.T) {
	found := given.Found(domain.RulePartyUnknown, shp)
	for _, told := range []Command{
		&ReportCheckpoint{Shipment: shp, Place: "Paciran"}, &TransferLoad{Shipment: shp, Vehicle: "L 2", Reason: "mogok"},
	} {
		given.Noted(t, planned(given.CarryFirm), given.Carrier, told)
		given.Noted(t, planned(given.CarryFirm), given.Operator, told)
		given.Noted(t, planned(""), given.Operator, told)
		given.Noted(t, planned(given.CarryFirm), driver(""), told, found)
		given.Noted(t, planned(given.CarryFirm), driver(otherFirm), told, found.ForNow())
		given.Noted(t, planned(""), driver(""), told, found)
		s := given.Noted(t, planned(""), given.Carrier, told, found.ForNow())
		s.When(domain.Report, driver(otherFirm), &ReportCheckpoint{Shipment: shp, Place: "Sedayu"}).RaisesExactly() // one of the shipment
		s.When(domain.Report, given.Warehouse, loading(given.CarryFirm)).OpenRules("party_unknown")                 // there is still the other
		s.When(domain.Report, given.Warehouse, loading(otherFirm)).ExplainsExactly("party_unknown").OpenRules()
	}
}

// Who drives is what was told last of it, by when it occurred: in whatever order three facts arrive, the same is known and found.
func TestTheCarrierIsTheSameInEveryOrder(t *testing.T) {
	type act struct {
		who    domain.Actor
		cmd    domain.Command
		second int
	}
	acts := []act{
		{given.Warehouse, loading("CV-A"), 1}, {given.Warehouse, loading("CV-B"), 2}, {given.Warehouse, loading(""), 3},
		{driver("CV-A"), &ReportCheckpoint{Shipment: shp, Place: "Paciran"}, 4},
	}
	orders := 0
	var permute func(rest []int, taken []int)
	permute = func(rest, taken []int) {
		if len(rest) == 0 {
			orders++
			s := planned("CV-PLAN")(t)
			start := s.Now()
			for _, i := range taken {
				s.At(start.Add(time.Duration(acts[i].second)*time.Second)).When(domain.Report, acts[i].who, acts[i].cmd)
			}
			got := s.State.BoxRegister.Texts.Text(s.State.Shipments.Shipments[shp].Carrier)
			if got != "CV-B" {
				t.Errorf("in the order %v: carried by %q", taken, got)
			}
			s.OpenRules()
			return
		}
		for i, next := range rest {
			permute(slices.Delete(slices.Clone(rest), i, i+1), append(slices.Clone(taken), next))
		}
	}
	permute([]int{0, 1, 2, 3}, nil)
	if orders != 24 {
		t.Errorf("%d orders", orders)
	}
}
