package need

import "jejak/domain"

// The rules of this room.
var (
	// RuleNotCalculable: the adopted reference data does not know the unit.
	RuleNotCalculable = &domain.Rule{ID: "need_not_calculable", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "kebutuhan tidak dapat dihitung: %[1]v", EN: "the need cannot be calculated: %[1]v"},
		Remedy:  domain.Text{ID: "impor data acuan yang memuat satker ini", EN: "import reference data that has this unit"}}

	// RuleWrongStatus: a plan goes from calculated to submitted to approved, or back.
	RuleWrongStatus = &domain.Rule{ID: "need_wrong_status", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "rencana kebutuhan berstatus %[1]v; tindakan ini untuk: %[2]v", EN: "the need plan is %[1]v; this is for one that is: %[2]v"},
		Remedy:  domain.Text{ID: "hitung, kirim, lalu setujui atau kembalikan", EN: "calculate, submit, then approve or return"}}

	// RuleApprovedIsAmended: what was approved is never calculated over.
	RuleApprovedIsAmended = &domain.Rule{ID: "approved_plan_is_amended", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "rencana kebutuhan sudah disetujui menurut norma %[1]v", EN: "the need plan was approved by norms %[1]v"},
		Remedy:  domain.Text{ID: "ubah dengan need.amend dan alasannya", EN: "amend it with need.amend and the reason"},
		Source:  "a change of norms never rewrites an approved plan"}

	// RulePlanOutdated: what is submitted rests on the reference data that counts now.
	RulePlanOutdated = &domain.Rule{ID: "need_outdated", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "rencana dihitung dengan data acuan %[1]v, yang berlaku kini %[2]v", EN: "the plan was calculated by reference data %[1]v, now %[2]v counts"},
		Remedy:  domain.Text{ID: "hitung lagi dengan need.calculate atau need.amend", EN: "calculate again with need.calculate or need.amend"}}

	// RuleSupportingNotVerified: the scrutiny comes before the approval.
	RuleSupportingNotVerified = &domain.Rule{ID: "supporting_not_verified", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "data pendukung kelompok %[1]v belum diverifikasi provinsi: statusnya %[2]v", EN: "supporting data of group %[1]v has not been verified by the province: it is %[2]v"},
		Remedy:  domain.Text{ID: "verifikasi dahulu dengan supporting.verify_data", EN: "verify it first with supporting.verify_data"},
		Source:  "KPU Jawa Timur, scrutiny of supporting data, October 2023"}

	// RuleProvinceOnly: approving and returning are the province's.
	RuleProvinceOnly = &domain.Rule{ID: "province_approves", OnRequest: domain.Reject, OnReport: domain.Reject,
		Message: domain.Text{ID: "peran %[1]v tidak memutuskan rencana kebutuhan", EN: "role %[1]v does not decide need plans"},
		Remedy:  domain.Text{ID: "minta petugas provinsi memutuskannya", EN: "ask the province's staff to decide it"}}
)

// Rules lists the rules of the room.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{domain.RuleRequestOnly, RuleNotCalculable, RuleWrongStatus, RuleApprovedIsAmended, RulePlanOutdated, RuleSupportingNotVerified, RuleProvinceOnly}
}
