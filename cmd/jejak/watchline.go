package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"jejak/domain"
	"jejak/internal/follow"
	"jejak/internal/terminal"
)

// eventWords are the acts that people on the road follow, as they read them; other events keep their names.
var eventWords = map[string]string{
	"shipment.planned": "direncanakan / planned", "shipment.loaded": "dimuat / loaded", "shipment.vehicle_inspected": "kendaraan diperiksa / vehicle inspected",
	"shipment.escort_assigned": "pengawal ditunjuk / escort assigned", "shipment.escort_accepted": "pengawal menerima / escort accepted",
	"shipment.escort_handed_over": "pengawal berganti / escort handed over", "shipment.dispatched": "berangkat / dispatched",
	"shipment.checkpoint_passed": "lewat / passed", "shipment.delayed": "TERTUNDA / DELAYED", "shipment.diverted": "DIALIHKAN / DIVERTED",
	"shipment.load_transferred": "MUATAN DIPINDAH / LOAD TRANSFERRED", "shipment.arrived": "tiba / arrived", "shipment.cancelled": "DIBATALKAN / CANCELLED",
	"shipment.summary": "ringkasan / summary", "handoff.offered": "diserahkan / offered", "handoff.accepted": "diterima / accepted", "handoff.witnessed": "disaksikan / witnessed",
	"handoff.document_issued": "berita acara terbit / minutes issued",
	"incident.raised":         "INSIDEN / INCIDENT", "incident.assessed": "insiden dinilai / incident assessed", "incident.action_ordered": "tindakan diperintahkan / action ordered",
	"incident.resolved": "insiden selesai / incident resolved", "incident.reopened": "INSIDEN DIBUKA LAGI / REOPENED",
	"incident.seal_conflict_reported": "SEGEL GANDA / SEAL CONFLICT", "discrepancy.raised": "TEMUAN / DISCREPANCY", "discrepancy.revised": "TEMUAN BERUBAH / REVISED",
	"discrepancy.explained": "temuan dijelaskan / explained", "discrepancy.reopened": "TEMUAN DIBUKA LAGI / REOPENED", "approval.given": "disetujui / approved", "approval.refused": "TIDAK DISETUJUI / REFUSED", "approval.revoked": "PERSETUJUAN DICABUT / REVOKED",
	"deadline.passed": "tenggat lewat / deadline passed",
}

// alarms are the events that somebody should look at now.
var alarms = []string{
	"shipment.delayed", "shipment.diverted", "shipment.load_transferred", "shipment.cancelled", "incident.raised", "incident.reopened",
	"incident.seal_conflict_reported", "discrepancy.raised", "discrepancy.revised", "discrepancy.reopened", "packing.boxes_unsealed",
}

// watched is what a line shows of a message, whichever kind it is; what a kind does not have stays empty.
type watched struct {
	OccurredAt string `json:"occurred_at"`
	Data       struct {
		State      string   `json:"state"`
		From       string   `json:"from"`
		To         string   `json:"to"`
		Place      string   `json:"place"`
		Reason     string   `json:"reason"`
		Until      string   `json:"until"`
		Kind       string   `json:"kind"`
		Severity   string   `json:"severity"`
		Status     string   `json:"status"`
		Vehicle    string   `json:"vehicle"`
		Carrier    string   `json:"carrier"`
		PoliceUnit string   `json:"police_unit"`
		ToUnit     string   `json:"to_unit"`
		Units      []string `json:"units"`
		Shipments  []string `json:"shipments"`
	} `json:"data"`
}

// mostUnits is how many things a line names.
const mostUnits = 3

// watchLine is a message as a person reads it: when it happened, where, what of which thing, and what is needed to act on it.
func watchLine(m follow.Message, colour bool) (terminal.Text, error) {
	var w watched
	if err := json.Unmarshal(m.Body, &w); err != nil {
		return terminal.Text{}, fmt.Errorf("read message %s: %w", m.ID, err)
	}
	token := strings.Split(m.Subject, ".")
	if len(token) != 6 {
		return terminal.Text{}, fmt.Errorf("read message %s: subject %q is none of the feed", m.ID, m.Subject)
	}
	area, entity, id := token[2], token[3], token[4]
	kind, _, _ := strings.Cut(strings.TrimPrefix(m.Type, "jejak."), ".v")
	words := eventWords[kind]
	if words == "" {
		words = kind
	}
	when, err := domain.StoredTime(cmp.Or(w.OccurredAt, m.Time))
	if err != nil {
		return terminal.Text{}, fmt.Errorf("read message %s: its time: %w", m.ID, err)
	}
	mark := "  "
	if slices.Contains(alarms, kind) {
		mark = "!!"
	}
	line := terminal.Sprintf("%s %s %-6s %s %s: %s", mark, when.Format("02-01 15:04 -07"), area, entity, id, words)
	if details := w.details(); details != "" {
		line = terminal.Sprintf("%s  %s", line, details)
	}
	if m.Replay {
		line = terminal.Sprintf("%s  (ulang / replay)", line)
	}
	if mark == "!!" && colour {
		line = line.In(terminal.Red)
	}
	return line, nil
}

func (w *watched) details() string {
	d := &w.Data
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+value)
		}
	}
	if d.From != "" && d.To != "" {
		add("", d.From+" > "+d.To)
	}
	add("di / at ", d.Place)
	add("", d.Kind)
	add("", d.Severity)
	add("karena / because of ", d.Reason)
	add("sampai / until ", d.Until)
	add("kendaraan / vehicle ", d.Vehicle)
	add("pengangkut / carrier ", d.Carrier)
	add("pengawal / escort ", cmp.Or(d.ToUnit, d.PoliceUnit))
	named := slices.Concat(d.Shipments, d.Units)
	if more := len(named) - mostUnits; more > 0 {
		named = append(named[:mostUnits:mostUnits], fmt.Sprintf("+%d", more))
	}
	add("", strings.Join(named, " "))
	return strings.Join(parts, ", ")
}
