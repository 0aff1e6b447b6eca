package export

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/election"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/refold"
	"jejak/projections"
)

// rows writes the rows of one ledger as it stands at the end.
type rows struct {
	sink
	state *ledger.State
	ref   *election.Reference
	at    eventstore.Position
}

func (r *rows) unit() cell { return text(r.state.Unit) }

func (r *rows) open(unit string) cell { return count(r.state.Register.OpenOn(unit)) }

// all writes everything of the ledger. Stations and boxes are those of a regency: the province has none of its own.
func (r *rows) all() error {
	parts := []func() error{r.regency, r.shipments, r.handoffs, r.discrepancies}
	if r.ref != nil && r.state.Unit.Level() == domain.Regency {
		parts = append(parts, r.stations, r.boxes)
	}
	for _, part := range parts {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) regency() error {
	row := projections.Regency(r.state, r.at)
	open := int64(0)
	for _, n := range row.Discrepancies {
		open += n
	}
	boxes, ballots := row.Items[election.ItemBox], row.Items["ballot"]
	cells := []cell{text(row.Code), text(row.Name), text(row.Plan), maybe(boxes.Need), count(boxes.Received), count(boxes.Packed), maybe(ballots.Need),
		count(ballots.Received), count(ballots.Damaged), count(open), count(row.Budget.Ceiling), count(row.Budget.Committed), count(row.Budget.Accepted), count(row.Budget.Paid)}
	for _, counts := range []struct {
		of     map[string]int64
		states []string
	}{{row.Boxes, boxStates()}, {row.Stations, stationStates()}, {row.Shipments, shipmentStates}} {
		for _, code := range counts.states {
			cells = append(cells, count(counts.of[code]))
		}
	}
	return r.row(regencies, append(cells, stamped(row.LastRecordedAt), count(int64(row.Position))))
}

func (r *rows) name(code domain.Code) cell { return text(r.ref.Regions[code].Name) }

func (r *rows) stations() error {
	for _, code := range r.ref.StationsIn(r.state.Unit) {
		st, there, all := r.ref.Stations[code], 0, r.ref.StationBoxes(code)
		open := r.state.Register.OpenOn(string(code))
		for _, id := range all {
			for id != "" {
				v := r.state.Boxes().Box(id)
				if v.State == box.AtStation {
					there++
				}
				open += r.state.Register.OpenOn(string(id))
				id = v.ReplacedBy
			}
		}
		voters, ballots := unknown, unknown
		if st.Known {
			voters = count(st.Voters)
		}
		if n, known := r.ref.Ballots(code); known {
			ballots = count(n)
		}
		err := r.row(stations, []cell{text(code), r.unit(), r.name(code.Up(domain.District)), r.name(code.Up(domain.Village)), yes(st.Special), voters,
			yes(r.ref.VotersDerived), ballots, state(string(r.state.Station(code))), count(len(all)), count(there), count(open)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) boxes() error {
	return boxesOf(r.ref, r.state.Boxes(), r.state.Unit, r.box)
}

func (r *rows) box(id domain.BoxID) error {
	v := r.state.Boxes().Box(id)
	var packed, checked, sealed, loaded time.Time
	var taken [3]time.Time // by district, village, station
	var seals []string
	shipment := ""
	for _, f := range r.state.Boxes().Facts(id) {
		switch f.Kind {
		case box.Packed:
			packed = f.OccurredAt
		case box.Checked:
			checked = f.OccurredAt
		case box.Sealed:
			sealed, seals = f.OccurredAt, f.Seals
		case box.Unsealed:
			seals = nil
		case box.Loaded:
			loaded, shipment = f.OccurredAt, f.Document
		case box.Accepted:
			shipment = ""
			switch domain.Code(f.Place).Level() {
			case domain.District:
				taken[0] = f.OccurredAt
			case domain.Village:
				taken[1] = f.OccurredAt
			case domain.Station:
				taken[2] = f.OccurredAt
			case domain.None, domain.Province, domain.Regency:
			}
		case box.Replaces, box.Replaced, box.Missing, box.Lost, box.Seized, box.Damaged, box.Counted, box.Foreign:
		}
	}
	ballots := unknown
	if v.Design != "" {
		ballots = count(v.Ballots)
	}
	return r.row(boxes, []cell{text(id), r.unit(), text(id.Destination()), text(id.Type()), state(v.State.String()), text(v.Custody), text(v.Design), ballots, joined(seals),
		text(shipment), text(v.ReplacedBy), moment(packed), moment(checked), moment(sealed), moment(loaded), moment(taken[0]), moment(taken[1]), moment(taken[2]), r.open(string(id))})
}

func (r *rows) shipments() error {
	for _, id := range slices.Sorted(maps.Keys(r.state.Shipments.Shipments)) {
		c, _ := projections.Shipment(r.state, r.at, id)
		escort, agreed := unknown, unknown
		if c.Escort != nil {
			escort, agreed = text(c.Escort.PoliceUnit), yes(c.Escort.Accepted)
		}
		err := r.row(shipments, []cell{text(id), r.unit(), state(c.State), text(c.Leg), text(c.From), text(c.To), text(c.Bound), text(c.Vehicle), text(c.Carrier), count(len(c.Planned)),
			count(len(c.Loaded)), joined(c.Handoffs), escort, agreed, stamped(c.PlannedAt), stamped(c.DispatchedAt), stamped(c.ArrivedAt), text(c.LastPlace), count(c.Delays), r.open(id)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) handoffs() error {
	register := &r.state.BoxRegister
	by := func(act uint32) (at, who cell) {
		return moment(time.UnixMicro(register.Acts[act].Occurred)), text(register.Texts.Text(register.Acts[act].Actor))
	}
	for _, id := range slices.Sorted(maps.Keys(r.state.Handoffs.Handoffs)) {
		h := r.state.Handoffs.Handoffs[id]
		offer := r.state.HandoffBook().Offer(id)
		var shipment, offeredAt, offeredBy, acceptedAt, acceptedBy cell
		if len(h.Offers) > 0 {
			shipment = text(h.Offers[0].Shipment)
			offeredAt, offeredBy = by(h.Offers[0].Act)
		}
		taken, missing, extra := 0, 0, 0
		for i, a := range h.Accepts {
			if i == 0 {
				acceptedAt, acceptedBy = by(a.Act)
			}
			taken, missing, extra = taken+len(a.Boxes), missing+len(a.Missing), extra+len(a.Extras)
		}
		err := r.row(handoffs, []cell{text(id), r.unit(), shipment, text(offer.From), text(offer.To), offeredAt, offeredBy, acceptedAt, acceptedBy, count(len(offer.Boxes)),
			count(taken), count(missing), count(extra), text(strings.Join(h.Witnesses, ", ")), r.open(id)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) discrepancies() error {
	for _, c := range projections.Discrepancies(r.state, projections.DiscrepancyQuery{}) {
		quantity := unknown
		if c.Quantity != 0 {
			quantity = count(c.Quantity)
		}
		versions := make([]string, len(c.Proof))
		for i, p := range c.Proof {
			versions[i] = strconv.FormatUint(p.Version, 10)
		}
		err := r.row(discrepancies, []cell{text(c.ID), r.unit(), text(c.Kind), text(c.Severity), state(c.Status), yes(c.Provisional), text(c.Rule), joined(c.Units), quantity,
			text(c.Message), text(c.MessageEN), text(c.Note), text(c.RaisedBy), stamped(c.OccurredAt), stamped(c.RecordedAt), stamped(c.ClosedAt), text(c.Action), text(c.Resolution),
			text(c.Document), joined(versions)})
		if err != nil {
			return err
		}
	}
	return nil
}

// event is the row of a record.
func event(to sink, step refold.Step) error {
	rec := step.Record
	meta, err := journal.ReadMetadata(rec)
	if err != nil {
		return err
	}
	return to.row(events, []cell{count(int64(rec.Position)), text(step.State.Unit), count(int64(rec.Version)), text(rec.Type), moment(meta.OccurredAt), moment(rec.RecordedAt),
		text(meta.Actor.ID), text(meta.Actor.Role), text(meta.Actor.Scope), text(meta.Mode), text(meta.Device.ID), count(meta.Device.Seq), yes(meta.Simulated), text(rec.ID.String()),
		text(string(rec.Data))})
}
