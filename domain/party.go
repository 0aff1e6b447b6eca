package domain

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
