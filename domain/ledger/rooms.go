package ledger

import (
	"maps"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/deadline"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/need"
	"jejak/domain/packing"
	"jejak/domain/polling"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
	"jejak/domain/station"
	"jejak/domain/supporting"
)

// Rooms holds each room's state. Every field is exported and serialisable.
type Rooms struct {
	Supporting  supporting.State
	Need        need.State
	Procurement procurement.State
	Receipt     receipt.State
	BoxRegister box.Register // see State.Boxes
	Shipments   shipment.State
	Handoffs    handoff.State
	Deadlines   deadline.State
	Approvals   approval.State
}

// views are the books by which others read the ledger.
type views struct {
	boxes     *box.Book
	shipments *shipment.Book
	handoffs  *handoff.Book
	stations  *station.Book
}

// assemble wires the rooms to their state and to the reference data. It runs again whenever the reference data changes.
func (s *State) assemble() {
	data := supporting.NewRoom(&s.Supporting, s.ref, s.Unit)
	orders := procurement.NewRoom(&s.Procurement, &s.Approvals, s.ref, s.Unit)
	warehouse := receipt.NewRoom(&s.Receipt, &s.Procurement, s.ref, s.Unit)

	boxes := &box.Book{Register: &s.BoxRegister, Ref: s.ref, Unit: s.Unit, Stock: &s.Receipt, Approvals: &s.Approvals}
	handoffs := &handoff.Book{State: &s.Handoffs, Boxes: boxes}
	shipments := &shipment.Book{State: &s.Shipments, Boxes: boxes, Handoffs: handoffs, Approvals: &s.Approvals}
	boxes.Journeys, boxes.Offers = shipments, handoffs
	incidents := incident.NewRoom(&s.Register, boxes, shipments)
	shipments.Incidents = incidents
	stations := &station.Book{Boxes: boxes, Deadlines: &s.Deadlines, Cases: &s.Register, Ref: s.ref}
	s.views, s.tally = views{boxes, shipments, handoffs, stations}, nil

	approvals := approval.NewRoom(&s.Approvals, approvedActs{s}, s.Unit)

	s.rooms = map[string]domain.Room{
		"unit":        unitRoom{s},
		"supporting":  data,
		"need":        need.NewRoom(&s.Need, s.ref, s.Unit, &s.Supporting),
		"procurement": orders,
		"receipt":     warehouse,
		"packing":     packing.NewRoom(boxes),
		"shipment":    shipment.NewRoom(shipments),
		"handoff":     handoff.NewRoom(handoffs),
		"polling":     polling.NewRoom(boxes),
		"incident":    incidents,
		"approval":    approvals,
		"deadline":    deadline.NewRoom(&s.Deadlines, boxes, s.ref),
	}
	s.books = map[domain.SubjectKind]domain.Book{
		domain.SubjectSupporting: data,
		domain.SubjectBox:        boxes,
		domain.SubjectSeal:       box.Seals{Register: boxes.Register},
		domain.SubjectShipment:   shipments,
		domain.SubjectHandoff:    handoffs,
		domain.SubjectSender:     shipment.Senders{Shipments: shipments},
		domain.SubjectStation:    stations,
		domain.SubjectApproval:   approvals,
	}
	maps.Copy(s.books, orders.Books())
	maps.Copy(s.books, warehouse.Books())
}

// Boxes are the boxes and kits: where each is, who holds it, its timeline, the register of seals.
func (s *State) Boxes() *box.Book { return s.views.boxes }

// Station says how a polling station stands.
func (s *State) Station(code domain.Code) station.Status { return s.views.stations.Status(code) }

// StationBook says how each polling station stands.
func (s *State) StationBook() *station.Book { return s.views.stations }

// ShipmentBook are the shipments and what is wrong with them.
func (s *State) ShipmentBook() *shipment.Book { return s.views.shipments }

// HandoffBook are the handoffs and what is wrong with them.
func (s *State) HandoffBook() *handoff.Book { return s.views.handoffs }

// raisedBy are the cases that the primary event itself raised: incidents reported by people.
func (s *State) raisedBy(primary domain.Recorded) []*incident.Case {
	if e, ok := primary.Event.(*incident.IncidentRaised); ok {
		return []*incident.Case{s.Register.Cases[e.Incident]}
	}
	return nil
}
