package receipt

import "jejak/domain"

// The rules of counting.
var (
	RuleNotAnnounced = asked("delivery_not_announced", domain.WrongDestination, domain.Medium,
		"Stage I 2023: goods at the wrong regency in 10 of 514",
		domain.Text{ID: "kiriman %[1]v tidak diumumkan untuk satker ini", EN: "nobody announced delivery %[1]v to this unit"},
		domain.Text{ID: "periksa alamat surat jalan; tunggu pengumuman dari pemasok", EN: "check the address on the waybill; wait for the supplier's announcement"})
	RuleUnbalanced = asked("count_unbalanced", domain.RuleBroken, domain.Medium,
		"I11: announced = good + damaged + missing - extra",
		domain.Text{ID: "%[1]v: diumumkan %[2]v, tetapi baik + rusak + kurang - lebih = %[3]v", EN: "%[1]v: %[2]v announced, but good + damaged + missing - extra are %[3]v"},
		domain.Text{ID: "hitung ulang; setiap barang yang diumumkan harus ada barisnya", EN: "count again; every announced item needs its line"})
	RuleCountedTwice = asked("counted_twice", domain.RuleBroken, domain.Low,
		"docs/commands.md: one count per delivery",
		domain.Text{ID: "kiriman %[1]v dihitung lebih dari sekali", EN: "delivery %[1]v is counted more than once"},
		domain.Text{ID: "hitungan pertama yang berlaku; selisihnya lewat klaim", EN: "the first count holds; mend differences by a claim"})
	RuleShort = told("count_short", domain.Short, domain.Medium, "Mojokerto and Madiun, Pilkada 2024: booths and boxes short",
		domain.Text{ID: "%[1]v kurang %[2]v", EN: "%[1]v is short of %[2]v"},
		domain.Text{ID: "ajukan klaim kepada pemasok", EN: "file a claim to the supplier"})
	RuleDamaged = told("count_damaged", domain.Damaged, domain.Low, "Stage I 2023: boxes damaged in 177 of 514 regencies",
		domain.Text{ID: "%[1]v: %[2]v rusak", EN: "%[1]v: %[2]v are damaged"},
		domain.Text{ID: "ajukan klaim kepada pemasok", EN: "file a claim to the supplier"})
	RuleOver = told("count_over", domain.Over, domain.Low, "Ngawi, Pilkada 2024: 420 booths too many",
		domain.Text{ID: "%[1]v lebih %[2]v", EN: "%[1]v has %[2]v too many"},
		domain.Text{ID: "simpan terpisah; laporkan kepada pemasok", EN: "store apart; report to the supplier"})
	RuleWrongDesign = told("count_wrong_design", domain.WrongDesign, domain.High, "Ballots of another electoral district lead to a re-vote",
		domain.Text{ID: "%[1]v: %[2]v lembar dari desain yang tidak diumumkan", EN: "%[1]v: %[2]v sheets of a design that was not announced"},
		domain.Text{ID: "simpan terpisah; kembalikan kepada pemasok", EN: "store apart; send back to the supplier"})
)

// The rules of sorting and of stock.
var (
	RuleSortedDamaged = told("sorted_damaged", domain.Damaged, domain.Low, "East Java 2024: about 140,000 sheets to replace",
		domain.Text{ID: "%[1]v: %[2]v lembar rusak", EN: "%[1]v: %[2]v damaged sheets"},
		domain.Text{ID: "ajukan klaim penggantian", EN: "file a claim for replacement"})
	RuleSortedShort = told("sorted_short", domain.Short, domain.Medium, "Jember 2024: 9,971 sheets short in cartons",
		domain.Text{ID: "%[1]v: %[2]v lembar kurang dalam karton", EN: "%[1]v: %[2]v sheets short in the carton"},
		domain.Text{ID: "ajukan klaim penggantian", EN: "file a claim for replacement"})
	RuleSortedForeign = told("sorted_foreign", domain.WrongDesign, domain.High, "Surabaya and Jember 2024: sheets of another electoral district",
		domain.Text{ID: "%[1]v: %[2]v lembar desain lain: %[3]v", EN: "%[1]v: %[2]v sheets of other designs: %[3]v"},
		domain.Text{ID: "pisahkan, dan cari pasangan yang tertukar", EN: "put apart, and look for the swapped counterpart"})
	RuleSortedMore = asked("sorted_more_than_counted", domain.RuleBroken, domain.Medium, "docs/commands.md",
		domain.Text{ID: "%[1]v: disortir %[2]v, dihitung baik %[3]v", EN: "%[1]v: %[2]v sorted, %[3]v counted good"},
		domain.Text{ID: "hitung dahulu kirimannya, atau periksa label karton", EN: "count the delivery first, or check the carton's label"})
	RuleStockNotEnough = asked("stock_not_enough", domain.RuleBroken, domain.High, "I12: issued <= received; I15: goods are the supplier's until accepted",
		domain.Text{ID: "%[1]v: dikeluarkan %[2]v, tersedia %[3]v", EN: "%[1]v: %[2]v issued, %[3]v available"},
		domain.Text{ID: "sortir dan terima kiriman dengan BAST dahulu", EN: "sort the ballots and accept the delivery first"})
	RuleForeignIsOwn = &domain.Rule{ID: "foreign_is_own", OnRequest: domain.Invalid, OnReport: domain.Invalid,
		Message: domain.Text{ID: "%[1]v adalah desain karton ini sendiri", EN: "%[1]v is the carton's own design"},
		Remedy:  domain.Text{ID: "hitung lembar itu sebagai baik atau rusak", EN: "count these sheets as good or damaged"}}
)

// The rules of claims.
var (
	RuleClaimExists = asked("claim_exists", domain.RuleBroken, domain.Low, "DESIGN 9: ids are chosen by the client, reuse is rejected",
		domain.Text{ID: "klaim %[1]v diajukan lebih dari sekali", EN: "claim %[1]v is filed more than once"},
		domain.Text{ID: "pakai nomor klaim baru", EN: "use a new claim id"})
	RuleClaimUnknown = asked("claim_unknown", domain.RuleBroken, domain.Low, "docs/commands.md",
		domain.Text{ID: "klaim %[1]v diselesaikan tetapi belum diajukan", EN: "claim %[1]v is settled but was not filed"},
		domain.Text{ID: "ajukan klaimnya, atau perbaiki nomornya", EN: "file the claim, or mend the id"})
	RuleClaimWitnesses = asked("claim_without_witnesses", domain.RuleBroken, domain.Medium, "I17: replacements are collected before Bawaslu and police",
		domain.Text{ID: "penggantian klaim %[1]v diambil tanpa saksi %[2]v", EN: "the replacement of claim %[1]v was collected without a witness of %[2]v"},
		domain.Text{ID: "hadirkan Bawaslu dan polisi", EN: "have Bawaslu and police present"})
	RuleClaimOver = told("settled_over_claimed", domain.Over, domain.Low, "docs/commands.md",
		domain.Text{ID: "%[1]v: diganti %[2]v, diklaim %[3]v", EN: "%[1]v: %[2]v replaced, %[3]v claimed"},
		domain.Text{ID: "simpan terpisah; laporkan kepada pemasok", EN: "store apart; report to the supplier"})
)

// Rules lists the room's rules.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{RuleNotAnnounced, RuleUnbalanced, RuleCountedTwice, RuleShort, RuleDamaged, RuleOver, RuleWrongDesign,
		RuleSortedDamaged, RuleSortedShort, RuleSortedForeign, RuleSortedMore, RuleStockNotEnough, RuleForeignIsOwn,
		RuleClaimExists, RuleClaimUnknown, RuleClaimWitnesses, RuleClaimOver}
}

// asked is a rule that rejects who asks first.
func asked(id string, kind domain.Kind, severity domain.Severity, source string, message, remedy domain.Text) *domain.Rule {
	return &domain.Rule{ID: id, OnRequest: domain.Reject, OnReport: domain.Record, Kind: kind, Severity: severity,
		Message: message, Remedy: remedy, Source: source}
}

// told is a rule about what is a fact even when asked for.
func told(id string, kind domain.Kind, severity domain.Severity, source string, message, remedy domain.Text) *domain.Rule {
	return &domain.Rule{ID: id, OnRequest: domain.Record, OnReport: domain.Record, Kind: kind, Severity: severity,
		Message: message, Remedy: remedy, Source: source}
}
