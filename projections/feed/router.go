package feed

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jejak/domain/shipment"
)

// Router knows which police units follow which shipments, and turns records into messages. It must see every record whose type is one of Folded,
// in the order of the log. It is for one goroutine.
type Router struct{ known state }

// state is all that a Router knows.
type state struct {
	Trips map[string]Trip // by key
	Cases map[string]Case // by key
}

// key of something of an election. Ids of shipments and cases have the unit's code in them.
func key(election, id string) string { return election + "\x00" + id }

// NewRouter returns a Router that has seen nothing.
func NewRouter() *Router {
	return &Router{state{Trips: map[string]Trip{}, Cases: map[string]Case{}}}
}

// Folded lists the types of the records that a Router learns from; others it only turns into messages.
func Folded() []string {
	return slices.DeleteFunc(Types(), func(t string) bool {
		return !strings.HasPrefix(t, "shipment.") && !strings.HasPrefix(t, "incident.") && !strings.HasPrefix(t, "discrepancy.")
	})
}

// Messages returns the messages of a record in the order in which they are to be published, and learns from it: the unit's own first, then those
// of police units by their codes, each with its summary before it when the unit begins to follow. An event of a type that the feed does not know
// is an error, which leaves the Router as it was.
func (x *Router) Messages(r *Record) ([]Message, error) {
	e, known := entities[r.Event.EventType()]
	if !known {
		return nil, fmt.Errorf("position %d: the feed does not know events of type %s: it must be taught before it can go on", r.Position, r.Event.EventType())
	}
	id := string(r.Unit)
	if e.id != nil {
		id = e.id(r.Event)
	}
	body, err := r.region()
	if err != nil {
		return nil, fmt.Errorf("position %d: message of %s: %w", r.Position, r.Event.EventType(), err)
	}
	out := maker{record: r, entity: e.name, id: id}
	out.add(string(r.Unit), r.event(), r.kind(), "", body)
	if e, ok := r.Event.(shipment.Event); ok {
		err = x.shipment(&out, e)
	} else if caseOf(r.Event) != "" {
		err = x.incident(&out)
	}
	if err != nil {
		return nil, fmt.Errorf("position %d: message of %s for the police: %w", r.Position, r.Event.EventType(), err)
	}
	return out.messages, nil
}

// maker collects the messages of one record.
type maker struct {
	record     *Record
	entity, id string
	messages   []Message
}

func (m *maker) add(area, event, kind, suffix string, body []byte) {
	m.messages = append(m.messages, m.record.message(name{area, m.entity, m.id, event, kind, suffix}, len(m.messages), body))
}

// toPolice adds a message to a police unit.
func toPolice[D PoliceShipment | PoliceIncident](m *maker, unit, event, kind, suffix string, data D) error {
	body, err := marshal(police[D]{m.record.envelope(), data})
	if err == nil {
		m.add(unit, event, kind, suffix, body)
	}
	return err
}

// shipment sends an event of a shipment to those who escorted it, those who do from now on, and the one that it names, if it was ever asked: it may have been
// relieved by what is known already. Whoever has not followed up to now begins with a summary.
func (x *Router) shipment(m *maker, e shipment.Event) error {
	r, at := m.record, key(m.record.Election, m.id)
	trip := x.known.Trips[at]
	before := trip.stand().following
	trip = trip.with(r, e)
	now := trip.stand()
	card := trip.card(m.id, &now)
	named := card.own(r, e)

	units := slices.Concat(before, now.following)
	if named != "" && trip.moves(r.Meta.CommandID) { // an escort that was not the teller's to hand over goes to nobody
		units = append(units, named)
	}
	slices.Sort(units)
	for _, unit := range slices.Compact(units) {
		if !slices.Contains(before, unit) {
			if err := toPolice(m, unit, SummaryEvent, summaryKind, "/"+SummaryEvent, trip.summary(m.id, &now)); err != nil {
				return err
			}
		}
		if err := toPolice(m, unit, r.event(), r.kind(), "", card); err != nil {
			return err
		}
	}
	x.known.Trips[at] = trip
	return nil
}

// incident sends an event of a case to those who follow a shipment that it names or named up to now.
func (x *Router) incident(m *maker) error {
	r, at := m.record, key(m.record.Election, m.id)
	before := x.known.Cases[at]
	now, id, _ := before.with(r)
	escorted := map[string][]string{} // by police unit
	for _, s := range slices.Concat(now.Shipments, before.Shipments) {
		for _, unit := range x.known.Trips[key(r.Election, s)].stand().following {
			if !slices.Contains(escorted[unit], s) {
				escorted[unit] = append(escorted[unit], s)
			}
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(escorted)) {
		if err := toPolice(m, unit, r.event(), r.kind(), "", PoliceIncident{
			Incident: id, Event: r.event(), Kind: now.Kind, Severity: now.Severity, Status: now.Status, Shipments: escorted[unit],
		}); err != nil {
			return err
		}
	}
	x.known.Cases[at] = now
	return nil
}

// Observe learns from a record as Messages does, without making messages. Records of types that are not Folded are passed over.
func (x *Router) Observe(r *Record) {
	if e, ok := r.Event.(shipment.Event); ok {
		at := key(r.Election, entities[r.Event.EventType()].id(r.Event))
		x.known.Trips[at] = x.known.Trips[at].with(r, e)
	} else if id := caseOf(r.Event); id != "" {
		at := key(r.Election, id)
		x.known.Cases[at], _, _ = x.known.Cases[at].with(r)
	}
}

// StateVersion is raised whenever the state of a Router means something else than before, so that an older one is not taken up.
const StateVersion = 2

// Save writes down what the Router knows.
func (x *Router) Save() ([]byte, error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(&x.known); err != nil {
		return nil, fmt.Errorf("save what the feed knows of shipments: %w", err)
	}
	return b.Bytes(), nil
}

// Restore returns the Router that was saved.
func Restore(saved []byte) (*Router, error) {
	x := NewRouter()
	if err := gob.NewDecoder(bytes.NewReader(saved)).Decode(&x.known); err != nil {
		return nil, fmt.Errorf("restore what the feed knows of shipments: %w", err)
	}
	return x, nil
}
