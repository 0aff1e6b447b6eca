package procurement

import "jejak/domain"

// Rules of decisions: a request that breaks one is rejected; a report of a decision is rejected by domain.RuleRequestOnly.
var (
	RuleBudgetNotSet = decision("budget_not_set", "DESIGN: committed <= budget",
		domain.Text{ID: "pagu anggaran satker belum ditetapkan", EN: "the unit's budget is not set"},
		domain.Text{ID: "tetapkan pagu dengan procurement.set_budget, atau lampirkan persetujuan pengecualian",
			EN: "set it with procurement.set_budget, or attach an approved exception"})
	RuleOverBudget = decision("over_budget", "DESIGN: committed <= budget unless an approved exception",
		domain.Text{ID: "komitmen menjadi Rp%[1]v, pagu Rp%[2]v", EN: "committed would be Rp %[1]v, the ceiling is Rp %[2]v"},
		domain.Text{ID: "kurangi pesanan, naikkan pagu, atau lampirkan persetujuan pengecualian",
			EN: "order less, raise the ceiling, or attach an approved exception"})
	RuleOrderPlacedTwice = decision("order_id_used", "DESIGN 9: ids are chosen by the client, reuse is rejected",
		domain.Text{ID: "pesanan %[1]v sudah ada", EN: "order %[1]v exists already"},
		domain.Text{ID: "pakai nomor pesanan baru, atau procurement.amend_order", EN: "use a new order id, or procurement.amend_order"})
	RuleNoSuchOrder = decision("no_such_order", "",
		domain.Text{ID: "pesanan %[1]v tidak ada di satker ini", EN: "this unit has no order %[1]v"},
		domain.Text{ID: "periksa nomornya", EN: "check the id"})
	RuleNotOurOrder = decision("not_our_order", "docs/commands.md: an external order costs none of this unit's budget",
		domain.Text{ID: "pesanan %[1]v dibuat oleh %[2]v, bukan oleh satker ini", EN: "order %[1]v was placed by %[2]v, not by this unit"},
		domain.Text{ID: "hanya satker pemesan yang mengubah atau membayarnya", EN: "only the unit that placed it amends or pays it"})
	RuleOrderIsClosed = decision("order_is_closed", "",
		domain.Text{ID: "pesanan %[1]v sudah ditutup", EN: "order %[1]v is closed"},
		domain.Text{ID: "buat pesanan baru", EN: "place a new order"})
	RuleNotCounted = decision("delivery_not_counted", "Perka: goods are accepted (BAST) after they were received and counted (BTTB)",
		domain.Text{ID: "kiriman %[1]v belum dihitung di gudang", EN: "delivery %[1]v has not been counted in the warehouse"},
		domain.Text{ID: "hitung dahulu dengan receipt.count_goods", EN: "count it first with receipt.count_goods"})
	RuleNotAnnounced = decision("accepted_unannounced", "Wrong destinations of stage I, 2023: goods nobody sent to this unit are not its own",
		domain.Text{ID: "kiriman %[1]v tidak diumumkan untuk satker ini", EN: "delivery %[1]v was not announced to this unit"},
		domain.Text{ID: "minta pemasok atau satker pengirim mengumumkannya", EN: "have the supplier or the sending unit announce it"})
	RuleAcceptedTwice = decision("accepted_twice", "",
		domain.Text{ID: "kiriman %[1]v sudah diterima dengan BAST %[2]v", EN: "delivery %[1]v was accepted already by %[2]v"},
		domain.Text{ID: "tidak ada yang perlu dilakukan", EN: "nothing needs to be done"})
	RuleOverpaid = decision("paid_more_than_accepted", "docs/commands.md: paid <= value accepted",
		domain.Text{ID: "pembayaran menjadi Rp%[1]v, nilai barang yang diterima Rp%[2]v",
			EN: "paid would be Rp %[1]v, the goods accepted are worth Rp %[2]v"},
		domain.Text{ID: "terima dahulu barangnya dengan BAST, atau kurangi pembayaran", EN: "accept the goods first, or pay less"})
)

// Rules of facts that others tell.
var (
	RuleOrderExists = &domain.Rule{ID: "order_exists", OnRequest: domain.Reject, OnReport: domain.Record,
		Kind: domain.RuleBroken, Severity: domain.Low,
		Message: domain.Text{ID: "pesanan %[1]v dicatat lebih dari sekali", EN: "order %[1]v is recorded more than once"},
		Remedy:  domain.Text{ID: "pakai nomor pesanan baru", EN: "use a new order id"},
		Source:  "DESIGN 9: ids are chosen by the client, reuse is rejected"}
	RuleOrderUnknown = &domain.Rule{ID: "order_unknown", OnRequest: domain.Reject, OnReport: domain.Record,
		Kind: domain.RuleBroken, Severity: domain.Medium,
		Message: domain.Text{ID: "%[2]v menyebut pesanan %[1]v yang belum dikenal", EN: "%[2]v names order %[1]v, which is not known yet"},
		Remedy: domain.Text{ID: "catat pesanannya dengan procurement.record_external_order, atau perbaiki nomornya",
			EN: "record the order with procurement.record_external_order, or mend the id"}}
	RuleAnnouncedAfterClose = &domain.Rule{ID: "announced_after_close", OnRequest: domain.Reject, OnReport: domain.Record,
		Kind: domain.RuleBroken, Severity: domain.Low,
		Message: domain.Text{ID: "kiriman %[2]v diumumkan setelah pesanan %[1]v ditutup", EN: "delivery %[2]v was announced after order %[1]v was closed"},
		Remedy:  domain.Text{ID: "tanyakan kepada pemasok", EN: "ask the supplier"}}
	RulePrintedOver = &domain.Rule{ID: "printed_over_ordered", OnRequest: domain.Record, OnReport: domain.Record,
		Kind: domain.Over, Severity: domain.High,
		Message: domain.Text{ID: "dicetak %[1]v, dipesan %[2]v", EN: "%[1]v were printed, %[2]v are ordered"},
		Remedy:  domain.Text{ID: "musnahkan kelebihan cetak dengan berita acara", EN: "destroy what was printed above it, with minutes"},
		Source:  "UU 7/2017 art. 345(1)"}
	RuleProductionUnbalanced = &domain.Rule{ID: "production_unbalanced", OnRequest: domain.Record, OnReport: domain.Record,
		Kind: domain.RuleBroken, Severity: domain.Medium,
		Message: domain.Text{ID: "dicetak %[1]v, tetapi dikirim + disimpan + rusak = %[2]v", EN: "%[1]v were printed, but sent + stored + spoiled are %[2]v"},
		Remedy:  domain.Text{ID: "minta berita acara yang benar dari percetakan", EN: "have the printer correct the minutes"},
		Source:  "UU 7/2017 art. 345(4)"}
	RuleDeliveryOver = &domain.Rule{ID: "delivery_over_order", OnRequest: domain.Record, OnReport: domain.Record,
		Kind: domain.Over, Severity: domain.Low,
		Message: domain.Text{ID: "diumumkan %[1]v, dipesan %[2]v", EN: "%[1]v are announced, %[2]v are ordered"},
		Remedy:  domain.Text{ID: "kembalikan kelebihannya, atau ubah pesanan", EN: "send the surplus back, or amend the order"},
		Source:  "Ngawi, Pilkada 2024: 420 booths more than ordered"}
	RuleAnnouncedTwice = &domain.Rule{ID: "announced_twice", OnRequest: domain.Reject, OnReport: domain.Record,
		Kind: domain.RuleBroken, Severity: domain.Low,
		Message: domain.Text{ID: "kiriman %[1]v diumumkan lebih dari sekali", EN: "delivery %[1]v is announced more than once"},
		Remedy:  domain.Text{ID: "pakai nomor kiriman baru", EN: "use a new delivery id"},
		Source:  "DESIGN 9: ids are chosen by the client, reuse is rejected"}
)

// Rules lists the room's rules.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{domain.RuleRequestOnly, RuleBudgetNotSet, RuleOverBudget, RuleOrderPlacedTwice, RuleNoSuchOrder, RuleNotOurOrder, RuleOrderIsClosed,
		RuleNotCounted, RuleNotAnnounced, RuleAcceptedTwice, RuleOverpaid, RuleAmountTooLarge, RuleOrderExists, RuleOrderUnknown,
		RuleAnnouncedAfterClose, domain.RulePartyUnknown, RulePrintedOver, RuleProductionUnbalanced, RuleDeliveryOver, RuleAnnouncedTwice}
}

func decision(id, source string, message, remedy domain.Text) *domain.Rule {
	return &domain.Rule{ID: id, OnRequest: domain.Reject, OnReport: domain.Reject, Message: message, Remedy: remedy, Source: source}
}
