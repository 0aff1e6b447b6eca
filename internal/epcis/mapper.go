package epcis

import (
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/deadline"
	"jejak/domain/goods"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/need"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/domain/supporting"
)

// Record is a record with what stands beside it in the log.
type Record struct {
	domain.Recorded
	Simulated bool
	Lat, Lon  *float64 // where the device was; nil for unknown
}

// Mapper turns the records of one ledger into EPCIS events.
type Mapper struct {
	Namer
	State *ledger.State // with the record in it: shipments and handoffs say from where and whither
}

// Events are those that a record becomes, none for most records that are about paper. The same record gives the same events when the state
// before it is the same.
func (m Mapper) Events(rec *Record) []Event {
	b := batch{Mapper: m, rec: rec}
	switch e := rec.Event.(type) {
	case *ledger.ReferenceAdopted, supporting.Event, need.Event, deadline.Event, incident.Event:
	case procurement.Event:
		b.procurement(e)
	case receipt.Event:
		b.receipt(e)
	case packing.Event:
		b.packing(e)
	case shipment.Event:
		b.shipment(e)
	case handoff.Event:
		b.handoff(e)
	case polling.Event:
		b.polling(e)
	case incident.RoomEvent:
		b.incident(e)
	}
	return b.events
}

// batch are the events of one record.
type batch struct {
	Mapper
	rec    *Record
	events []Event
}

// more is the namespace of the ids of the second and further events of a record.
var more = uuid.MustParse("0e5b6a2c-8a6e-5d0e-9d0b-3f6f1d1f7c11")

// add fills in what every event has, and takes it.
func (b *batch) add(e Event) {
	meta := &b.rec.Meta
	id := b.rec.ID
	if n := len(b.events); n > 0 {
		id = uuid.NewSHA1(more, append(id[:], byte(n>>8), byte(n)))
	}
	e.ID = "urn:uuid:" + id.String()
	e.Time, e.Offset = moment(meta.OccurredAt)
	e.RecordTime = meta.RecordedAt.UTC().Format(time.RFC3339Nano)
	e.Of = Of{
		ID: b.rec.ID.String(), Type: b.rec.Event.EventType(), Election: b.State.Election, Unit: string(b.State.Unit), Version: b.rec.Version,
		Mode: string(meta.Mode), Actor: meta.Actor.ID, Role: string(meta.Actor.Role), Simulated: b.rec.Simulated,
	}
	if e.ReadPoint == nil {
		e.ReadPoint = b.readPoint()
	}
	b.events = append(b.events, e)
}

// readPoint is where it was: the device's position as a geo URI (RFC 5870), or the place where the actor serves.
func (b *batch) readPoint() *Place {
	if b.rec.Lat != nil && b.rec.Lon != nil {
		return &Place{"geo:" + degrees(*b.rec.Lat) + "," + degrees(*b.rec.Lon)}
	}
	if scope := b.rec.Meta.Actor.Scope; domain.Code(scope).Level() != domain.None {
		return b.place(scope)
	}
	return nil
}

func (b *batch) place(code string) *Place {
	if code == "" {
		return nil
	}
	return &Place{b.Location(code)}
}

// here is the unit's warehouse.
func (b *batch) here() *Place { return b.place(string(b.State.Unit)) }

func (b *batch) from(code string) []Source {
	if code == "" {
		return nil
	}
	return []Source{{"possessing_party", b.party(code)}, {"location", b.Location(code)}}
}

func (b *batch) to(code string) []Destination {
	if code == "" {
		return nil
	}
	return []Destination{{"possessing_party", b.party(code)}, {"location", b.Location(code)}}
}

func (b *batch) class(item goods.Item) string { return b.Class(b.State.Election, item) }

func (b *batch) lines(lines []goods.Line) []Quantity {
	var list []Quantity
	for _, l := range lines {
		list = b.some(list, l.Item, l.Quantity)
	}
	return list
}

// some adds pieces to a list, unless there are none.
func (b *batch) some(list []Quantity, item goods.Item, n int64) []Quantity {
	if n <= 0 {
		return list
	}
	return append(list, Quantity{b.class(item), n})
}

// moment is a time with its offset as EPCIS writes them. What cannot be written so (beyond 14 hours, or with seconds) is written in UTC.
func moment(t time.Time) (text, offset string) {
	_, seconds := t.Zone()
	if seconds%60 != 0 || seconds > 14*3600 || seconds < -14*3600 {
		t = t.UTC()
	}
	return t.Format(time.RFC3339Nano), t.Format("-07:00")
}
