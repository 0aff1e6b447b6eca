package domain_test

import (
	"maps"
	"slices"
	"strings"
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
		"text": {func(c *domain.Check) {
			c.Need("/x", strings.Repeat("x", 121), domain.Name)
			c.Need("/y", "a\x1b[2J", domain.Note)
			c.Need("/z", "", domain.Note)
		}, map[string]string{"/x": "text_too_long", "/y": "text_control", "/z": "field_missing"}},
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

// TestText: characters are counted, not bytes, and what the eye would not see is refused with its place.
func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		strings.Repeat("é", 20):            "",
		strings.Repeat("é", 21):            "21 characters, at most 20",
		"B 1234 XY\x1b[2J":                 "character 10 is a control character (U+001B)",
		"baris\nlain":                      "character 6 is a control character (U+000A)",
		"L 1 \u202eA":                      "character 5 is a control character (U+202E)",
		"rusak \xff":                       "character 7 is a control character (U+FFFD)",
		"pengganti \uFFFD":                 "",
		"kotak 📦":                          "",
		strings.Repeat("x", 21) + "\u2028": "22 characters, at most 20; character 22 is a control character (U+2028)",
	} {
		c := &domain.Check{}
		c.Text("/data/vehicle", text, domain.Plate)
		var got []string
		for _, v := range c.Violations() {
			if v.Path != "/data/vehicle" {
				t.Errorf("%q: at %s", text, v.Path)
			}
			got = append(got, v.MessageEN())
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
	c := &domain.Check{}
	if c.Text("/data/note", "satu\ndua", domain.Note); len(c.Violations()) > 0 {
		t.Errorf("a note of two lines: %v", c.Violations())
	}
	if c.Text("/data/note", "satu\r\ndua", domain.Note); len(c.Violations()) != 1 {
		t.Errorf("a carriage return: %v", c.Violations())
	}
}

// TestARefusalIsShort: what is refused is not said again at its full length.
func TestARefusalIsShort(t *testing.T) {
	c := &domain.Check{Unit: "3578"}
	c.ID("/x", strings.Repeat("é", 100_000), "SHP")
	c.Box("/y", domain.BoxID(strings.Repeat("é", 100_000)))
	c.Code("/z", domain.Code(strings.Repeat("9", 100_000)))
	for _, v := range c.Violations() {
		if n := len(v.Message()) + len(v.MessageEN()); n > 2000 || strings.Contains(v.Message(), "\uFFFD") {
			t.Errorf("%s: %d bytes of messages", v.Path, n)
		}
	}
	if len(c.Violations()) != 3 {
		t.Errorf("%d violations", len(c.Violations()))
	}
}
