package shipment_test

import (
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/given"
	"jejak/domain/goods"
	. "jejak/domain/shipment"
)

func TestTheTrip(t *testing.T) {
	for _, mode := range []domain.Mode{domain.Request, domain.Report} {
		s := on(0)(t)
		for i, want := range []Status{StatusPlanned, StatusLoading, StatusLoading, StatusLoading, StatusLoading, StatusDispatched, StatusArrived} {
			s.Story(mode, way[i:i+1])
			wantStatus(t, s, want)
		}
		s.OpenRules()
	}
}

// Reports of a shipment whose plan is not here yet are kept. The plan explains.
func TestUnplanned(t *testing.T) {
	found := given.Found(RuleUnplanned, shp).ForNow()
	for _, a := range []given.Act{
		way[load], way[inspect], way[assign],
		given.By(given.Operator, &HandOverEscort{Shipment: shp, PoliceUnit: given.PolicePort, OrderNo: "2"}),
		given.By(given.Carrier, &ReportCheckpoint{Shipment: shp, Place: "Paciran"}),
		given.By(given.Operator, &Divert{Shipment: shp, To: given.District2, Reason: "banjir"}),
		given.By(given.Carrier, &TransferLoad{Shipment: shp, Vehicle: "L 2", Reason: "mogok"}),
	} {
		s := given.Refused(t, on(0), a.Who, a.Cmd, []string{"unplanned_shipment"}, found)
		s.When(domain.Request, given.Operator, way[plan].Cmd).ExplainsExactly("unplanned_shipment").OpenRules()
	}
	on(0)(t).When(domain.Request, given.Operator, &Cancel{Shipment: shp, Reason: "r"}).Rejected("unplanned_shipment")
	s := on(0)(t).Story(domain.Report, way[load:]).OpenRules("unplanned_shipment")
	wantStatus(t, s, StatusArrived)
	before(s, way[plan]).ExplainsExactly("unplanned_shipment").OpenRules()
	if got := s.State.Shipments.Shipments[shp]; got.From != given.Unit || got.To != given.District1 || got.Bound != given.District1 {
		t.Errorf("%+v", got)
	}
}

func TestDeparture(t *testing.T) {
	dispatch := given.Dispatch(shp)
	given.Noted(t, on(leave), given.Warehouse, dispatch)

	s := given.Refused(t, on(leave, inspect), given.Warehouse, dispatch, []string{"vehicle_not_inspected"}, given.Found(RuleNotInspected, shp).ForNow())
	before(s, way[inspect]).ExplainsExactly("vehicle_not_inspected").OpenRules()

	for _, unfit := range []*InspectVehicle{
		{Shipment: shp, Roadworthy: false, DriverFit: true, Papers: true}, {Shipment: shp, Roadworthy: true, DriverFit: false, Papers: true},
		{Shipment: shp, Roadworthy: true, DriverFit: true, Papers: false}, {Shipment: shp},
	} {
		begin := given.After(on(leave), []given.Act{given.By(given.Warehouse, unfit)}) // the last look counts
		s := given.Refused(t, begin, given.Warehouse, dispatch, []string{"vehicle_unfit"}, given.Found(RuleUnfit, shp))
		before(s, given.By(given.Warehouse, given.Inspect(shp))).ExplainsExactly("vehicle_unfit").OpenRules()
	}

	s = given.Refused(t, on(leave, assign, agree), given.Warehouse, dispatch, []string{"no_escort"}, given.Found(RuleNoEscort, shp).ForNow())
	at := s.Now()
	s.At(at.Add(-30*time.Second)).When(domain.Report, given.Operator, given.Assign(shp)).ExplainsExactly() // asked, and no answer yet
	s.At(at.Add(-20*time.Second)).When(domain.Report, given.Escort, given.AcceptEscort(shp)).ExplainsExactly("no_escort").OpenRules()
	given.Refused(t, on(leave, agree), given.Warehouse, dispatch, []string{"no_escort"}, given.Found(RuleNoEscort, shp).ForNow())

	overridden := &Dispatch{Shipment: shp, Override: &Override{Approver: "usr-head", Reason: "darurat"}}
	given.Noted(t, on(leave, assign, agree), given.Warehouse, overridden, given.Found(RuleEscortOverridden, shp).ForNow(),
		given.Found(approval.RuleMissing, shp).ForNow())
	given.Noted(t, func(t given.TB) *given.Scene {
		return on(leave, assign, agree)(t).Did(domain.Request, given.Head, &approval.Give{Purpose: approval.NoEscort, Subject: approval.Subjects{shp}})
	}, given.Warehouse, overridden, given.Found(RuleEscortOverridden, shp).ForNow())
	given.Noted(t, on(leave), given.Warehouse, overridden) // there is an escort after all

	given.Refused(t, on(arrive), given.Warehouse, dispatch, []string{"dispatched_twice"}, given.Found(RuleDispatchedTwice, shp))

	s = given.Refused(t, on(leave, load), given.Warehouse, dispatch, []string{"nothing_loaded"}, given.Found(RuleNothingLoaded, shp).ForNow())
	before(s, way[load]).ExplainsExactly("nothing_loaded").OpenRules()

	given.Refused(t, on(arrive), given.Warehouse, given.Load(shp, council), []string{"loaded_after_dispatch"}, given.Found(RuleLoadedLate, shp))

	t.Run("without ballots no escort is needed", func(t *testing.T) {
		acts := append(given.Sealing(recap, kit), given.Trip(shp, ToDistrict, given.Unit, given.District1, given.Warehouse, recap, kit)...)
		begin := given.After(given.Stocked, acts[:7]) // four of packing, plan, load, inspection
		given.Noted(t, begin, given.Warehouse, dispatch)
	})
	t.Run("several at once, all named", func(t *testing.T) {
		given.Refused(t, on(leave, inspect, assign, agree), given.Warehouse, dispatch, []string{"vehicle_not_inspected", "no_escort"},
			given.Found(RuleNotInspected, shp).ForNow(), given.Found(RuleNoEscort, shp).ForNow())
	})
}

func TestEscort(t *testing.T) {
	begin := on(agree, assign)
	unasked := given.Found(RuleEscortNotAssigned, given.PoliceCity).ForNow()
	s := given.Refused(t, begin, given.Escort, given.AcceptEscort(shp), []string{"escort_not_assigned"}, unasked)
	s.When(domain.Report, given.Operator, given.Assign(shp)).ExplainsExactly("escort_not_assigned").OpenRules() // even when asked only afterwards
	if got := s.State.Shipments.Shipments[shp]; !got.Agreed || s.State.BoxRegister.Texts.Text(got.Escort) != given.PoliceCity {
		t.Errorf("%+v", got)
	}
	given.Refused(t, on(agree), given.Escort2, given.AcceptEscort(shp), []string{"escort_not_assigned"}, given.Found(RuleEscortNotAssigned, given.PolicePort).ForNow())

	t.Run("handed over, the next unit has not agreed", func(t *testing.T) {
		next := given.By(given.Operator, &HandOverEscort{Shipment: shp, PoliceUnit: given.PolicePort, OrderNo: "2"})
		begin := given.After(on(leave), []given.Act{next})
		given.Refused(t, begin, given.Warehouse, given.Dispatch(shp), []string{"no_escort"}, given.Found(RuleNoEscort, shp).ForNow())
		given.Noted(t, given.After(begin, []given.Act{given.By(given.Escort2, given.AcceptEscort(shp))}), given.Warehouse, given.Dispatch(shp))
	})
}

// handOver is the escort passed on to a unit.
func handOver(to string) *HandOverEscort {
	return &HandOverEscort{Shipment: shp, PoliceUnit: to, OrderNo: "2"}
}

// What a police unit tells that nobody has asked gives it nothing: no escort, no place on the road, nothing on the board but one finding of
// the person, however much he tells. Once the unit is asked, all of it counts.
func TestTellingUnasked(t *testing.T) {
	const city, port = given.PoliceCity, given.PolicePort
	unasked := given.Found(RuleEscortNotAssigned, port).ForNow()
	for name, begin := range map[string]func(given.TB) *given.Scene{
		"no plan": func(t given.TB) *given.Scene { return on(0)(t) }, "nobody is asked": func(t given.TB) *given.Scene { return on(assign)(t) },
		"another is asked": func(t given.TB) *given.Scene { return on(leave)(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t)
			before, rules := s.State.Shipments.Shipments[shp], s.State.Shipments.Counts
			s.When(domain.Report, given.Escort2, given.AcceptEscort(shp)).RaisesExactly(unasked)
			for range 20 {
				s.When(domain.Report, given.Escort2, &ReportDelay{Shipment: shp, Reason: "road"}).RaisesExactly()
				s.When(domain.Report, given.Escort2, &ReportCheckpoint{Shipment: shp, Place: "Paciran"}).RaisesExactly()
				s.When(domain.Report, given.Escort2, handOver(port)).RaisesExactly()
			}
			after := s.State.Shipments.Shipments[shp]
			if s.State.Shipments.Counts != rules || after.Escort != 0 && (before == nil || after.Escort != before.Escort) {
				t.Errorf("something moved: %+v", after)
			}
			if standing, _ := s.State.ShipmentBook().Standing(shp, port); standing != NotAsked {
				t.Errorf("the unit stands as %d", standing)
			}
			s.When(domain.Report, given.Operator, &AssignEscort{Shipment: shp, PoliceUnit: port, OrderNo: "3"})
			if standing, _ := s.State.ShipmentBook().Standing(shp, port); standing != Escorting || !s.State.Shipments.Shipments[shp].Agreed {
				t.Errorf("asked at last, the unit stands as %d: %+v", standing, s.State.Shipments.Shipments[shp])
			}
			if len(s.State.Shipments.Strays) > 0 {
				t.Errorf("still astray: %v", s.State.Shipments.Strays)
			}
		})
	}
}

func TestHandingOver(t *testing.T) {
	const city, port = given.PoliceCity, given.PolicePort
	inCharge := func(s *given.Scene) string {
		return s.State.BoxRegister.Texts.Text(s.State.Shipments.Shipments[shp].Escort)
	}
	s := on(leave)(t)
	s.When(domain.Report, given.Escort, handOver(port)).RaisesExactly()
	if inCharge(s) != port {
		t.Errorf("in charge is %s", inCharge(s))
	}
	for unit, want := range map[string]Standing{city: Former, port: Escorting, "P3578Z": NotAsked} {
		if got, _ := s.State.ShipmentBook().Standing(shp, unit); got != want {
			t.Errorf("%s stands as %d, not %d", unit, got, want)
		}
	}
	// The former unit takes it back by itself: told, it moves nothing and is a serious matter; asked, it is refused.
	back := func(t given.TB) *given.Scene {
		return given.After(on(leave), []given.Act{given.By(given.Escort, handOver(port))})(t)
	}
	s = given.Refused(t, back, given.Escort, handOver(city), []string{"not_his_to_hand_over"}, given.Found(RuleNotHisToHandOver, shp))
	if inCharge(s) != port {
		t.Errorf("the former unit has put %s in charge", inCharge(s))
	}
	// Who says yes with a clock far ahead keeps nobody out.
	s = on(leave)(t)
	s.At(s.Now().AddDate(70, 0, 0)).When(domain.Report, given.Escort2, given.AcceptEscort(shp))
	s.At(given.Start.AddDate(0, 0, 1)).When(domain.Report, given.Escort, &ReportCheckpoint{Shipment: shp, Place: "Paciran"}).RaisesExactly()
	if standing, _ := s.State.ShipmentBook().Standing(shp, city); standing != Escorting || inCharge(s) != city {
		t.Errorf("the true unit stands as %d, in charge is %s", standing, inCharge(s))
	}
}

func TestOnTheRoad(t *testing.T) {
	delay := &ReportDelay{Shipment: shp, Reason: "ferry"}
	s := given.Noted(t, on(arrive), given.Carrier, delay, given.Found(RuleDelayed, shp))
	wantStatus(t, s, StatusDelayed)
	for _, c := range s.Last.Raised {
		if text := s.State.Register.Text(c); text.ID != "pengiriman "+shp+" tertunda: kapal feri" || text.EN != "shipment "+shp+" is delayed: ferry" {
			t.Errorf("%+v", text)
		}
	}
	s.When(domain.Report, given.Carrier, &ReportCheckpoint{Shipment: shp, Place: "Paciran"}).RaisesExactly()
	wantStatus(t, s, StatusDispatched)

	given.Noted(t, on(arrive), given.Carrier, given.Arrive(shp, given.Village1)) // inside the destination
	s = given.Noted(t, on(arrive), given.Carrier, given.Arrive(shp, given.District2), given.Found(RuleWrongPlace, shp))
	wantStatus(t, s, StatusArrived)
	before(s, given.By(given.Operator, &Divert{Shipment: shp, To: given.District2, Reason: "banjir"})).ExplainsExactly("arrived_elsewhere").OpenRules()
	diverted := given.After(on(arrive), []given.Act{given.By(given.Operator, &Divert{Shipment: shp, To: given.District2, Reason: "banjir"})})
	given.Noted(t, diverted, given.Carrier, given.Arrive(shp, given.District1), given.Found(RuleWrongPlace, shp))

	s = given.Refused(t, on(leave), given.Carrier, way[arrive].Cmd, []string{"arrived_not_dispatched"}, given.Found(RuleNotDispatched, shp).ForNow())
	before(s, way[leave]).ExplainsExactly("arrived_not_dispatched").OpenRules()

	s = given.Noted(t, on(arrive), given.Carrier, &TransferLoad{Shipment: shp, Vehicle: "L 2", Reason: "mogok"}) // no new inspection
	if got := s.State.BoxRegister.Texts.Text(s.State.Shipments.Shipments[shp].Vehicle); got != "L 2" {
		t.Errorf("vehicle %s", got)
	}
}

func TestCancel(t *testing.T) {
	cancel := &Cancel{Shipment: shp, Reason: "ganti hari"}
	on(leave)(t).When(domain.Report, given.Operator, cancel).Rejected("request_only")
	cancelled := func(t given.TB) *given.Scene { return on(leave)(t).Did(domain.Request, given.Operator, cancel) }
	s := cancelled(t)
	wantStatus(t, s, StatusCancelled)
	if v := s.State.Boxes().Box(council); v.State != box.UnderSeal {
		t.Errorf("box is %s", v.State)
	}
	s.When(domain.Request, given.Warehouse, given.Dispatch(shp)).Rejected("shipment_cancelled")
	given.Refused(t, cancelled, given.Warehouse, given.Load(shp, council), []string{"shipment_cancelled"}, given.Found(RuleCancelled, shp))
	s = given.Refused(t, cancelled, given.Warehouse, given.Dispatch(shp), []string{"shipment_cancelled"}, given.Found(RuleCancelled, shp))
	wantStatus(t, s, StatusDispatched)
	if v := s.State.Boxes().Box(council); v.State != box.InTransit {
		t.Errorf("it left after all, with the box: %s", v.State)
	}

	s = on(arrive)(t).When(domain.Request, given.Operator, cancel).Rejected("cancelled_after_dispatch")
	wantStatus(t, s, StatusDispatched)
	// The cancellation was decided while the vehicle had left; that it had is told later.
	s = cancelled(t)
	before(s, way[leave]).RaisesExactly(given.Found(RuleCancelledLate, shp))
	wantStatus(t, s, StatusDispatched)
}

// Goods between units come out of the sender's stock when they leave, not before, and once.
func TestGoodsLeaveTheStock(t *testing.T) {
	lines := func(n int64) []given.Act {
		item := goods.Item{Item: goods.Ballot, Variant: given.Council1}
		return []given.Act{given.By(given.Operator, &Plan{Shipment: shp, Leg: ToRegency, From: given.Unit, To: given.Province, Lines: []goods.Line{{Item: item, Quantity: n}}}),
			way[inspect], way[assign], way[agree]}
	}
	issued := func(s *given.Scene) int64 {
		if st := s.State.Receipt.Stock["ballot/"+given.Council1]; st != nil {
			return st.Issued
		}
		return 0
	}
	begin := given.After(given.Stocked, lines(10_000))
	if n := issued(begin(t)); n != 0 {
		t.Errorf("%d issued by a plan", n)
	}
	s := given.Noted(t, begin, given.Operator, given.Dispatch(shp))
	if n := issued(s); n != 10_000 {
		t.Errorf("%d issued", n)
	}
	s.Did(domain.Report, given.Operator, given.Dispatch(shp))
	if n := issued(s); n != 10_000 {
		t.Errorf("%d issued when the departure was told twice", n)
	}
	more := given.After(given.Stocked, lines(10_001))
	short := given.Discrepancy{Rule: "stock_not_enough", Kind: domain.RuleBroken, Severity: domain.High, Units: []string{"ballot/" + given.Council1}, Quantity: 1, Provisional: true}
	s = given.Refused(t, more, given.Operator, given.Dispatch(shp), []string{"stock_not_enough"}, short)
	if n := issued(s); n != 10_001 {
		t.Errorf("%d issued", n)
	}
	t.Run("the plan arrives after the departure", func(t *testing.T) {
		acts := lines(10)
		s := given.Stocked(t).Story(domain.Report, acts[1:]).Did(domain.Report, given.Operator, given.Dispatch(shp))
		before(s, acts[plan]).ExplainsExactly("unplanned_shipment", "nothing_loaded")
		if n := issued(s); n != 10 {
			t.Errorf("%d issued", n)
		}
	})
}
