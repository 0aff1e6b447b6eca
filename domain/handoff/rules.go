package handoff

import "jejak/domain"

// The rules of the room; what a receiver sees of a box is among the rules of package box.
var (
	RuleKitSeals = &domain.Rule{ID: "kit_has_seals", OnRequest: domain.Invalid, OnReport: domain.Invalid,
		Message: domain.Text{ID: "perlengkapan luar kotak %[1]v tidak bersegel", EN: "kit %[1]v has no seals"},
		Remedy:  domain.Text{ID: "kosongkan seals", EN: "leave seals empty"}}
	RuleOutside = &domain.Rule{ID: "place_outside_unit", OnRequest: domain.Invalid, OnReport: domain.Invalid,
		Message: domain.Text{ID: "%[1]v bukan wilayah satker %[2]v", EN: "%[1]v is no region of unit %[2]v"},
		Remedy:  domain.Text{ID: "periksa kodenya", EN: "check the code"}}
	RuleOfferedTwice = domain.Refusing("handoff_offered_twice", domain.RuleBroken, domain.Low,
		domain.Text{ID: "nomor serah terima %[1]v sudah dipakai", EN: "handoff id %[1]v is in use"},
		domain.Text{ID: "pakai nomor lain", EN: "use another id"}, "")
	RuleAcceptedTwice = domain.Refusing("handoff_accepted_twice", domain.RuleBroken, domain.Low,
		domain.Text{ID: "serah terima %[1]v sudah diterima", EN: "handoff %[1]v has been accepted already"},
		domain.Text{ID: "catat sisanya sebagai serah terima lain", EN: "record the rest as another handoff"}, "")
	RuleSamePerson = domain.Refusing("same_person", domain.RuleBroken, domain.High,
		domain.Text{ID: "pemberi dan penerima %[1]v adalah orang yang sama", EN: "giver and receiver of %[1]v are the same person"},
		domain.Text{ID: "minta orang lain menerima", EN: "let another person accept"},
		"a handoff has two parties, never the same person")
	RuleWrongReceiver = domain.Refusing("wrong_receiver", domain.WrongDestination, domain.High,
		domain.Text{ID: "serah terima %[1]v untuk %[3]v, diterima oleh petugas %[2]v", EN: "handoff %[1]v for %[3]v was accepted by staff of %[2]v"},
		domain.Text{ID: "serahkan kepada petugas %[3]v", EN: "hand over to staff of %[3]v"},
		"both parties are from the expected units")
	RuleNotOffered = domain.Recording("handoff_not_offered", domain.UndocumentedHandoff, domain.Medium,
		domain.Text{ID: "serah terima %[1]v diterima, penyerahannya tidak tercatat", EN: "handoff %[1]v was accepted, but its offer is not recorded"},
		domain.Text{ID: "catat penyerahannya dengan handoff.offer", EN: "record the offer with handoff.offer"},
		"a missed handoff is inferred, not invented")
	RuleNotDispatched = domain.Recording("shipment_not_dispatched", domain.UndocumentedHandoff, domain.Medium,
		domain.Text{ID: "serah terima %[1]v dari pengiriman %[2]v yang belum tercatat berangkat", EN: "handoff %[1]v is from shipment %[2]v, whose departure is not recorded before it"},
		domain.Text{ID: "catat keberangkatannya dengan shipment.dispatch", EN: "record the departure with shipment.dispatch"}, "")
	RuleIncomplete = domain.Refusing("handoff_incomplete", domain.Short, domain.Medium,
		domain.Text{ID: "kotak %[1]v ditawarkan dalam %[2]v, tetapi tidak disebut penerima", EN: "box %[1]v was offered in %[2]v, but the receiver does not mention it"},
		domain.Text{ID: "sebut dalam boxes atau missing", EN: "name it in boxes or missing"},
		"received + missing = offered")
	RuleNothingToIssue = domain.Refusing("document_before_acceptance", domain.RuleBroken, domain.Low,
		domain.Text{ID: "berita acara %[1]v diterbitkan, penerimaannya tidak tercatat", EN: "minutes of %[1]v were issued, but its acceptance is not recorded"},
		domain.Text{ID: "catat penerimaannya dahulu dengan handoff.accept", EN: "record the acceptance first with handoff.accept"}, "")
	RuleBadHash = &domain.Rule{ID: "bad_sha256", OnRequest: domain.Invalid, OnReport: domain.Invalid,
		Message: domain.Text{ID: "%[1]q bukan SHA-256 dalam 64 angka heksadesimal kecil", EN: "%[1]q is no SHA-256 in 64 lower-case hexadecimal digits"},
		Remedy:  domain.Text{ID: "pakai keluaran sha256sum", EN: "use what sha256sum prints"}}
)

// Rules implements domain.Room.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{RuleKitSeals, RuleOutside, RuleOfferedTwice, RuleAcceptedTwice, RuleSamePerson, RuleWrongReceiver, RuleNotOffered,
		RuleNotDispatched, RuleIncomplete, RuleNothingToIssue, RuleBadHash}
}
