// Package station says how a polling station stands: which of its boxes are where, and whether they came in time.
package station

import (
	"slices"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/incident"
)

// Status is how a station stands.
type Status string

// The statuses, from the warehouse to the station.
const (
	NotPacked      Status = "not_packed"
	Packed         Status = "packed"      // all boxes are sealed in the warehouse
	PartialOut     Status = "partial_out" // at least one box is on its way
	AtDistrict     Status = "at_district"
	AtVillage      Status = "at_village"
	Ready          Status = "ready"            // all boxes are at the station, its kit too where one was packed
	ReadyWithIssue Status = "ready_with_issue" // there, but with an open discrepancy on a box or on the station
	Late           Status = "late"             // the deadline has passed and not all are there
)

var statuses = []Status{NotPacked, Packed, PartialOut, AtDistrict, AtVillage, Ready, ReadyWithIssue, Late}

// Statuses lists every status in that order.
func Statuses() []Status { return slices.Clone(statuses) }

// RuleLate: silence at the deadline is a finding.
var RuleLate = &domain.Rule{ID: "late_at_deadline", OnRequest: domain.Record, OnReport: domain.Record, Kind: domain.Late, Severity: domain.High,
	Message: domain.Text{ID: "TPS %[1]v belum menerima semua kotaknya pada tenggat: %[2]v belum", EN: "station %[1]v had not received all its boxes at the deadline: %[2]v had not come"},
	Remedy:  domain.Text{ID: "hubungi PPS dan pengangkut; catat serah terima yang sudah terjadi", EN: "call the village committee and the carrier; record handoffs that have happened"},
	Source:  "equipment is with the station one day before the vote; 1,246 stations of East Java were without it on 13 February 2024"}

// Rules lists the rules about stations.
func Rules() []*domain.Rule { return []*domain.Rule{RuleLate} }

// Book says what is wrong with stations, and how each stands. Ref is nil while no reference data is adopted.
type Book struct {
	Boxes     *box.Book
	Deadlines *deadline.State
	Cases     *incident.Register
	Ref       *election.Reference
}

var _ domain.Book = (*Book)(nil)

// Save implements domain.Book. A station has no state of its own: what it is found to be follows from its boxes and the clock.
func (b *Book) Save(string) (restore func()) { return func() {} }

// Findings implements domain.Book.
func (b *Book) Findings(id string) []domain.Finding {
	station := domain.Code(id)
	at, act, passed := b.Deadlines.Of(election.DeadlineStationReceipt, station)
	if !passed || b.Ref == nil {
		return nil
	}
	missing := 0
	for _, original := range b.Ref.StationBoxes(station) {
		if !b.reached(original, station, at) {
			missing++
		}
	}
	if missing == 0 {
		return nil
	}
	return []domain.Finding{{
		Key: RuleLate.ID + "|" + election.DeadlineStationReceipt + "|" + id, Rule: RuleLate, Units: []string{id}, Args: []any{id, missing},
		Proof: []domain.Ref{b.Boxes.Register.Acts[act].Ref()},
	}}
}

// reached tells whether a box, or one that took its place, was accepted at the station in time.
func (b *Book) reached(id domain.BoxID, station domain.Code, by int64) bool {
	for id != "" {
		if b.Boxes.Reached(id, station, by) {
			return true
		}
		id = b.Boxes.Box(id).ReplacedBy
	}
	return false
}

// few boxes of a station need no memory of their own: all stations of a unit are looked at again and again.
const few = 8

// boxes appends the boxes of a station now, replaced ones left out, and its kit if one was packed.
func (b *Book) boxes(views []box.View, station domain.Code) []box.View {
	for _, id := range b.Ref.StationBoxes(station) {
		view := b.Boxes.Box(id)
		for view.ReplacedBy != "" {
			view = b.Boxes.Box(view.ReplacedBy)
		}
		views = append(views, view)
	}
	if kit := b.Boxes.Box(domain.BoxID(string(station) + "-" + domain.TypeKit)); kit.State != box.Labelled {
		views = append(views, kit)
	}
	return views
}

// Status of a station. A station that the reference data does not have is not packed.
func (b *Book) Status(station domain.Code) Status {
	if b.Ref == nil {
		return NotPacked
	}
	var room [few]box.View
	views := b.boxes(room[:0], station)
	least, most := atStation, inWarehouse
	for _, v := range views {
		l := levelOf(v)
		least, most = min(least, l), max(most, l)
	}
	_, _, passed := b.Deadlines.Of(election.DeadlineStationReceipt, station)
	switch {
	case least == atStation && b.issue(station, views):
		return ReadyWithIssue
	case least == atStation:
		return Ready
	case passed:
		return Late
	case least == atVillage:
		return AtVillage
	case least == atDistrict:
		return AtDistrict
	case most > sealed:
		return PartialOut
	case least == sealed:
		return Packed
	}
	return NotPacked
}

func (b *Book) issue(station domain.Code, views []box.View) bool {
	for _, v := range views {
		if b.Cases.OpenOn(string(v.ID)) > 0 {
			return true
		}
	}
	return b.Cases.OpenOn(string(station)) > 0
}

// level is how far a box has come.
type level int

const (
	inWarehouse level = iota
	sealed
	moving
	atDistrict
	atVillage
	atStation
)

func levelOf(v box.View) level {
	switch v.State {
	case box.UnderSeal:
		return sealed
	case box.OnVehicle, box.InTransit:
		return moving
	case box.AtDistrict:
		return atDistrict
	case box.AtVillage:
		return atVillage
	case box.AtStation:
		return atStation
	case box.IsDamaged:
		return byCustody(v.Custody)
	case box.InPacking:
		if v.ID.IsKit() { // a kit is never sealed
			return sealed
		}
	case box.Labelled, box.InChecking, box.IsReplaced, box.IsLost, box.IsSeized:
	}
	return inWarehouse
}

func byCustody(place domain.Code) level {
	switch place.Level() {
	case domain.District:
		return atDistrict
	case domain.Village:
		return atVillage
	case domain.Station:
		return atStation
	case domain.None, domain.Province, domain.Regency:
	}
	return inWarehouse
}
