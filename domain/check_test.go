package domain_test

import (
	"maps"
	"slices"
	"testing"

	"jejak/domain"
	"jejak/domain/goods"
)

// Every rule of form, with its place. Unknown fields are found by who decodes commands.
func TestRulesOfForm(t *testing.T) {
	boxes := func(ids ...domain.BoxID) func(*domain.Check) {
		return func(c *domain.Check) { c.BoxList("/x", ids, true) }
	}
	seen := map[string]bool{domain.RuleUnknownField.ID: true, domain.RuleFieldType.ID: true, domain.RuleNotOneOf.ID: true}
	for name, c := range map[string]struct {
		check func(*domain.Check)
		want  map[string]string // place -> rule
	}{
		"required":       {func(c *domain.Check) { c.Required("/x", "") }, map[string]string{"/x": "field_missing"}},
		"negative":       {func(c *domain.Check) { c.NotNegative("/x", -1); c.NotNegative("/y", 0) }, map[string]string{"/x": "negative"}},
		"positive":       {func(c *domain.Check) { c.Positive("/x", 0); c.Positive("/y", 1) }, map[string]string{"/x": "not_positive"}},
		"code":           {func(c *domain.Check) { c.Code("/x", "35.78"); c.Code("/y", "3578") }, map[string]string{"/x": "not_a_code"}},
		"level":          {func(c *domain.Check) { c.Code("/x", "3578", domain.District, domain.Village) }, map[string]string{"/x": "wrong_level"}},
		"id":             {func(c *domain.Check) { c.ID("/x", "", "SHP"); c.ID("/y", "SHP-1", "SHP") }, map[string]string{"/x": "field_missing", "/y": "bad_id"}},
		"no boxes":       {boxes(), map[string]string{"/x": "empty_list"}},
		"bad boxes":      {boxes("357801-REKAP1", "x", "357801-REKAP1"), map[string]string{"/x/1": "bad_box", "/x/2": "repeated"}},
		"too many boxes": {boxes(make([]domain.BoxID, domain.MaxBoxes+1)...), map[string]string{"/x": "too_many"}},
		"one box":        {func(c *domain.Check) { c.Box("/x", "3578") }, map[string]string{"/x": "bad_box"}},
		"item": {func(c *domain.Check) {
			goods.Item{Item: "Kotak"}.Check(c, "/x")
			goods.Item{Item: goods.Ballot}.Check(c, "/y")
			goods.Item{Item: "booth", Variant: "a b"}.Check(c, "/z")
		}, map[string]string{"/x/item": "bad_item", "/y/variant": "field_missing", "/z/variant": "bad_item"}},
		"lines": {func(c *domain.Check) {
			goods.CheckLines(c, "/x", []goods.Line{{Item: goods.Item{Item: "booth"}, Quantity: 1}, {Item: goods.Item{Item: "booth"}, Quantity: goods.MaxQuantity + 1}})
		}, map[string]string{"/x/1": "repeated", "/x/1/quantity": "quantity_too_large"}},
	} {
		t.Run(name, func(t *testing.T) {
			check := &domain.Check{Unit: "3578"}
			c.check(check)
			got := map[string]string{}
			for _, v := range check.Violations() {
				got[v.Path] = v.Rule.ID
				seen[v.Rule.ID] = true
				if v.Rule.OnRequest != domain.Invalid || v.Rule.OnReport != domain.Invalid || v.Message() == "" || v.MessageEN() == "" || v.Remedy() == "" || v.RemedyEN() == "" {
					t.Errorf("%+v", v.Rule)
				}
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("%v, expected %v", got, c.want)
			}
		})
	}
	for _, r := range slices.Concat(domain.FormRules(), goods.Rules()) {
		if !seen[r.ID] {
			t.Errorf("no test breaks rule %s", r.ID)
		}
	}
}
