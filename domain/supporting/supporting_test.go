package supporting_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/election/electiontest"
	"jejak/domain/given"
	"jejak/domain/supporting"
)

const unit = domain.Code("3501")

func ledger(t *testing.T) *given.Scene {
	t.Helper()
	return given.Ledger(t, electiontest.Small(), unit)
}

var basis = supporting.Basis{Stations: 5, Villages: 3, Districts: 2}

func groupA(edit func(*supporting.SubmitData)) *supporting.SubmitData {
	c := &supporting.SubmitData{Group: "A", Basis: basis, Lines: []supporting.Line{
		{Item: "ballot_box", StockGood: 3, StockDamaged: 1, UnitPrice: 37_500, Document: "BA-1/2023"},
		{Item: "pen", UnitPrice: 2_000, Document: "BA-1/2023"},
	}}
	if edit != nil {
		edit(c)
	}
	return c
}

func verify(level string) *supporting.VerifyData {
	return &supporting.VerifyData{Group: "A", Level: level}
}

var sendBack = &supporting.ReturnData{Group: "A", Findings: []supporting.Remark{{Item: "ballot_box", Field: "unit_price", Finding: "harga di atas katalog"}}}

func submitted(t *testing.T) *given.Scene {
	t.Helper()
	return ledger(t).Did(domain.Request, given.Operator, groupA(nil))
}

func status(t *testing.T, s *given.Scene, want supporting.Status, revision int) {
	t.Helper()
	if got := s.State.Supporting.Status("A"); got != want {
		t.Errorf("status %s, want %s", got, want)
	}
	if got := s.State.Supporting.Groups["A"].Revision(); got != revision {
		t.Errorf("revision %d, want %d", got, revision)
	}
}

func TestTheJointAct(t *testing.T) {
	s := submitted(t).Then("supporting.data_submitted")
	status(t, s, supporting.StatusSubmitted, 1)
	s.When(domain.Request, given.Officer, verify("regency")).Then("supporting.data_verified")
	status(t, s, supporting.StatusRegencyVerified, 1)
	s.When(domain.Request, given.Head, sendBack).Then("supporting.data_returned")
	status(t, s, supporting.StatusReturned, 1)
	if got := s.State.Supporting.Groups["A"].Findings; len(got) != 1 {
		t.Errorf("findings %v", got)
	}
	s.Did(domain.Request, given.Operator, groupA(func(c *supporting.SubmitData) { c.Lines[0].UnitPrice = 36_000 }))
	status(t, s, supporting.StatusSubmitted, 2)
	if g := s.State.Supporting.Groups["A"]; len(g.Findings) != 0 || g.VerifiedBy != nil {
		t.Errorf("a new revision kept %v, %v", g.Findings, g.VerifiedBy)
	}
	s.Did(domain.Request, given.Officer, verify("regency"))
	s.When(domain.Request, given.Head, verify("province")).Then("supporting.data_verified")
	status(t, s, supporting.StatusVerified, 2)
	if got := s.State.Supporting.Unverified(); len(got) != 2 || got[0] != "B" || got[1] != "C" {
		t.Errorf("unverified %v", got)
	}
}

func TestBasisDiffers(t *testing.T) {
	wrong := groupA(func(c *supporting.SubmitData) { c.Basis.Stations = 6 })
	ledger(t).When(domain.Request, given.Operator, wrong).Rejected("basis_differs")
	s := ledger(t).When(domain.Report, given.Operator, wrong).Then("supporting.data_submitted", "discrepancy.raised").Raises(domain.RuleBroken, "3501")
	s.When(domain.Request, given.Operator, wrong).Rejected("basis_differs") // the same again is still wrong
	s.When(domain.Request, given.Operator, groupA(nil)).Then("supporting.data_submitted", "discrepancy.explained")
	ledger(t).When(domain.Request, given.Operator, groupA(func(c *supporting.SubmitData) {
		c.Basis.Stations, c.Note = 6, "satu TPS khusus menyusul"
	})).Then("supporting.data_submitted")
}

func TestItemOfAnotherGroup(t *testing.T) {
	wrong := groupA(func(c *supporting.SubmitData) { c.Lines[1].Item = "glue" })
	ledger(t).When(domain.Request, given.Operator, wrong).Rejected("item_of_other_group")
	ledger(t).When(domain.Report, given.Operator, wrong).Then("supporting.data_submitted", "discrepancy.raised").Raises(domain.RuleBroken, "glue")
}

func TestVerification(t *testing.T) {
	for name, c := range map[string]struct {
		given func(*given.Scene)
		actor domain.Actor
		cmd   domain.Command
		rules []string
	}{
		"regency, nothing submitted":  {nil, given.Officer, &supporting.VerifyData{Group: "B", Level: "regency"}, []string{"supporting_not_submitted"}},
		"province, nothing submitted": {nil, given.Head, &supporting.VerifyData{Group: "B", Level: "province"}, []string{"supporting_not_submitted"}},
		"return, nothing submitted": {nil, given.Head, &supporting.ReturnData{Group: "B", Findings: sendBack.Findings},
			[]string{"supporting_not_submitted"}},
		"own submission":         {nil, given.Operator, verify("regency"), []string{"verifier_is_submitter"}},
		"province before":        {nil, given.Head, verify("province"), []string{"regency_verifies_first"}},
		"regency as province":    {func(s *given.Scene) { s.Did(domain.Request, given.Officer, verify("regency")) }, given.Warehouse, verify("province"), []string{"province_decides"}},
		"regency twice":          {func(s *given.Scene) { s.Did(domain.Request, given.Officer, verify("regency")) }, given.Officer, verify("regency"), []string{"supporting_not_submitted"}},
		"return by the regency":  {nil, given.Officer, sendBack, []string{"province_decides"}},
		"verified when returned": {func(s *given.Scene) { s.Did(domain.Request, given.Head, sendBack) }, given.Officer, verify("regency"), []string{"supporting_not_submitted"}},
		"returned twice":         {func(s *given.Scene) { s.Did(domain.Request, given.Head, sendBack) }, given.Head, sendBack, []string{"supporting_not_submitted"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := submitted(t)
			if c.given != nil {
				c.given(s)
			}
			s.When(domain.Request, c.actor, c.cmd).Rejected(c.rules...)
			s.When(domain.Report, c.actor, c.cmd).Rejected(append(c.rules, "request_only")...)
		})
	}
}

func TestDecisionsAreRequests(t *testing.T) {
	s := submitted(t)
	s.When(domain.Report, given.Officer, verify("regency")).Rejected("request_only")
	s.When(domain.Report, given.Head, sendBack).Rejected("request_only")
}

// A report that occurred before the current submission and comes after it becomes an earlier revision; it changes nothing else.
func TestLateReport(t *testing.T) {
	s := submitted(t)
	s.Did(domain.Request, given.Officer, verify("regency"))
	s.At(given.Start.AddDate(0, 0, -1)).When(domain.Report, given.Operator, groupA(func(c *supporting.SubmitData) { c.Basis.Stations = 6 }))
	s.Then("supporting.data_submitted")
	status(t, s, supporting.StatusRegencyVerified, 2)
}

func TestMalformed(t *testing.T) {
	negative := groupA(func(c *supporting.SubmitData) {
		c.Basis = supporting.Basis{Stations: -1, Villages: -1, Districts: -1}
		c.Lines[0].StockGood, c.Lines[0].StockDamaged, c.Lines[0].UnitPrice = -1, -1, -1
	})
	for name, c := range map[string]struct {
		cmd   domain.Command
		rules []string
	}{
		"group":          {groupA(func(c *supporting.SubmitData) { c.Group = "D" }), []string{"not_one_of"}},
		"no lines":       {groupA(func(c *supporting.SubmitData) { c.Lines = nil }), []string{"empty_list"}},
		"many lines":     {groupA(func(c *supporting.SubmitData) { c.Lines = make([]supporting.Line, 1001) }), []string{"too_many"}},
		"twice":          {groupA(func(c *supporting.SubmitData) { c.Lines[1].Item = "ballot_box" }), []string{"repeated"}},
		"item":           {groupA(func(c *supporting.SubmitData) { c.Lines[1].Item = "Kotak Suara" }), []string{"bad_item"}},
		"nothing filled": {groupA(func(c *supporting.SubmitData) { c.Lines[1] = supporting.Line{} }), []string{"field_missing", "field_missing"}},
		"negative":       {negative, []string{"negative", "negative", "negative", "negative", "negative", "negative"}},
		"level":          {&supporting.VerifyData{Group: "A", Level: "district"}, []string{"not_one_of"}},
		"no findings":    {&supporting.ReturnData{Group: "A"}, []string{"empty_list"}},
		"many findings":  {&supporting.ReturnData{Group: "A", Findings: make([]supporting.Remark, 1001)}, []string{"too_many"}},
		"empty finding":  {&supporting.ReturnData{Group: "A", Findings: []supporting.Remark{{}}}, []string{"field_missing", "field_missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			ledger(t).When(domain.Request, given.Operator, c.cmd).Malformed(c.rules...)
			ledger(t).When(domain.Report, given.Operator, c.cmd).Malformed(c.rules...)
		})
	}
}
