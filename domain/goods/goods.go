// Package goods is how quantities of goods are written in commands and events: lines of an item, for ballots with the design as variant.
package goods

import (
	"regexp"
	"strings"

	"jejak/domain"
)

// The items whose variant is a ballot design and must be named.
const (
	Ballot       = "ballot"
	RevoteBallot = "revote_ballot"
)

// MaxQuantity is the most pieces in one line: far above any election (a whole country needs 1.2 thousand million ballots), and low enough
// that sums of lines cannot overflow.
const MaxQuantity = 1_000_000_000_000

// Item names goods: what they are, and of which variant.
type Item struct {
	Item    string `json:"item"`              // "ballot", "booth", "paper_seal", ...
	Variant string `json:"variant,omitempty"` // the ballot design; "" where an item has no variants
}

// String is "<item>[/<variant>]", the id of the item's stock.
func (i Item) String() string {
	if i.Variant == "" {
		return i.Item
	}
	return i.Item + "/" + i.Variant
}

// Of is the Item that String wrote.
func Of(id string) Item {
	item, variant, _ := strings.Cut(id, "/")
	return Item{Item: item, Variant: variant}
}

// IsBallot tells ballots for the vote, which are sorted before they are packed, from everything else.
func (i Item) IsBallot() bool { return i.Item == Ballot }

// HasDesign tells whether the variant is a ballot design.
func (i Item) HasDesign() bool { return i.Item == Ballot || i.Item == RevoteBallot }

// Compare orders items by name, then by variant.
func (i Item) Compare(j Item) int { return strings.Compare(i.String(), j.String()) }

// Line is a quantity of one item.
type Line struct {
	Item
	Quantity int64 `json:"quantity"` // pieces, above zero
}

// RuleTooLarge: a number of pieces that no election has is a slip of the keyboard.
var RuleTooLarge = &domain.Rule{ID: "quantity_too_large", OnRequest: domain.Invalid, OnReport: domain.Invalid,
	Message: domain.Text{ID: "jumlah %[1]v melebihi %[2]v", EN: "quantity %[1]v is above %[2]v"},
	Remedy:  domain.Text{ID: "periksa angkanya", EN: "check the figure"}}

// RuleBadItem: items and variants are identifiers.
var RuleBadItem = &domain.Rule{ID: "bad_item", OnRequest: domain.Invalid, OnReport: domain.Invalid,
	Message: domain.Text{ID: "%[1]q bukan kode barang atau varian", EN: "%[1]q is no item or variant"},
	Remedy: domain.Text{ID: "pakai kode barang seperti ballot_box, dan desain seperti DPRDK-350101",
		EN: "use an item such as ballot_box, and a design such as DPRDK-350101"}}

// Rules lists the rules of form of goods.
func Rules() []*domain.Rule { return []*domain.Rule{RuleTooLarge, RuleBadItem} }

var (
	itemPattern    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	variantPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
)

// Check fails for a malformed item below path ("/data/lines/3"). A ballot needs its design.
func (i Item) Check(c *domain.Check, path string) {
	if c.Required(path+"/item", i.Item) && !itemPattern.MatchString(i.Item) {
		c.Fail(RuleBadItem, path+"/item", i.Item)
	}
	if i.Variant != "" || i.HasDesign() {
		CheckDesign(c, path+"/variant", i.Variant)
	}
}

// CheckDesign fails for what cannot be a ballot design or another variant.
func CheckDesign(c *domain.Check, path, design string) {
	if c.Required(path, design) && !variantPattern.MatchString(design) {
		c.Fail(RuleBadItem, path, design)
	}
}

// CheckCount fails for a negative or absurdly large number of pieces.
func CheckCount(c *domain.Check, path string, n int64) {
	c.NotNegative(path, n)
	if n > MaxQuantity {
		c.Fail(RuleTooLarge, path, n, int64(MaxQuantity))
	}
}

// CheckQuantity is CheckCount for a number that must not be zero.
func CheckQuantity(c *domain.Check, path string, n int64) {
	c.Positive(path, n)
	if n > MaxQuantity {
		c.Fail(RuleTooLarge, path, n, int64(MaxQuantity))
	}
}

// CheckItems fails for an empty or too long list, for malformed and for repeated items. at returns the item of entry i.
func CheckItems(c *domain.Check, path string, n int, at func(i int) Item) {
	if n == 0 {
		c.Fail(domain.RuleEmptyList, path)
	}
	if n > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, path, n, domain.MaxBoxes)
		return
	}
	seen := make(map[Item]int, n)
	for i := range n {
		item, place := at(i), path+domain.Index(i)
		item.Check(c, place)
		if first, ok := seen[item]; ok {
			c.Fail(domain.RuleRepeated, place, item.String(), first)
			continue
		}
		seen[item] = i
	}
}

// CheckLines fails for anything wrong with a list of lines, which must not be empty.
func CheckLines(c *domain.Check, path string, lines []Line) {
	CheckItems(c, path, len(lines), func(i int) Item { return lines[i].Item })
	for i, l := range lines {
		CheckQuantity(c, path+domain.Index(i)+"/quantity", l.Quantity)
	}
}
