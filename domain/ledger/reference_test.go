package ledger_test

import (
	"fmt"
	"testing"

	"jejak/domain"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/ledger"
)

// versions is a catalog of several versions of the small election.
type versions map[string]*election.Reference

func (v versions) Reference(_, version string) (*election.Reference, bool) {
	ref, ok := v[version]
	return ref, ok
}

// TestNewReference: what new reference data shows of boxes that are packed and of stations that were late is found when it is adopted, and what
// it mends is explained. An adoption is never refused for that.
func TestNewReference(t *testing.T) {
	second := soonDue()
	second.Version = "2"
	more := second.Stations[given.Station1]
	more.Voters += 10 // ten ballots and one of the reserve more in each box
	second.Stations[given.Station1] = more
	first := soonDue()
	s := given.LedgerOf(t, versions{"1": first, "2": second}, given.Election, given.Unit)
	council := given.Box(given.Station1, "DPRDK")
	packed := given.Pack(council, given.Box(given.Station2, "DPRDK"))
	adopt := func(version string) *given.Scene {
		t.Helper()
		s.When(domain.Request, given.System, &ledger.AdoptReference{Version: version})
		holds(t, s.State, s.History)
		return s
	}
	adopt("1").Then("unit.reference_adopted")
	s.Did(domain.Report, given.Warehouse, packed).Wait(first.Deadlines[0].At).
		Did(domain.Report, given.System, &deadline.Pass{Deadline: election.DeadlineStationReceipt, Area: given.District1}).
		OpenRules("stock_not_enough", "late_at_deadline", "late_at_deadline", "late_at_deadline")
	adopt("2").Then("unit.reference_adopted", "discrepancy.raised").RaisesQuantity(domain.Short, 11, string(council))
	adopt("2").Then("unit.reference_adopted")
	adopt("1").Then("unit.reference_adopted", "discrepancy.explained").ExplainsExactly("ballot_number")
	s.When(domain.Request, given.System, &ledger.AdoptReference{Version: "3"}).Rejected("unknown_reference").
		When(domain.Report, given.System, &ledger.AdoptReference{Version: "3"}).Rejected("unknown_reference")
}

// TestNoReference: nothing is decided before the unit goes by reference data.
func TestNoReference(t *testing.T) {
	s := given.LedgerOf(t, versions{}, given.Election, given.Unit)
	for _, cmd := range examples()[1:] {
		for _, mode := range bothModes {
			s.When(mode, given.Operator, cmd).Rejected("no_reference")
		}
	}
}

// However much new reference data shows, its adoption can be appended.
func TestManyFindingsByReference(t *testing.T) {
	first, second := city(600), city(600)
	second.Version = "2"
	for code, station := range second.Stations {
		station.Voters += 10
		second.Stations[code] = station
	}
	c := &clerk{state: ledger.New(given.Election, given.Unit, versions{"1": first, "2": second})}
	c.do(t, domain.Request, given.System, &ledger.AdoptReference{Version: "1"})
	for _, station := range stationsOf(first) {
		c.do(t, domain.Report, given.Warehouse, pack8(first, station))
	}
	d := c.state.Execute(c.act(domain.Request, given.System), &ledger.AdoptReference{Version: "2"})
	if len(d.Events) != 501 || fmt.Sprint(d.Events[500].Event.EventType()) != "discrepancy.raised" {
		t.Errorf("%d events, rejections %v", len(d.Events), d.Rejections)
	}
}
