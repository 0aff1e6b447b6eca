package handoff_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	. "jejak/domain/handoff"
	"jejak/domain/packing"
)

// What the receiver sees of a single box is among the rules of package box.
func TestMain(m *testing.M) { given.Main(m, NewRoom(nil).Rules()...) }

const hnd = given.Handoff2

var (
	council = given.Box(given.Station1, "DPRDK")
	ppwp    = given.Box(given.Station1, "PPWP")
	kit     = given.Kit(given.Station1)

	ppk = given.DistrictStaff(given.District1)
	ids = []domain.BoxID{council, ppwp}

	offer  = given.Offer(hnd, given.Shipment2, given.District1, ids...)
	accept = given.Accept(hnd, ids...)
)

// arrived is a ledger in which two boxes have arrived at District1; acts is what came after.
func arrived(acts ...given.Act) func(given.TB) *given.Scene {
	return given.After(given.Stocked, given.Sealing(ids...), given.ToDistrict(ids...)[:7], acts)
}

func offered(t given.TB) *given.Scene { return arrived(given.By(given.Carrier, offer))(t) }

func before(s *given.Scene, who domain.Actor, cmd domain.Command) *given.Scene {
	return s.At(s.Now().Add(-30*time.Second)).When(domain.Report, who, cmd)
}

func custody(t *testing.T, s *given.Scene, want domain.Code, boxes ...domain.BoxID) {
	t.Helper()
	for _, id := range boxes {
		if got := s.State.Boxes().Box(id).Custody; got != want {
			t.Errorf("%s is with %s, expected %s", id, got, want)
		}
	}
}

func TestTwoParties(t *testing.T) {
	s := given.Noted(t, arrived(), given.Carrier, offer)
	custody(t, s, given.Unit, ids...) // an offer moves nothing
	s = given.Noted(t, offered, ppk, accept)
	custody(t, s, given.District1, ids...)

	s = given.Refused(t, offered, given.Carrier, accept, []string{"same_person"}, given.Found(RuleSamePerson, hnd))
	custody(t, s, given.District1, ids...)
	other := given.DistrictStaff(given.District2)
	given.Refused(t, offered, other, accept, []string{"wrong_receiver"}, given.Found(RuleWrongReceiver, string(council), string(ppwp)))
	given.Noted(t, offered, given.VillageStaff(given.Village1), accept) // of the district's area

	given.Refused(t, offered, given.Carrier, offer, []string{"handoff_offered_twice"}, given.Found(RuleOfferedTwice, hnd))
	given.Refused(t, arrived(given.By(given.Carrier, offer), given.By(ppk, accept)), ppk, accept, []string{"handoff_accepted_twice"},
		given.Found(RuleAcceptedTwice, hnd))
}

func TestEveryDifferenceIsNamed(t *testing.T) {
	s := given.Refused(t, offered, ppk, given.Accept(hnd, ppwp), []string{"handoff_incomplete"}, given.Found(RuleIncomplete, string(council)))
	if got := s.When(domain.Request, ppk, given.Accept(hnd, ppwp)); len(got.Last.Rejections) != 1 { // accepted twice, and incomplete already
		t.Errorf("%v", got.Last.Rejections)
	}
	custody(t, s, given.Unit, council)
	custody(t, s, given.District1, ppwp)
	given.Refused(t, offered, ppk, &Accept{Handoff: hnd, Extra: []domain.BoxID{given.Box(given.Station2, "DPR")}},
		[]string{"handoff_incomplete", "handoff_incomplete"},
		given.Found(RuleIncomplete, string(council)), given.Found(RuleIncomplete, string(ppwp)),
		given.Discrepancy{Rule: "box_not_offered", Kind: domain.UndocumentedHandoff, Severity: domain.Medium, Provisional: true,
			Units: []string{string(given.Box(given.Station2, "DPR"))}},
		given.Discrepancy{Rule: "arrived_unsealed", Kind: domain.Unsealed, Severity: domain.High, Provisional: true,
			Units: []string{string(given.Box(given.Station2, "DPR"))}})
	// Named as extra though it was offered, there is nothing wrong with it.
	extra := given.Accept(hnd, ppwp)
	extra.Extra = []domain.BoxID{council}
	custody(t, given.Noted(t, offered, ppk, extra), given.District1, ids...)
	// Named as missing, it is not incomplete.
	whole := given.Accept(hnd, ppwp)
	whole.Missing = []domain.BoxID{council}
	given.Noted(t, offered, ppk, whole, given.Discrepancy{Rule: "box_missing", Kind: domain.Short, Severity: domain.High, Units: []string{string(council)}})
}

// The two phones of a handoff may send in either order, and before the vehicle's.
func TestOrderOfArrival(t *testing.T) {
	both := []string{string(council), string(ppwp)}
	s := given.Noted(t, arrived(), ppk, accept, given.Found(RuleNotOffered, both...).ForNow())
	custody(t, s, given.District1, ids...) // where the receiver serves
	before(s, given.Carrier, offer).ExplainsExactly("handoff_not_offered").OpenRules()
	custody(t, s, given.District1, ids...)

	way := given.ToDistrict(ids...)
	onBoard := given.After(given.Stocked, given.Sealing(ids...), way[:5], []given.Act{given.By(given.Carrier, offer)})
	s = given.Noted(t, onBoard, ppk, accept, given.Found(RuleNotDispatched, both...).ForNow())
	before(s, given.Warehouse, given.Dispatch(given.Shipment2)).ExplainsExactly("shipment_not_dispatched").OpenRules()
	t.Run("left after it was accepted", func(t *testing.T) {
		s := onBoard(t).Did(domain.Report, ppk, accept)
		s.When(domain.Report, given.Warehouse, given.Dispatch(given.Shipment2)).ExplainsExactly().OpenRules("shipment_not_dispatched")
	})
	t.Run("only missing boxes", func(t *testing.T) {
		missing := &Accept{Handoff: hnd, Missing: ids}
		s := arrived()(t).When(domain.Report, ppk, missing)
		s.OpenRules("box_missing", "box_missing") // nothing was received that nobody gave
	})
	t.Run("an offer that occurred earlier is the one that counts", func(t *testing.T) {
		s := arrived(given.By(given.Carrier, given.Offer(hnd, given.Shipment2, given.District2, ids...)), given.By(ppk, accept))(t)
		custody(t, s, given.District2, ids...)
		s.At(s.Now().Add(-90*time.Second)).When(domain.Report, given.Carrier, offer)
		custody(t, s, given.District1, ids...)
		s.OpenRules("handoff_offered_twice")
	})
	t.Run("late, by staff of elsewhere", func(t *testing.T) {
		s := arrived(given.By(given.Carrier, accept))(t).OpenRules("handoff_not_offered")
		before(s, given.Carrier, offer).RaisesExactly(given.Found(RuleSamePerson, hnd)).ExplainsExactly("handoff_not_offered")
		t.Run("asked", func(t *testing.T) {
			s := arrived(given.By(given.Carrier, accept))(t)
			s.At(s.Now().Add(-30*time.Second)).When(domain.Request, given.Carrier, offer).Rejected("same_person")
			custody(t, s, given.Unit, ids...)
		})
	})
}

// On foot from the village to the station: the giver's place is where he serves.
func TestOnFoot(t *testing.T) {
	pps, kpps := given.VillageStaff(given.Village1), given.StationStaff(given.Station1)
	all := append([]domain.BoxID{kit}, ids...)
	begin := given.After(given.Stocked, given.Sealing(all...), given.ToDistrict(all...), given.ToVillage(all...),
		[]given.Act{given.By(pps, given.Offer(given.Handoff4, "", given.Station1, all...))})
	s := given.Noted(t, begin, kpps, given.Accept(given.Handoff4, all...))
	custody(t, s, given.Station1, all...)
	witness := &Attest{Handoff: given.Handoff4, Witnesses: []packing.Witness{{Role: "supervisor", ID: "usr-8"}}}
	given.Noted(t, given.After(begin, []given.Act{given.By(kpps, given.Accept(given.Handoff4, all...))}), given.Supervisor, witness)
	s.Did(domain.Report, given.Supervisor, witness).Did(domain.Report, given.Supervisor, witness).
		Did(domain.Report, given.Supervisor, &Attest{Handoff: given.Handoff4, Witnesses: []packing.Witness{{Role: "police", ID: "usr-9"}}})
	if got := fmt.Sprint(s.State.Handoffs.Handoffs[given.Handoff4].Witnesses); got != "[police usr-9 supervisor usr-8]" {
		t.Errorf("witnesses %s", got)
	}
}

func TestForm(t *testing.T) {
	many := make([]domain.BoxID, 1001)
	seen := func(b AcceptedBox) *Accept { return &Accept{Handoff: hnd, Boxes: []AcceptedBox{b}} }
	numbers := make([]string, packing.MaxSeals+1)
	for i := range numbers {
		numbers[i] = fmt.Sprint("S", i)
	}
	for name, c := range map[string]struct {
		cmd   domain.Command
		rules []string
	}{
		"nothing offered":        {&Offer{Handoff: hnd, To: given.District1}, []string{"empty_list"}},
		"to nowhere":             {&Offer{Handoff: hnd, Boxes: ids}, []string{"not_a_code"}},
		"ids":                    {&Offer{Handoff: "HND-3509-1", Shipment: "HND-3578-1", To: given.District1, Boxes: ids}, []string{"bad_id", "bad_id"}},
		"offered twice":          {given.Offer(hnd, "", given.District1, council, council), []string{"repeated"}},
		"nothing accepted":       {&Accept{Handoff: hnd}, []string{"empty_list"}},
		"too many":               {&Accept{Handoff: hnd, Missing: many}, []string{"too_many"}},
		"in two lists":           {&Accept{Handoff: hnd, Missing: ids, Extra: ids[:1]}, []string{"repeated"}},
		"accepted and missing":   {&Accept{Handoff: hnd, Boxes: accept.Boxes, Missing: ids[1:]}, []string{"repeated"}},
		"no box":                 {&Accept{Handoff: hnd, Extra: []domain.BoxID{"3578"}}, []string{"bad_box"}},
		"no condition":           {seen(AcceptedBox{Box: council}), []string{"field_missing"}},
		"another condition":      {seen(AcceptedBox{Box: council, Condition: "broken"}), []string{"not_one_of"}},
		"seals of a kit":         {seen(AcceptedBox{Box: kit, Condition: Good, Seals: []string{"A"}}), []string{"kit_has_seals"}},
		"seal read twice":        {seen(AcceptedBox{Box: council, Condition: Good, Seals: []string{"A", "A"}}), []string{"repeated"}},
		"no seal number":         {seen(AcceptedBox{Box: council, Condition: Good, Seals: []string{"?"}}), []string{"bad_seal"}},
		"too many seals":         {seen(AcceptedBox{Box: council, Condition: Good, Seals: numbers}), []string{"too_many"}},
		"witness without a role": {&Accept{Handoff: hnd, Missing: ids, Witnesses: []packing.Witness{{ID: "usr-8"}}}, []string{"field_missing"}},
		"no witnesses":           {&Attest{Handoff: hnd}, []string{"empty_list"}},
		"no hash":                {&IssueDocument{Handoff: hnd}, []string{"bad_sha256"}},
		"a hash in capitals":     {&IssueDocument{Handoff: hnd, SHA256: strings.Repeat("0A", 32)}, []string{"bad_sha256"}},
		"a short hash":           {&IssueDocument{Handoff: hnd, SHA256: strings.Repeat("0a", 31)}, []string{"bad_sha256"}},
		"a long number":          {&IssueDocument{Handoff: hnd, Number: strings.Repeat("x", domain.MinutesNumber.Most+1), SHA256: strings.Repeat("0a", 32)}, []string{"text_too_long"}},
		"nothing at all":         {&Accept{}, []string{"field_missing", "empty_list"}},
	} {
		t.Run(name, func(t *testing.T) {
			given.Stocked(t).When(domain.Report, ppk, c.cmd).Malformed(c.rules...)
		})
	}
}

// The minutes are of what somebody has taken over; who sends the acceptance late explains them.
func TestMinutes(t *testing.T) {
	issue := &IssueDocument{Handoff: hnd, Number: "12/PP.09-BA/3578/2024", SHA256: strings.Repeat("0a", 32)}
	s := given.Noted(t, arrived(given.By(given.Carrier, offer), given.By(ppk, accept)), ppk, issue)
	again := &IssueDocument{Handoff: hnd, SHA256: strings.Repeat("0b", 32)}
	s.When(domain.Request, given.Carrier, again) // as after a name was forgotten
	if got := s.State.Handoffs.Handoffs[hnd].Documents; len(got) != 2 || got[0].Number != issue.Number || got[1].SHA256 != again.SHA256 || got[1].Version <= got[0].Version {
		t.Errorf("%+v", got)
	}
	s = given.Refused(t, offered, ppk, issue, []string{"document_before_acceptance"}, given.Found(RuleNothingToIssue, hnd).ForNow())
	before(s, ppk, accept).ExplainsExactly("document_before_acceptance").OpenRules()
}

func TestPlacesOfTheUnit(t *testing.T) {
	given.Impossible(t, arrived(), given.Carrier, given.Offer(hnd, "", "3509", ids...), "place_outside_unit")
	given.Impossible(t, arrived(), given.Carrier, given.Offer(hnd, "", "357877", ids...), "place_outside_unit")
	given.Impossible(t, arrived(), given.Carrier, given.Offer(hnd, "", given.Province, ids...), "place_outside_unit")
	given.Impossible(t, arrived(), given.Carrier, given.Offer(hnd, "", given.District1, "3578011001777-DPR"), "unknown_station")
	odd := []domain.BoxID{"3578011001777-DPR"}
	given.Impossible(t, arrived(), ppk, &Accept{Handoff: hnd, Boxes: given.Accept(hnd, odd...).Boxes, Missing: []domain.BoxID{"3578011001778-DPR"},
		Extra: []domain.BoxID{"3578011001779-DPR"}}, "unknown_station", "unknown_station", "unknown_station")
}
