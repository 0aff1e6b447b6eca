package box

import "jejak/domain"

// Which boxes a ledger knows.
var (
	RuleUnknownStation = domain.Malformed("unknown_station",
		domain.Text{ID: "TPS atau kecamatan %[2]v dari kotak %[1]v tidak ada dalam data acuan", EN: "there is no station or district %[2]v of box %[1]v in the reference data"},
		domain.Text{ID: "periksa kode pada label", EN: "check the code on the label"})
	RuleUnknownBox = domain.Malformed("unknown_box",
		domain.Text{ID: "pemilu ini tidak mempunyai kotak %[1]v", EN: "this election has no box %[1]v"},
		domain.Text{ID: "periksa jenis kotak pada label", EN: "check the box's type on the label"})
	RuleOtherUnit = domain.Malformed("other_unit",
		domain.Text{ID: "kotak %[1]v milik satker %[2]v, bukan %[3]v", EN: "box %[1]v belongs to unit %[2]v, not to %[3]v"},
		domain.Text{ID: "kirim ke buku satker %[2]v", EN: "send it to the ledger of unit %[2]v"})
)

// How a box is packed.
var (
	RulePackedTwice = domain.Refusing("packed_twice", domain.DuplicateLabel, domain.High,
		domain.Text{ID: "kotak %[1]v sudah diisi", EN: "box %[1]v has been packed before"},
		domain.Text{ID: "cari label ganda; bila isi diganti, buka dahulu dengan packing.unseal_boxes", EN: "look for a second label; to change the content open it first with packing.unseal_boxes"},
		"a box (station and type) is unique")
	RuleWrongDesign = domain.Refusing("wrong_design", domain.WrongDesign, domain.High,
		domain.Text{ID: "kotak %[1]v berisi surat suara %[2]v, desanya memakai %[3]v", EN: "box %[1]v holds ballots %[2]v, its village uses %[3]v"},
		domain.Text{ID: "isi dengan surat suara %[3]v", EN: "pack ballots %[3]v"},
		"ballots are printed per electoral district; swaps in Surabaya and Jember, February 2024")
	RuleBallotNumber = domain.Refusing("ballot_number", domain.Short, domain.High,
		domain.Text{ID: "kotak %[1]v berisi %[2]v surat suara, seharusnya %[3]v (pemilih dan cadangan)", EN: "box %[1]v holds %[2]v ballots instead of %[3]v (voters and reserve)"},
		domain.Text{ID: "hitung lagi, atau sertakan pengecualian yang disetujui", EN: "count again, or send an approved exception"},
		"UU 7/2017 art. 344(2)")
	RuleNotReplacement = domain.Refusing("not_a_replacement", domain.DuplicateLabel, domain.High,
		domain.Text{ID: "kotak pengganti %[1]v diisi sebelum penggantian dicatat", EN: "replacement %[1]v was packed before the replacement was recorded"},
		domain.Text{ID: "catat packing.replace_box", EN: "record packing.replace_box"}, "")
	RuleNotPacked = domain.Refusing("box_not_packed", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "kotak %[1]v belum diisi", EN: "box %[1]v has not been packed"},
		domain.Text{ID: "isi dan catat dahulu", EN: "pack it and record that first"},
		"packed, checked, sealed, in this order")
	RuleCheckerIsPacker = domain.Refusing("checker_is_packer", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "kotak %[1]v diperiksa oleh orang yang mengisinya", EN: "box %[1]v was checked by the person who packed it"},
		domain.Text{ID: "minta orang lain memeriksa", EN: "let another person check it"},
		"two-person rule; the shortages in Kota Malang, February 2024, came from single counting")
	RuleNotChecked = domain.Refusing("box_not_checked", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "kotak %[1]v disegel sebelum diperiksa", EN: "box %[1]v was sealed before it was checked"},
		domain.Text{ID: "periksa dan catat dahulu", EN: "check it and record that first"},
		"packed, checked, sealed, in this order")
	RuleSealedTwice = domain.Refusing("sealed_twice", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "kotak %[1]v sudah bersegel", EN: "box %[1]v is sealed already"},
		domain.Text{ID: "buka dahulu dengan packing.unseal_boxes beserta alasan dan saksi", EN: "open it first with packing.unseal_boxes, with a reason and witnesses"},
		"a box sealed in the warehouse is opened before the day only with a reason and witnesses")
	RuleRetired = domain.Refusing("box_retired", domain.RuleBroken, domain.High,
		domain.Text{ID: "kotak %[1]v sudah diganti oleh %[2]v", EN: "box %[1]v has been replaced by %[2]v"},
		domain.Text{ID: "pakai kotak %[2]v", EN: "use box %[2]v"},
		"the id of a replaced box never moves again")
)

// How seals are used.
var (
	RuleSealUsedTwice = domain.Refusing("seal_used_twice", domain.SealMismatch, domain.High,
		domain.Text{ID: "nomor segel %[1]v dipakai %[2]v kali: %[3]v", EN: "seal number %[1]v was used %[2]v times: %[3]v"},
		domain.Text{ID: "baca lagi nomornya; ganti segel yang ganda", EN: "read the number again; replace the second seal"},
		"a seal number lives once in the election")
	RuleSealElsewhere = domain.Recording("seal_in_two_units", domain.SealMismatch, domain.High,
		domain.Text{ID: "nomor segel %[1]v juga dipakai di satker %[2]v", EN: "seal number %[1]v is used in unit %[2]v too"},
		domain.Text{ID: "kedua satker membaca lagi nomornya", EN: "both units read the number again"},
		"a seal number lives once in the election")
)

// How a box travels.
var (
	RuleNotSealed = domain.Refusing("box_not_sealed", domain.Unsealed, domain.High,
		domain.Text{ID: "kotak %[1]v berangkat tanpa segel yang tercatat", EN: "box %[1]v leaves without a recorded seal"},
		domain.Text{ID: "periksa, segel dan catat dahulu", EN: "check it, seal it and record that first"},
		"nothing leaves unsealed; 3,441 stations received unsealed boxes in February 2024")
	RuleOpenedOutside = domain.Refusing("opened_outside", domain.Unsealed, domain.High,
		domain.Text{ID: "kotak %[1]v dibuka setelah meninggalkan gudang", EN: "box %[1]v was opened after it had left the warehouse"},
		domain.Text{ID: "segel hanya dibuka di gudang satker, atau di TPS pada hari pemungutan suara; catat kejadiannya dengan incident.raise",
			EN: "seals are opened in the unit's warehouse only, or at the station on voting day; tell what happened with incident.raise"},
		"a box stays sealed from the warehouse to the station")
	RuleTwoShipments = domain.Refusing("box_on_two_shipments", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "kotak %[1]v dimuat pada %[2]v dan masih termuat pada %[3]v", EN: "box %[1]v is loaded on %[2]v and is still on %[3]v"},
		domain.Text{ID: "batalkan pengiriman %[3]v atau catat serah terimanya", EN: "cancel shipment %[3]v or record its handoff"},
		"a box is on one open shipment at most")
	RuleNotInCustody = domain.Refusing("box_not_in_custody", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "kotak %[1]v dimuat di %[2]v, padahal dipegang %[3]v", EN: "box %[1]v is loaded at %[2]v, but %[3]v holds it"},
		domain.Text{ID: "catat serah terima ke %[2]v dahulu", EN: "record the handoff to %[2]v first"},
		"a box is in exactly one custody")
	RuleNoHandoff = domain.Recording("no_handoff", domain.UndocumentedHandoff, domain.Medium,
		domain.Text{ID: "kotak %[1]v diserahkan oleh %[2]v, padahal dipegang %[3]v", EN: "box %[1]v was given by %[2]v, but %[3]v held it"},
		domain.Text{ID: "catat serah terima yang terlewat", EN: "record the handoff that was missed"},
		"custody moves only by a handoff of two parties")
	RuleNotHandedOver = domain.Refusing("box_not_handed_over", domain.UndocumentedHandoff, domain.Medium,
		domain.Text{ID: "kotak %[1]v dimuat pada %[2]v, padahal belum diserahterimakan dari %[3]v", EN: "box %[1]v is loaded on %[2]v, but was not handed over from %[3]v"},
		domain.Text{ID: "catat serah terima dari %[3]v dahulu", EN: "record the handoff from %[3]v first"},
		"custody moves only by a handoff of two parties")
	RuleNotOffered = domain.Recording("box_not_offered", domain.UndocumentedHandoff, domain.Medium,
		domain.Text{ID: "kotak %[1]v diterima tanpa tercantum dalam serah terima %[2]v", EN: "box %[1]v was accepted but is not in handoff %[2]v"},
		domain.Text{ID: "cari pengirimnya dan catat serah terimanya", EN: "find who gave it and record the handoff"},
		"a scan elsewhere is recorded; a missed handoff is inferred, not invented")
	RuleMissing = domain.Recording("box_missing", domain.Short, domain.High,
		domain.Text{ID: "kotak %[1]v tidak ada pada serah terima %[2]v", EN: "box %[1]v was missing in handoff %[2]v"},
		domain.Text{ID: "cari di kendaraan dan di gudang pengirim", EN: "search the vehicle and the giver's store"}, "")
	RuleWrongDestination = domain.Recording("wrong_destination", domain.WrongDestination, domain.High,
		domain.Text{ID: "kotak %[1]v diterima di %[2]v, bukan tujuannya", EN: "box %[1]v was accepted at %[2]v, which is not where it belongs"},
		domain.Text{ID: "kirim ke %[3]v", EN: "send it to %[3]v"}, "")
	RuleSealBroken = domain.Recording("seal_broken", domain.SealBroken, domain.High,
		domain.Text{ID: "segel kotak %[1]v rusak pada serah terima %[2]v", EN: "the seal of box %[1]v was broken in handoff %[2]v"},
		domain.Text{ID: "hitung isinya di depan saksi, segel lagi", EN: "count the content before witnesses, seal it again"}, "")
	RuleArrivedUnsealed = domain.Recording("arrived_unsealed", domain.Unsealed, domain.High,
		domain.Text{ID: "kotak %[1]v tidak bersegel pada serah terima %[2]v", EN: "box %[1]v had no seal in handoff %[2]v"},
		domain.Text{ID: "hitung isinya di depan saksi, segel lagi", EN: "count the content before witnesses, seal it again"},
		"3,441 stations received unsealed boxes in February 2024")
	RuleArrivedUnpacked = domain.Recording("arrived_unpacked", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "perlengkapan %[1]v diterima dalam %[2]v, pengisiannya tidak tercatat", EN: "kit %[1]v was accepted in %[2]v, but its packing is not recorded"},
		domain.Text{ID: "catat dengan packing.pack_kits", EN: "record it with packing.pack_kits"}, "")
	RuleSealMismatch = domain.Recording("seal_mismatch", domain.SealMismatch, domain.High,
		domain.Text{ID: "segel kotak %[1]v pada serah terima %[2]v: %[3]v, dipasang: %[4]v", EN: "seals of box %[1]v in handoff %[2]v: %[3]v, applied: %[4]v"},
		domain.Text{ID: "baca lagi nomornya; bila tetap lain, hitung isinya di depan saksi", EN: "read the numbers again; if they still differ, count the content before witnesses"}, "")
	RuleBoxDamaged = domain.Recording("box_damaged", domain.Damaged, domain.Medium,
		domain.Text{ID: "kotak %[1]v rusak pada serah terima %[2]v", EN: "box %[1]v was damaged in handoff %[2]v"},
		domain.Text{ID: "periksa isinya, ganti bila perlu", EN: "check the content, replace it if need be"}, "")
	RuleBoxWet = domain.Recording("box_wet", domain.Wet, domain.High,
		domain.Text{ID: "kotak %[1]v basah pada serah terima %[2]v", EN: "box %[1]v was wet in handoff %[2]v"},
		domain.Text{ID: "periksa isinya, ganti surat suara yang rusak", EN: "check the content, replace spoiled ballots"}, "")
)

// What was found in a box.
var (
	RuleCountDiffers = domain.Recording("count_differs", domain.Short, domain.High,
		domain.Text{ID: "kotak %[1]v berisi %[2]v surat suara, diisi %[3]v", EN: "box %[1]v held %[2]v ballots, %[3]v had been packed"},
		domain.Text{ID: "tambah dari TPS yang lebih, dengan berita acara", EN: "make up from a station with a surplus, with minutes"},
		"119, 75 and 99 ballots short in Kota Malang, February 2024")
	RuleForeignBallots = domain.Recording("foreign_ballots", domain.WrongDesign, domain.High,
		domain.Text{ID: "kotak %[1]v berisi %[2]v surat suara %[3]v dari dapil lain", EN: "box %[1]v held %[2]v ballots %[3]v of another district"},
		domain.Text{ID: "pisahkan, cari kotak pasangannya, ganti", EN: "set them apart, find the box that lacks them, replace them"},
		"20 to 110 foreign sheets at stations in Jember, February 2024")
)

// Rules lists the rules of the register.
func Rules() []*domain.Rule {
	return []*domain.Rule{RuleUnknownStation, RuleUnknownBox, RuleOtherUnit, RulePackedTwice, RuleWrongDesign, RuleBallotNumber, RuleNotReplacement,
		RuleNotPacked, RuleCheckerIsPacker, RuleNotChecked, RuleSealedTwice, RuleRetired, RuleSealUsedTwice, RuleSealElsewhere, RuleNotSealed, RuleOpenedOutside,
		RuleTwoShipments, RuleNotInCustody, RuleNotHandedOver, RuleNoHandoff, RuleNotOffered, RuleMissing, RuleWrongDestination, RuleSealBroken,
		RuleArrivedUnsealed, RuleArrivedUnpacked, RuleSealMismatch, RuleBoxDamaged, RuleBoxWet, RuleCountDiffers, RuleForeignBallots}
}
