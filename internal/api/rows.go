package api

import "jejak/projections/form"

// The read models as the API shows them are the forms of package projections.
type (
	RegencyRow        = form.RegencyRow
	ItemRow           = form.ItemRow
	BudgetRow         = form.BudgetRow
	Election          = form.Election
	StationCard       = form.StationCard
	BoxTimeline       = form.BoxTimeline
	ShipmentCard      = form.ShipmentCard
	DiscrepancyCard   = form.DiscrepancyCard
	ApprovalCard      = form.ApprovalCard
	CustodyRow        = form.CustodyRow
	DeadlineRow       = form.DeadlineRow
	ClaimsRow         = form.ClaimsRow
	SealCard          = form.SealCard
	SealUse           = form.SealUse
	PlanCard          = form.PlanCard
	SupportingRow     = form.SupportingRow
	SupportingDetails = form.SupportingGroup
	Event             = form.Event
	Timeline          = form.Timeline
	TimelineEntry     = form.TimelineEntry
	Diff              = form.Diff
	FigureChange      = form.FigureChange
	Believed          = form.Believed
)
