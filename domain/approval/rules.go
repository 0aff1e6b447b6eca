package approval

import "jejak/domain"

// The rules of form of the room.
var (
	RuleNotYet = domain.Malformed("purpose_not_yet",
		domain.Text{ID: "persetujuan %[1]q belum dapat diberikan: ralat belum ada", EN: "an approval of %[1]q cannot be given yet: there are no corrections yet"},
		domain.Text{ID: "pakai budget_exception, no_escort atau ballot_number", EN: "use budget_exception, no_escort or ballot_number"})
	RuleNoTerms = domain.Malformed("terms_not_asked",
		domain.Text{ID: "persetujuan %[1]q tidak mempunyai syarat", EN: "an approval of %[1]q has no terms"},
		domain.Text{ID: "hapus terms; hanya budget_exception memakainya", EN: "leave terms out; only a budget_exception has them"})
	RuleTooMuch = domain.Malformed("approved_too_much",
		domain.Text{ID: "nilainya melebihi Rp%[1]v", EN: "the amount is above Rp %[1]v"},
		domain.Text{ID: "periksa nilainya", EN: "check the amount"})
	RuleNoID = domain.Malformed("bad_approval",
		domain.Text{ID: "%[1]q bukan id persetujuan", EN: "%[1]q is no id of an approval"},
		domain.Text{ID: "pakai id perintah approval.give, misalnya 018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40",
			EN: "use the id of the command approval.give, such as 018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40"})
)

const source = "separation of duties: whoever makes a statement weaker is never alone"

// RuleMissing: an act stands without the approval that it needs. A decision and a request of packing are refused; what has left is recorded. Its texts
// get the subject, the purpose, and who may approve.
var RuleMissing = domain.Recording("approval_missing", domain.RuleBroken, domain.High,
	domain.Text{ID: "%[1]v: belum ada persetujuan (%[2]v) yang berlaku dari orang lain yang berwenang",
		EN: "%[1]v: no approval (%[2]v) by another entitled person is in force"},
	domain.Text{ID: "minta approval.give untuk %[1]v dari: %[3]v", EN: "ask for approval.give of %[1]v by: %[3]v"}, source)

// What forbids a ruling, and an act that rests on the actor's own approval.
var (
	RuleOwn = deciding("approver_is_actor",
		domain.Text{ID: "%[1]v: yang menyetujui tidak boleh orang yang melakukannya sendiri", EN: "%[1]v: nobody approves what he does himself"},
		domain.Text{ID: "minta orang lain yang berwenang", EN: "ask another entitled person"})
	RuleNotEntitled = deciding("not_entitled",
		domain.Text{ID: "peran %[1]v (%[2]v) tidak berwenang menyetujui %[3]v untuk satker %[5]v",
			EN: "role %[1]v of %[2]v may not approve %[3]v for unit %[5]v"},
		domain.Text{ID: "yang berwenang: %[4]v", EN: "entitled are: %[4]v"})
	RuleUsed = deciding("approval_used",
		domain.Text{ID: "persetujuan %[1]v sudah dipakai untuk %[2]v", EN: "approval %[1]v has been used for %[2]v"},
		domain.Text{ID: "yang sudah terjadi tidak dapat dicabut; catat kejadian bila perlu", EN: "what has happened is not undone; raise an incident if need be"})
	RuleRevoked = deciding("approval_revoked",
		domain.Text{ID: "persetujuan %[1]v sudah dicabut", EN: "approval %[1]v is revoked already"},
		domain.Text{ID: "tidak ada yang perlu dilakukan", EN: "nothing needs to be done"})
	RuleUnknown = deciding("unknown_approval",
		domain.Text{ID: "satker ini tidak mempunyai persetujuan %[1]v", EN: "this unit has no approval %[1]v"},
		domain.Text{ID: "periksa idnya dengan jejak approvals", EN: "look its id up with jejak approvals"})
)

func deciding(id string, message, remedy domain.Text) *domain.Rule {
	r := domain.Deciding(id, message, remedy)
	r.Source = source
	return r
}

// MissingArgs are the arguments of RuleMissing.
func MissingArgs(purpose Purpose, subject string) []any {
	return []any{subject, string(purpose), purpose.Who()}
}
