package feed

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/shipment"
	"jejak/eventstore"
)

var reference = given.Reference()

// only is a catalog of one election.
type only struct{ ref *election.Reference }

func (o only) Reference(id, version string) (*election.Reference, bool) {
	return o.ref, id == o.ref.Election && version == o.ref.Version
}

// told is an act that is delivered sooner or later.
type told struct {
	at   time.Time
	mode domain.Mode
	given.Act
}

const secret = "RAHASIA" // stands in every free text that no police unit may see

// aStory is a shipment's way with whatever may happen to it, in the order in which it happened.
func aStory(t *rapid.T, id string) []given.Act {
	boxes := rapid.SliceOfNDistinct(rapid.SampledFrom(append(given.Boxes(given.Station1, given.Station2), given.Kit(given.Station1))), 1, 5,
		rapid.ID[domain.BoxID]).Draw(t, "boxes")
	acts := given.Sealing(boxes...)
	acts = append(acts, given.Trip(id, shipment.ToDistrict, given.Unit, given.District1, given.Warehouse, boxes...)...)
	acts = append(acts, given.Handing("HND-3578-"+id[len(id)-1:], id, given.District1, given.Carrier, given.DistrictStaff(given.District1), boxes...)...)
	for range rapid.IntRange(0, 12).Draw(t, "more") {
		port := rapid.SampledFrom([]string{given.PolicePort, given.PoliceCity}).Draw(t, "police")
		more := rapid.SampledFrom([]given.Act{
			given.By(given.Escort, &shipment.HandOverEscort{Shipment: id, PoliceUnit: port, OrderNo: "Sprin/2"}),
			given.By(given.Operator, &shipment.HandOverEscort{Shipment: id, PoliceUnit: port, OrderNo: "Sprin/3"}),
			given.By(given.Operator, &shipment.AssignEscort{Shipment: id, PoliceUnit: port, OrderNo: "Sprin/4"}),
			given.By(given.Escort2, &shipment.AcceptEscort{Shipment: id}),
			given.By(given.Operator, &shipment.AcceptEscort{Shipment: id}),
			given.By(given.Carrier, &shipment.ReportDelay{Shipment: id, Reason: "ferry", Until: "2024-02-05T06:00:00+07:00"}),
			given.By(given.Escort, &shipment.ReportCheckpoint{Shipment: id, Place: "Paciran", Note: secret + "-1"}),
			given.By(given.Operator, &shipment.Divert{Shipment: id, To: given.District2, Reason: secret + "-2"}),
			given.By(given.Carrier, &shipment.TransferLoad{Shipment: id, Vehicle: "L 2 <B>", Reason: secret + "-3"}),
			given.By(given.Operator, &shipment.Cancel{Shipment: id, Reason: secret + "-4"}),
			given.By(given.Warehouse, &shipment.Dispatch{Shipment: id, Override: &shipment.Override{Approver: "usr-head", Reason: secret + "-5"}}),
			given.By(given.Escort, &incident.Raise{Kind: domain.Accident, Severity: domain.High, Units: []string{string(boxes[0]), id}, Note: secret + "-6"}),
			given.By(given.Operator, &incident.Assess{Incident: "DSC-3578-000001", Severity: domain.Low, Units: []string{id, given.Shipment3}, Note: secret + "-7"}),
			given.By(given.Operator, &incident.OrderAction{Incident: "DSC-3578-000001", Action: secret + "-8"}),
			given.By(given.Operator, &incident.Resolve{Incident: "DSC-3578-000001", How: secret + "-9"}),
			given.By(given.Operator, &incident.Reopen{Incident: "DSC-3578-000001", Reason: secret + "-A"}),
			given.By(given.Warehouse, &packing.ReplaceBox{Box: boxes[0], Replacement: packing.Next(boxes[0].Original()), Reason: secret + "-B"}),
			given.By(given.StationStaff(given.Station1), &polling.CountBallots{Box: given.Box(given.Station1, "PPWP"), Found: 987654, Foreign: []polling.ForeignBallots{{Design: given.Council2, Count: 123456}}}),
			given.By(given.Warehouse, &handoff.IssueDocument{Handoff: "HND-3578-2", Number: secret + "-C", SHA256: strings.Repeat("0a", 32)}),
			given.By(given.Supervisor, &handoff.Attest{Handoff: "HND-3578-2", Witnesses: []packing.Witness{{Role: "police", ID: "usr-9"}}}),
		}).Draw(t, "act")
		at := rapid.IntRange(0, len(acts)).Draw(t, "after")
		acts = slices.Insert(acts, at, more)
	}
	return acts
}

// aLedger is the history of a ledger that was told a story, partly late and in another order, and the records that the log has of it.
func aLedger(t *rapid.T) (*ledger.State, []Record) {
	var acts []told
	for _, id := range []string{given.Shipment2, given.Shipment3}[:rapid.IntRange(1, 2).Draw(t, "shipments")] {
		for i, a := range aStory(t, id) {
			mode := domain.Report
			if given.Decision(a.Cmd) {
				mode = domain.Request
			}
			acts = append(acts, told{given.Start.Add(time.Duration(i/2) * time.Hour), mode, a}) // two by two at the same moment
		}
	}
	if rapid.Bool().Draw(t, "late") {
		acts = rapid.Permutation(acts).Draw(t, "order")
	}
	state := ledger.New(given.Election, given.Unit, only{reference})
	history := state.Execute(domain.Act{Mode: domain.Request, Election: given.Election, Unit: given.Unit, Actor: given.System, OccurredAt: given.Start,
		RecordedAt: given.Start}, &ledger.AdoptReference{Version: given.Version}).Events
	for i, a := range acts {
		history = append(history, state.Execute(domain.Act{
			ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)), Mode: a.mode, Election: given.Election, Unit: given.Unit, Actor: a.Who,
			OccurredAt: a.at, RecordedAt: given.VotingDay.Add(time.Duration(i) * time.Second),
		}, a.Cmd).Events...)
	}
	records := make([]Record, len(history))
	for i, rec := range history {
		records[i] = recordOf(rec, eventstore.Position(3*i+1))
	}
	return state, records
}

func recordOf(rec domain.Recorded, at eventstore.Position) Record {
	data, err := json.Marshal(rec.Event)
	if err != nil {
		panic(err)
	}
	return Record{Recorded: rec, Position: at, Election: given.Election, Unit: given.Unit, Schema: rec.Event.Schema(), Data: data}
}
