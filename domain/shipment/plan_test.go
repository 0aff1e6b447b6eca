package shipment_test

import (
	"fmt"
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/goods"
	. "jejak/domain/shipment"
)

func TestPlan(t *testing.T) {
	decided := func(begin func(given.TB) *given.Scene, cmd *Plan, rules ...string) {
		t.Helper()
		begin(t).When(domain.Request, given.Operator, cmd).Rejected(rules...)
		begin(t).When(domain.Report, given.Operator, cmd).Rejected(append(rules, "request_only")...)
	}
	fine := given.Plan(shp, ToDistrict, given.Unit, given.District1, council, recap, kit)
	s := given.Stocked(t).When(domain.Request, given.Operator, fine).Then("shipment.planned").RaisesExactly()
	wantStatus(t, s, StatusPlanned)
	given.Stocked(t).When(domain.Report, given.Operator, fine).Rejected("request_only")

	again := func(t given.TB) *given.Scene { return given.Stocked(t).Did(domain.Request, given.Operator, fine) }
	decided(again, fine, "shipment_exists")
	decided(given.Stocked, given.Plan(shp, ToDistrict, "3509", "350901", council), "unknown_place", "unknown_place", "from_elsewhere", "box_not_for_place")
	decided(given.Stocked, given.Plan(shp, ToRegency, given.Province, given.Unit, council), "from_elsewhere")
	decided(given.Stocked, given.Plan(shp, ToVillage, given.District1, given.Village3, far), "to_outside")
	decided(given.Stocked, given.Plan(shp, ToDistrict, given.Unit, "357877", council), "unknown_place", "box_not_for_place")
	decided(given.Stocked, given.Plan(shp, ToDistrict, given.Unit, given.District1, far, council, given.Kit(given.Station4)), "box_not_for_place",
		"box_not_for_place")
	decided(given.Stocked, given.Plan(shp, ToVillage, given.District1, given.Village1, recap), "box_not_for_place")
	decided(given.Stocked, given.Plan(shp, ToDistrict, given.Unit, given.District1, "3578011001777-PPWP"), "unknown_station")

	t.Run("goods between units", func(t *testing.T) {
		province := func(t given.TB) *given.Scene { return given.Ledger(t, given.Reference(), given.Province) }
		lines := []goods.Line{{Item: goods.Item{Item: "booth"}, Quantity: 10}}
		province(t).When(domain.Request, given.Head, &Plan{Shipment: "SHP-35-1", Leg: ToRegency, From: given.Province, To: given.Unit, Lines: lines}).
			Then("shipment.planned")
		// A regency sends back to the province, which lies outside it.
		given.Stocked(t).When(domain.Request, given.Operator, &Plan{Shipment: shp, Leg: ToRegency, From: given.Unit, To: given.Province, Lines: lines}).
			Then("shipment.planned")
	})
	t.Run("places", func(t *testing.T) {
		s := given.Stocked(t).When(domain.Request, given.Operator, given.Plan(shp, ToDistrict, given.Unit, given.District1, council, far, given.Kit(given.Station4)))
		if got := fmt.Sprint(s.Last.Rejections[0].Path, " ", s.Last.Rejections[1].Path); got != "/data/boxes/1 /data/kits/0" {
			t.Error(got)
		}
	})
}

func TestForm(t *testing.T) {
	many := make([]domain.BoxID, 1001)
	ok := given.Plan(shp, ToDistrict, given.Unit, given.District1, council)
	edit := func(change func(*Plan)) *Plan {
		p := *ok
		change(&p)
		return &p
	}
	for name, c := range map[string]struct {
		cmd   domain.Command
		rules []string
	}{
		"same place":           {edit(func(p *Plan) { p.To = p.From }), []string{"same_place"}},
		"kit among boxes":      {edit(func(p *Plan) { p.Boxes = append(p.Boxes, kit) }), []string{"kit_among_boxes"}},
		"box among kits":       {edit(func(p *Plan) { p.Kits = p.Boxes }), []string{"box_among_kits"}},
		"leg":                  {edit(func(p *Plan) { p.Leg = "L5" }), []string{"not_one_of"}},
		"nothing to send":      {edit(func(p *Plan) { p.Boxes = nil }), []string{"empty_list"}},
		"too many":             {edit(func(p *Plan) { p.Kits = many }), []string{"too_many"}},
		"no codes":             {edit(func(p *Plan) { p.From, p.To = "", "35.78" }), []string{"not_a_code", "not_a_code"}},
		"lines":                {edit(func(p *Plan) { p.Lines = []goods.Line{{}} }), []string{"field_missing", "not_positive"}},
		"id of another unit":   {edit(func(p *Plan) { p.Shipment = "SHP-3509-1" }), []string{"bad_id"}},
		"id of another thing":  {given.Load("HND-3578-1", council), []string{"bad_id"}},
		"no id":                {given.Dispatch(""), []string{"field_missing"}},
		"load":                 {&Load{Shipment: shp}, []string{"field_missing", "empty_list"}},
		"police unit":          {&AssignEscort{Shipment: shp, PoliceUnit: "3578"}, []string{"bad_police_unit", "field_missing"}},
		"no police unit":       {&HandOverEscort{Shipment: shp}, []string{"field_missing", "field_missing"}},
		"police unit, again":   {&HandOverEscort{Shipment: shp, PoliceUnit: "P3578a", OrderNo: "1"}, []string{"bad_police_unit"}},
		"override":             {&Dispatch{Shipment: shp, Override: &Override{}}, []string{"field_missing"}},
		"approval":             {&Dispatch{Shipment: shp, Override: &Override{Approval: "yes", Reason: "r"}}, []string{"bad_approval"}},
		"checkpoint":           {&ReportCheckpoint{Shipment: shp}, []string{"field_missing"}},
		"reason of a delay":    {&ReportDelay{Shipment: shp, Reason: "macet"}, []string{"not_one_of"}},
		"no reason":            {&ReportDelay{Shipment: shp}, []string{"field_missing"}},
		"until":                {&ReportDelay{Shipment: shp, Reason: "ferry", Until: "besok"}, []string{"field_type"}},
		"divert":               {&Divert{Shipment: shp}, []string{"not_a_code", "field_missing"}},
		"transfer":             {&TransferLoad{Shipment: shp}, []string{"field_missing", "field_missing"}},
		"arrival":              {&ReportArrival{Shipment: shp, Place: "Lamongan"}, []string{"not_a_code"}},
		"cancel":               {&Cancel{Shipment: shp}, []string{"field_missing"}},
		"inspection":           {&InspectVehicle{Shipment: "shp"}, []string{"bad_id"}},
		"acceptance of escort": {&AcceptEscort{Shipment: shp + "-ABCDEFGHIJKLMNOPQRSTU"}, []string{"bad_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			given.Stocked(t).When(domain.Request, given.Operator, c.cmd).Malformed(c.rules...)
		})
	}
	given.Stocked(t).Did(domain.Request, given.Operator, ok).
		Did(domain.Request, given.Operator, &ReportDelay{Shipment: shp, Reason: "ferry", Until: "2024-02-05T06:00:00+07:00"})
}

func TestWhatTheReferenceDoesNotHave(t *testing.T) {
	planned := on(load)
	given.Impossible(t, planned, given.Operator, &AssignEscort{Shipment: shp, PoliceUnit: "P3509A", OrderNo: "1"}, "unknown_police_unit")
	given.Impossible(t, planned, given.Operator, &HandOverEscort{Shipment: shp, PoliceUnit: "P3509A", OrderNo: "1"}, "unknown_police_unit")
	given.Impossible(t, planned, given.Operator, &Divert{Shipment: shp, To: "350901", Reason: "banjir"}, "unknown_place")
	given.Impossible(t, planned, given.Carrier, given.Arrive(shp, "350901"), "unknown_place")
	noPolice := func(t given.TB) *given.Scene {
		ref := given.Reference()
		ref.PoliceUnits = nil
		return given.Ledger(t, ref, given.Unit).Did(domain.Request, given.Operator, way[plan].Cmd)
	}
	given.Noted(t, noPolice, given.Operator, given.Assign(shp)) // while it names no police unit, any will do
}
