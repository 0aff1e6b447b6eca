package supporting

import "jejak/domain"

// The rules of this room.
var (
	// RuleBasisDiffers: what a unit counts by is what everyone counts by, or it says why not.
	RuleBasisDiffers = &domain.Rule{ID: "basis_differs", OnRequest: domain.Reject, OnReport: domain.Record, Kind: domain.RuleBroken, Severity: domain.Medium,
		Message: domain.Text{
			ID: "kelompok %[1]v memakai %[2]v TPS, %[3]v desa/kelurahan, %[4]v kecamatan; data acuan %[5]v, %[6]v, %[7]v",
			EN: "group %[1]v counts by %[2]v stations, %[3]v villages, %[4]v districts; the reference data has %[5]v, %[6]v, %[7]v"},
		Remedy: domain.Text{ID: "samakan dengan data acuan, atau jelaskan bedanya pada catatan (note)", EN: "use the reference data's counts, or explain the difference in the note"},
		Source: "KPU Jawa Timur, scrutiny of supporting data, October 2023"}

	// RuleItemGroup: an item that the norms know is submitted with its own group.
	RuleItemGroup = &domain.Rule{ID: "item_of_other_group", OnRequest: domain.Reject, OnReport: domain.Record, Kind: domain.RuleBroken, Severity: domain.Low,
		Message: domain.Text{ID: "barang %[1]v termasuk kelompok %[2]v, bukan %[3]v", EN: "item %[1]v belongs to group %[2]v, not %[3]v"},
		Remedy:  domain.Text{ID: "kirim barang ini bersama kelompoknya", EN: "submit the item with its own group"},
		Source:  "PKPU 14/2023"}

	// RuleNotSubmitted: nobody verifies or returns what was not submitted.
	RuleNotSubmitted = &domain.Rule{ID: "supporting_not_submitted", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "data pendukung kelompok %[1]v tidak menunggu tindakan ini: statusnya %[2]v", EN: "supporting data of group %[1]v does not wait for this: it is %[2]v"},
		Remedy:  domain.Text{ID: "kabupaten/kota mengirim datanya dahulu (supporting.submit_data)", EN: "the regency submits its data first (supporting.submit_data)"}}

	// RuleVerifierIsSubmitter: four eyes within the regency.
	RuleVerifierIsSubmitter = &domain.Rule{ID: "verifier_is_submitter", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "data pendukung kelompok %[1]v dikirim oleh orang yang sama", EN: "supporting data of group %[1]v was submitted by the same person"},
		Remedy:  domain.Text{ID: "minta orang lain memverifikasi", EN: "have another person verify it"}}

	// RuleRegencyFirst: the province verifies what the regency itself stands by.
	RuleRegencyFirst = &domain.Rule{ID: "regency_verifies_first", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "data pendukung kelompok %[1]v belum diverifikasi kabupaten/kota: statusnya %[2]v", EN: "supporting data of group %[1]v has not been verified by the regency: it is %[2]v"},
		Remedy:  domain.Text{ID: "kabupaten/kota memverifikasi dahulu dengan level regency", EN: "the regency verifies first with level regency"}}

	// RuleProvinceOnly: returning and the last verification are the province's.
	RuleProvinceOnly = &domain.Rule{ID: "province_decides", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "peran %[1]v tidak memutuskan atas nama provinsi", EN: "role %[1]v does not decide for the province"},
		Remedy:  domain.Text{ID: "minta petugas provinsi memutuskannya", EN: "ask the province's staff to decide it"}}
)

// Rules lists the rules of the room.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{domain.RuleRequestOnly, RuleBasisDiffers, RuleItemGroup, RuleNotSubmitted, RuleVerifierIsSubmitter, RuleRegencyFirst, RuleProvinceOnly}
}
