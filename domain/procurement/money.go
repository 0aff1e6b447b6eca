package procurement

import (
	"math"

	"jejak/domain"
	"jejak/domain/goods"
)

// MaxAmount is the most rupiah in one order, payment or budget: a third of Indonesia's yearly state budget. What is above is a slip of the
// keyboard, and sums of what is below cannot overflow within one ledger.
const MaxAmount int64 = 1_000_000_000_000_000

// PricedLine is a quantity of one item at a price.
type PricedLine struct {
	goods.Line
	UnitPrice int64 `json:"unit_price"` // rupiah for one piece
}

// Amount is quantity times unit price in rupiah; ok is false when it does not fit into an int64.
func Amount(quantity, unitPrice int64) (amount int64, ok bool) {
	if quantity == 0 || unitPrice == 0 {
		return 0, true
	}
	if quantity < 0 || unitPrice < 0 || quantity > math.MaxInt64/unitPrice {
		return 0, false
	}
	return quantity * unitPrice, true
}

// Total is what the lines cost together, in rupiah; ok is false when it does not fit into an int64.
func Total(lines []PricedLine) (total int64, ok bool) {
	for _, l := range lines {
		amount, fits := Amount(l.Quantity, l.UnitPrice)
		if !fits || total > math.MaxInt64-amount {
			return 0, false
		}
		total += amount
	}
	return total, true
}

// RuleAmountTooLarge: an amount that no budget holds, or that does not even fit into 64 bits.
var RuleAmountTooLarge = &domain.Rule{ID: "amount_too_large", OnRequest: domain.Invalid, OnReport: domain.Invalid,
	Message: domain.Text{ID: "nilainya melebihi Rp%[1]v", EN: "the amount is above Rp %[1]v"},
	Remedy:  domain.Text{ID: "periksa jumlah dan harga satuan", EN: "check quantity and unit price"}}

func checkAmount(c *domain.Check, path string, amount int64) {
	c.NotNegative(path, amount)
	if amount > MaxAmount {
		c.Fail(RuleAmountTooLarge, path, MaxAmount)
	}
}

// checkPriced fails for anything wrong with a list of priced lines, which must not be empty.
func checkPriced(c *domain.Check, path string, lines []PricedLine) {
	goods.CheckItems(c, path, len(lines), func(i int) goods.Item { return lines[i].Item })
	signed := false
	for i, l := range lines {
		place := path + domain.Index(i)
		goods.CheckQuantity(c, place+"/quantity", l.Quantity)
		checkAmount(c, place+"/unit_price", l.UnitPrice)
		signed = signed || l.Quantity < 0 || l.UnitPrice < 0
	}
	if total, ok := Total(lines); !signed && (!ok || total > MaxAmount) {
		c.Fail(RuleAmountTooLarge, path, MaxAmount)
	}
}
