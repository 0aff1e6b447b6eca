package domain

// RulePartyUnknown marks what a supplier or carrier told of an order, delivery or shipment, where nothing says that it is his firm's. It is never
// refused: accounts were made, and orders and shipments recorded, before firms had ids.
var RulePartyUnknown = Recording("party_unknown", RuleBroken, Low,
	Text{ID: "%[2]v melapor tentang %[1]v, tetapi tidak tercatat bahwa itu urusan perusahaannya",
		EN: "%[2]v told of %[1]v, and nothing says that it is his firm's"},
	Text{ID: "pakai akun dengan party; sebut id perusahaan sebagai supplier pesanan, atau carrier di shipment.plan atau shipment.load",
		EN: "use an account with a party; write the firm's id as the supplier of the order, or as carrier in shipment.plan or shipment.load"}, "")

// RuleBadParty is the form of a firm's id in a command.
var RuleBadParty = Malformed("bad_party",
	Text{ID: "%[1]q bukan id perusahaan", EN: "%[1]q is no firm's id"},
	Text{ID: "pakai 1 sampai 40 huruf, angka dan tanda hubung, misalnya PT-TEMPRINA", EN: "use 1 to 40 letters, digits and dashes, such as PT-TEMPRINA"})

// maxParty is the most characters of a party's id.
const maxParty = 40

// IsParty tells whether a text has the form of a firm's id: 1 to 40 letters (a to z, A to Z), digits and dashes. The supplier of an order, the
// carrier of a shipment and the party of an account name the same firm when they are the same text. A supplier of another form ("PT Maju Jaya")
// is a name and not an id: it is nobody's party.
func IsParty(text string) bool {
	if text == "" || len(text) > maxParty {
		return false
	}
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// Party checks the id of a firm; "" is none.
func (c *Check) Party(path, id string) {
	if id != "" && !IsParty(id) {
		c.Fail(RuleBadParty, path, id)
	}
}
