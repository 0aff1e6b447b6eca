package need_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/domain/need"
	"jejak/domain/supporting"
)

const unit = domain.Code("3501")

func begin(t *testing.T) *given.Scene {
	t.Helper()
	return given.Ledger(t, electiontest.Small(), unit)
}

// scrutinised is a ledger whose supporting data the province has verified.
func scrutinised(t *testing.T, groups ...string) *given.Scene {
	t.Helper()
	s := begin(t)
	for _, g := range groups {
		s.Did(domain.Request, given.Operator, &supporting.SubmitData{Group: g, Basis: supporting.Basis{Stations: 5, Villages: 3, Districts: 2},
			Lines: []supporting.Line{{Item: "item_" + string(g[0]+'a'-'A'), Document: "BA-1"}}})
		s.Did(domain.Request, given.Officer, &supporting.VerifyData{Group: g, Level: "regency"})
		s.Did(domain.Request, given.Head, &supporting.VerifyData{Group: g, Level: "province"})
	}
	return s
}

func submitted(t *testing.T) *given.Scene {
	t.Helper()
	return scrutinised(t, "A", "B", "C").
		Did(domain.Request, given.Operator, &need.CalculatePlan{}).
		Did(domain.Request, given.Operator, &need.SubmitPlan{})
}

var sendBack = &need.ReturnPlan{Findings: []need.Remark{{Item: "glue", Finding: "periksa jumlah desa"}}}

func TestFromCalculationToApproval(t *testing.T) {
	s := scrutinised(t, "A", "B", "C")
	s.When(domain.Request, given.Operator, &need.CalculatePlan{}).Then("need.calculated")
	plan := s.State.Need.Plan
	if plan.Norms != "small-1" || plan.Reference != electiontest.Small().Version || len(plan.Lines) == 0 {
		t.Fatalf("plan %+v", plan)
	}
	s.When(domain.Request, given.Operator, &need.SubmitPlan{}).Then("need.submitted")
	s.When(domain.Request, given.Head, sendBack).Then("need.returned")
	s.When(domain.Request, given.Operator, &need.CalculatePlan{}).Then("need.calculated")
	s.When(domain.Request, given.Operator, &need.SubmitPlan{}).Then("need.submitted")
	s.When(domain.Request, given.Head, &need.ApprovePlan{}).Then("need.approved")
	n := s.State.Need
	if n.Status != need.StatusApproved || n.Revision != 2 || n.Approved == nil || len(n.Approved.Lines) != len(plan.Lines) {
		t.Errorf("state %+v", n)
	}
}

func TestAmendment(t *testing.T) {
	s := submitted(t)
	s.Did(domain.Request, given.Head, &need.ApprovePlan{})
	s.When(domain.Request, given.Operator, &need.CalculatePlan{}).Rejected("approved_plan_is_amended")
	s.When(domain.Report, given.Operator, &need.CalculatePlan{}).Rejected("approved_plan_is_amended", "request_only")
	s.When(domain.Request, given.Operator, &need.AmendPlan{Reason: "satu TPS ditambah"}).Then("need.amended")
	amended := s.Last.Events[0].Event.(*need.PlanAmended)
	if amended.OldNorms != "small-1" || amended.NewNorms != "small-1" || amended.OldReference == "" || amended.NewReference == "" {
		t.Errorf("amendment %+v", amended)
	}
	if n := s.State.Need; n.Status != need.StatusAmended || n.Approved == nil || n.Plan.Reason == "" {
		t.Errorf("state %+v", n)
	}
	s.Did(domain.Request, given.Operator, &need.SubmitPlan{})
	s.Did(domain.Request, given.Head, sendBack)
	s.Did(domain.Request, given.Operator, &need.AmendPlan{Reason: "dihitung lagi"})
	s.Did(domain.Request, given.Operator, &need.SubmitPlan{})
	s.Did(domain.Request, given.Head, &need.ApprovePlan{})
	if got := s.State.Need.Approved.Reason; got != "dihitung lagi" {
		t.Errorf("the approved plan's reason is %q", got)
	}
}

func TestRules(t *testing.T) {
	calculated := func(t *testing.T) *given.Scene {
		return begin(t).Did(domain.Request, given.Operator, &need.CalculatePlan{})
	}
	for name, c := range map[string]struct {
		given func(*testing.T) *given.Scene
		actor domain.Actor
		cmd   domain.Command
		rules []string
	}{
		"submit nothing":     {begin, given.Operator, &need.SubmitPlan{}, []string{"need_wrong_status"}},
		"submit twice":       {submitted, given.Operator, &need.SubmitPlan{}, []string{"need_wrong_status"}},
		"calculate again":    {submitted, given.Operator, &need.CalculatePlan{}, []string{"need_wrong_status"}},
		"return nothing":     {calculated, given.Head, sendBack, []string{"need_wrong_status"}},
		"return by regency":  {submitted, given.Operator, sendBack, []string{"province_approves"}},
		"approve nothing":    {func(t *testing.T) *given.Scene { return scrutinised(t, "A", "B", "C") }, given.Head, &need.ApprovePlan{}, []string{"need_wrong_status"}},
		"approve by regency": {submitted, given.Officer, &need.ApprovePlan{}, []string{"province_approves"}},
		"amend nothing":      {submitted, given.Operator, &need.AmendPlan{Reason: "x"}, []string{"need_wrong_status"}},
		"approve unscrutinised": {func(t *testing.T) *given.Scene {
			return scrutinised(t, "B").Did(domain.Request, given.Operator, &need.CalculatePlan{}).Did(domain.Request, given.Operator, &need.SubmitPlan{})
		}, given.Head, &need.ApprovePlan{}, []string{"supporting_not_verified", "supporting_not_verified"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.given(t)
			s.When(domain.Request, c.actor, c.cmd).Rejected(c.rules...)
			s.When(domain.Report, c.actor, c.cmd).Rejected(append(c.rules, "request_only")...)
		})
	}
}

func TestMalformed(t *testing.T) {
	for name, c := range map[string]struct {
		cmd  domain.Command
		rule string
	}{
		"no findings":   {&need.ReturnPlan{}, "empty_list"},
		"many findings": {&need.ReturnPlan{Findings: make([]need.Remark, 1001)}, "too_many"},
		"empty finding": {&need.ReturnPlan{Findings: []need.Remark{{Item: "glue"}}}, "field_missing"},
		"no reason":     {&need.AmendPlan{}, "field_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			begin(t).When(domain.Request, given.Operator, c.cmd).Malformed(c.rule)
			begin(t).When(domain.Report, given.Operator, c.cmd).Malformed(c.rule)
		})
	}
}

func TestUnknownUnit(t *testing.T) {
	given.Ledger(t, electiontest.Small(), "3599").
		When(domain.Request, given.Operator, &need.CalculatePlan{}).Rejected("need_not_calculable").
		When(domain.Report, given.Operator, &need.CalculatePlan{}).Rejected("need_not_calculable", "request_only")
}

// two holds an election with two versions of its reference data, the second with a seal more per station.
func two(t *testing.T) (catalog *election.Book, first, second *election.Reference) {
	t.Helper()
	catalog = election.NewCatalog()
	publish := func(events []election.Event) *election.Reference {
		events, ref, err := election.Publish("2024-02-01", events)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if err := catalog.Apply(e.EventType(), e.Schema(), election.Encode(e)); err != nil {
				t.Fatal(err)
			}
		}
		return ref
	}
	first = publish(electiontest.SmallEvents())
	events := electiontest.SmallEvents()
	norms := events[1].(*election.NormsPublished)
	norms.Version = "small-2"
	norms.Items[1].PerStation++
	return catalog, first, publish(events)
}

// What was calculated before the reference data changed is not submitted, and an amendment cites both versions.
func TestNewReference(t *testing.T) {
	catalog, first, second := two(t)
	scene := given.LedgerOf(t, catalog, "pemilu2024", unit)
	scene.Did(domain.Request, given.System, &ledger.AdoptReference{Version: first.Version}).
		Did(domain.Request, given.Operator, &need.CalculatePlan{}).
		Did(domain.Request, given.System, &ledger.AdoptReference{Version: second.Version}).
		When(domain.Request, given.Operator, &need.SubmitPlan{}).Rejected("need_outdated").
		When(domain.Report, given.Operator, &need.SubmitPlan{}).Rejected("need_outdated", "request_only")
	state := ledger.New("pemilu2024", unit, catalog)
	seq := byte(0)
	do := func(actor domain.Actor, cmd domain.Command) ledger.Decision {
		t.Helper()
		seq++
		return state.Execute(domain.Act{ID: [16]byte{seq}, Mode: domain.Request, Election: "pemilu2024", Unit: unit, Actor: actor}, cmd)
	}
	must := func(actor domain.Actor, cmd domain.Command) ledger.Decision {
		t.Helper()
		d := do(actor, cmd)
		if len(d.Rejections) > 0 {
			t.Fatalf("%s: %v", cmd.CommandType(), d.Rejections)
		}
		return d
	}
	must(given.System, &ledger.AdoptReference{Version: first.Version})
	must(given.Operator, &need.CalculatePlan{})
	must(given.System, &ledger.AdoptReference{Version: second.Version})
	if d := do(given.Operator, &need.SubmitPlan{}); len(d.Rejections) != 1 || d.Rejections[0].Rule != need.RulePlanOutdated {
		t.Fatalf("%+v", d)
	}
	must(given.System, &ledger.AdoptReference{Version: first.Version})
	for _, g := range supporting.Groups() {
		must(given.Operator, &supporting.SubmitData{Group: g, Basis: supporting.Basis{Stations: 5, Villages: 3, Districts: 2}, Lines: []supporting.Line{{Item: "x", Document: "d"}}})
		must(given.Officer, &supporting.VerifyData{Group: g, Level: "regency"})
		must(given.Head, &supporting.VerifyData{Group: g, Level: "province"})
	}
	must(given.Operator, &need.SubmitPlan{})
	must(given.Head, &need.ApprovePlan{})
	must(given.System, &ledger.AdoptReference{Version: second.Version})
	amended := must(given.Operator, &need.AmendPlan{Reason: "norma baru"}).Events[0].Event.(*need.PlanAmended)
	if amended.OldNorms != "small-1" || amended.NewNorms != "small-2" || amended.OldReference != first.Version || amended.NewReference != second.Version {
		t.Errorf("amendment %+v", amended)
	}
	if got := state.Need.Approved.Norms; got != "small-1" {
		t.Errorf("the approved plan was rewritten to %s", got)
	}
}
