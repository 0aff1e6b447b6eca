package httpapi_test

import (
	"fmt"
	"testing"

	"jejak/domain"
	"jejak/internal/api"
)

// TestApprovalsOverHTTP: who approves what, what the list says, now and as it was, and whom it is shown.
func TestApprovalsOverHTTP(t *testing.T) {
	h := houseOf(t, plan{})
	const list = "/v1/elections/pemilu2024/approvals"
	h.act(domain.RoleCommitmentOfficer, "3501", "3501", "procurement.set_budget", `{"ceiling":100,"document":"DIPA"}`)
	order := `{"order":"ORD-3501-1","supplier":"s","lines":[{"item":"booth","quantity":1,"unit_price":90000000000}],
		"exception":{"approver":"mickey mouse","document":"ND-7"}}`
	refused := h.act(domain.RoleCommitmentOfficer, "3501", "3501", "procurement.place_order", order, api.Rejected)
	if rules(refused.Errors) != "[approval_missing /data/exception]" {
		t.Errorf("%+v", refused.Errors)
	}
	give := `{"purpose":"budget_exception","subject":"ORD-3501-1","terms":{"amount":89999999900},"document":"ND-7"}`
	for _, c := range []struct {
		role    domain.Role
		scope   string
		data    string
		status  int
		problem string
	}{
		{domain.RoleCommitmentOfficer, "3501", give, 403, "[role_not_allowed /type]"},
		{domain.RoleAdmin, "35", give, 403, "[role_not_allowed /type]"},
		{domain.RoleOperator, "3501", give, 403, "[not_entitled /data/purpose]"},
		{domain.RoleChecker, "3501", `{"purpose":"no_escort","subject":"SHP-3501-1"}`, 403, "[not_entitled /data/purpose]"},
		{domain.RoleOperator, "3509", `{"purpose":"no_escort","subject":"SHP-3501-1"}`, 403, "[unit_not_allowed /unit]"},
		{domain.RoleProvince, "35", `{"purpose":"correction","subject":["018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40"]}`, 422, "[purpose_not_yet /data/purpose]"},
		{domain.RoleProvince, "35", `{"purpose":"no_escort","subject":7}`, 422, "[field_type /data/subject]"},
	} {
		a, answer := h.post(h.token(c.role, c.scope), text(envelope("3501", "approval.give", "request", h.clock.Now(), c.data)))
		if a.StatusCode != c.status || rules(answer.Errors) != c.problem {
			t.Errorf("%s of %s, %s: %d %s", c.role, c.scope, c.data, a.StatusCode, a.body)
		}
	}
	given := h.act(domain.RoleProvince, "35", "3501", "approval.give", give)
	placed := h.act(domain.RoleCommitmentOfficer, "3501", "3501", "procurement.place_order", order)

	var cards []api.ApprovalCard
	h.read(list+"?state=used&regency=3501", h.token(domain.RoleAuditor, "35"), &cards)
	if len(cards) != 1 || cards[0].ID != given.ID || cards[0].Amount != 89_999_999_900 || cards[0].Unit != "3501" {
		t.Errorf("%+v", cards)
	}
	h.read(list+"?position="+fmt.Sprint(placed.Position-1), h.token(domain.RoleAuditor, "35"), &cards)
	if len(cards) != 1 || cards[0].State != "in_force" {
		t.Errorf("before the order: %+v", cards)
	}
	if a := h.get(list+"?state=maybe", h.admin()); a.StatusCode != 422 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	h.read(list, h.token(domain.RoleOperator, "3509"), &cards)
	if len(cards) != 0 {
		t.Errorf("another regency sees %+v", cards)
	}
	h.read(list, h.token(domain.RoleDistrict, "350101"), &cards)
	if len(cards) != 0 {
		t.Errorf("a district sees %+v", cards)
	}
	if a := h.get(list, h.token(domain.RoleSupplier, "3501")); a.StatusCode != 403 {
		t.Errorf("a supplier: %d", a.StatusCode)
	}
}
