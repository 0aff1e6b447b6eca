package shipment

import "jejak/domain"

// The form of a shipment.
var (
	RuleSamePlace = domain.Malformed("same_place",
		domain.Text{ID: "asal dan tujuan sama: %[1]v", EN: "origin and destination are the same: %[1]v"},
		domain.Text{ID: "perbaiki tujuannya", EN: "mend the destination"})
	RuleKitAmongBoxes = domain.Malformed("kit_among_boxes",
		domain.Text{ID: "%[1]v adalah perlengkapan luar kotak", EN: "%[1]v is a kit"},
		domain.Text{ID: "pindahkan ke kits", EN: "move it to kits"})
	RuleBoxAmongKits = domain.Malformed("box_among_kits",
		domain.Text{ID: "%[1]v adalah kotak", EN: "%[1]v is a box"},
		domain.Text{ID: "pindahkan ke boxes", EN: "move it to boxes"})
	RuleBadPoliceUnit = domain.Malformed("bad_police_unit",
		domain.Text{ID: "%[1]q bukan kode satuan polisi", EN: "%[1]q is no police unit"},
		domain.Text{ID: "bentuknya P, 4 angka, huruf, misalnya P3578A", EN: "the form is P, 4 digits, a letter, such as P3578A"})
	RuleUnknownPolice = domain.Malformed("unknown_police_unit",
		domain.Text{ID: "satuan polisi %[1]v tidak ada dalam data acuan", EN: "there is no police unit %[1]v in the reference data"},
		domain.Text{ID: "pakai satuan yang terdaftar", EN: "use a registered unit"})
	RuleUnknownPlace = domain.Malformed("unknown_place",
		domain.Text{ID: "wilayah %[1]v tidak ada dalam data acuan", EN: "there is no region %[1]v in the reference data"},
		domain.Text{ID: "periksa kodenya", EN: "check the code"})
)

// What may be planned.
var (
	RuleExists = domain.Deciding("shipment_exists",
		domain.Text{ID: "nomor pengiriman %[1]v sudah dipakai", EN: "shipment id %[1]v is in use"},
		domain.Text{ID: "pakai nomor lain", EN: "use another id"})
	RuleFromElsewhere = domain.Deciding("from_elsewhere",
		domain.Text{ID: "asal %[1]v di luar satker %[2]v", EN: "origin %[1]v lies outside unit %[2]v"},
		domain.Text{ID: "rencanakan dari satker asalnya", EN: "plan it in the unit of the origin"})
	RuleToOutside = domain.Deciding("to_outside",
		domain.Text{ID: "tujuan %[1]v di luar wilayah %[2]v", EN: "destination %[1]v lies outside %[2]v"},
		domain.Text{ID: "pilih tujuan di dalam wilayah asal, atau satker lain", EN: "choose a destination inside the origin's area, or another unit"})
	RuleBoxNotForPlace = domain.Deciding("box_not_for_place",
		domain.Text{ID: "kotak %[1]v bukan untuk %[2]v", EN: "box %[1]v is not for %[2]v"},
		domain.Text{ID: "keluarkan dari rencana", EN: "take it out of the plan"})
)

// What happens on the road.
var (
	RuleUnplanned = domain.Refusing("unplanned_shipment", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "pengiriman %[1]v tidak ada rencananya", EN: "shipment %[1]v has no plan"},
		domain.Text{ID: "rencanakan dengan shipment.plan", EN: "plan it with shipment.plan"}, "")
	RuleLoadedLate = domain.Refusing("loaded_after_dispatch", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "pengiriman %[1]v dimuati setelah berangkat", EN: "shipment %[1]v was loaded after it had left"},
		domain.Text{ID: "rencanakan pengiriman lain", EN: "plan another shipment"}, "")
	RuleNothingLoaded = domain.Refusing("nothing_loaded", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "pengiriman %[1]v berangkat kosong", EN: "shipment %[1]v left empty"},
		domain.Text{ID: "catat muatannya dengan shipment.load", EN: "record its load with shipment.load"}, "")
	RuleNotInspected = domain.Refusing("vehicle_not_inspected", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "kendaraan %[1]v berangkat sebelum diperiksa", EN: "the vehicle of %[1]v left before it was inspected"},
		domain.Text{ID: "periksa kendaraan, pengemudi dan surat-surat", EN: "inspect vehicle, driver and papers"},
		"vehicle, driver and papers are inspected before departure")
	RuleUnfit = domain.Refusing("vehicle_unfit", domain.RuleBroken, domain.High,
		domain.Text{ID: "kendaraan, pengemudi atau surat-surat %[1]v tidak layak", EN: "vehicle, driver or papers of %[1]v were not in order"},
		domain.Text{ID: "ganti, lalu periksa lagi", EN: "change them and inspect again"},
		"vehicle, driver and papers are inspected before departure")
	RuleNoEscort = domain.Refusing("no_escort", domain.EscortMissing, domain.High,
		domain.Text{ID: "surat suara dalam %[1]v berangkat tanpa pengawal yang menyatakan siap", EN: "ballots in %[1]v left without an escort that had accepted"},
		domain.Text{ID: "tugaskan pengawal dan tunggu kesediaannya, atau sebut penyetuju pengecualian", EN: "assign an escort and wait for its yes, or name who approves an override"},
		"UU 7/2017 art. 345(3)")
	RuleEscortOverridden = domain.Recording("escort_overridden", domain.EscortMissing, domain.High,
		domain.Text{ID: "surat suara dalam %[1]v berangkat tanpa pengawal atas persetujuan %[2]v", EN: "ballots in %[1]v left without an escort, approved by %[3]v"},
		domain.Text{ID: "minta pengawal menyusul", EN: "let an escort follow"},
		"UU 7/2017 art. 345(3)")
	RuleEscortNotAssigned = domain.Refusing("escort_not_assigned", domain.RuleBroken, domain.Low,
		domain.Text{ID: "pengawalan tidak ditugaskan kepada %[1]v: laporan %[2]v tidak dihitung",
			EN: "%[1]v has not been asked to escort: what %[2]v tells counts for nothing"},
		domain.Text{ID: "catat penugasannya dengan shipment.assign_escort bila memang dikawal", EN: "if it does escort, record that with shipment.assign_escort"}, "")
	RuleNotHisToHandOver = domain.Refusing("not_his_to_hand_over", domain.RuleBroken, domain.High,
		domain.Text{ID: "%[2]v menyerahkan pengawalan %[1]v kepada %[3]v padahal tidak sedang mengawalnya",
			EN: "%[2]v handed the escort of %[1]v over to %[3]v while not escorting it"},
		domain.Text{ID: "pengawal tetap yang ditugaskan; tanyakan kepada kedua satuan", EN: "the escort stays as assigned; ask both units"}, "")
	RuleDispatchedTwice = domain.Refusing("dispatched_twice", domain.RuleBroken, domain.Low,
		domain.Text{ID: "pengiriman %[1]v sudah berangkat", EN: "shipment %[1]v has left already"},
		domain.Text{ID: "pakai nomor pengiriman lain untuk perjalanan lain", EN: "use another shipment id for another trip"}, "")
	RuleNotDispatched = domain.Refusing("arrived_not_dispatched", domain.RuleBroken, domain.Low,
		domain.Text{ID: "pengiriman %[1]v tiba tanpa tercatat berangkat", EN: "shipment %[1]v arrived but its departure is not recorded"},
		domain.Text{ID: "catat keberangkatannya", EN: "record its departure"}, "")
	RuleDelayed = domain.Recording("delayed", domain.Delay, domain.Medium,
		domain.Text{ID: "pengiriman %[1]v tertunda: %[3]v", EN: "shipment %[1]v is delayed: %[2]v"},
		domain.Text{ID: "kabari penerima, siapkan cara lain", EN: "tell the receivers, prepare another way"},
		"ferry to Bawean held by waves 2 to 5 February 2024")
	RuleWrongPlace = domain.Recording("arrived_elsewhere", domain.WrongDestination, domain.High,
		domain.Text{ID: "pengiriman %[1]v tiba di %[2]v, tujuannya %[3]v", EN: "shipment %[1]v arrived at %[2]v instead of %[3]v"},
		domain.Text{ID: "teruskan ke %[3]v", EN: "send it on to %[3]v"}, "")
	RuleCancelled = domain.Refusing("shipment_cancelled", domain.RuleBroken, domain.Medium,
		domain.Text{ID: "pengiriman %[1]v sudah dibatalkan (%[2]v)", EN: "shipment %[1]v was cancelled (%[2]v)"},
		domain.Text{ID: "rencanakan pengiriman lain", EN: "plan another shipment"}, "")
	RuleCancelledLate = domain.Refusing("cancelled_after_dispatch", domain.RuleBroken, domain.Low,
		domain.Text{ID: "pengiriman %[1]v dibatalkan setelah berangkat", EN: "shipment %[1]v was cancelled after it had left"},
		domain.Text{ID: "alihkan dengan shipment.divert", EN: "divert it with shipment.divert"}, "")
)

// reasonID are the reasons of a delay in Indonesian.
var reasonID = map[string]string{"weather": "cuaca", "ferry": "kapal feri", "road": "jalan", "security": "keamanan", "vehicle": "kendaraan", "other": "lain-lain"}

// Rules implements domain.Room.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{RuleSamePlace, RuleKitAmongBoxes, RuleBoxAmongKits, RuleBadPoliceUnit, RuleUnknownPolice, RuleUnknownPlace, RuleExists,
		RuleFromElsewhere, RuleToOutside, RuleBoxNotForPlace, RuleUnplanned, RuleLoadedLate, RuleNothingLoaded, RuleNotInspected, RuleUnfit,
		RuleNoEscort, RuleEscortOverridden, RuleEscortNotAssigned, RuleNotHisToHandOver, RuleDispatchedTwice, RuleNotDispatched, RuleDelayed, RuleWrongPlace,
		RuleCancelled, RuleCancelledLate, domain.RuleBadParty, domain.RulePartyUnknown}
}
