package ledger

import (
	"maps"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/need"
	"jejak/domain/procurement"
	"jejak/domain/receipt"
	"jejak/domain/supporting"
)

// Rooms holds each room's state. Every field is exported and serialisable.
type Rooms struct {
	Supporting  supporting.State
	Need        need.State
	Procurement procurement.State
	Receipt     receipt.State
}

// assemble wires the rooms to their state and to the reference data. It runs again whenever the reference data changes.
func (s *State) assemble() {
	data := supporting.NewRoom(&s.Supporting, s.ref, s.Unit)
	orders := procurement.NewRoom(&s.Procurement, s.ref, s.Unit)
	warehouse := receipt.NewRoom(&s.Receipt, &s.Procurement, s.ref, s.Unit)
	s.rooms = map[string]domain.Room{
		"unit":        unitRoom{s},
		"supporting":  data,
		"need":        need.NewRoom(&s.Need, s.ref, s.Unit, &s.Supporting),
		"procurement": orders,
		"receipt":     warehouse,
	}
	s.books = map[domain.SubjectKind]domain.Book{
		domain.SubjectSupporting: data,
	}
	maps.Copy(s.books, orders.Books())
	maps.Copy(s.books, warehouse.Books())
}

// raisedBy are the cases that the primary event itself raised: incidents reported by people.
func (s *State) raisedBy(primary domain.Recorded) []*incident.Case { return nil }

// NewCommand returns a pointer to the zero command of a type, nil if there is none such.
func (s *State) NewCommand(commandType string) domain.Command {
	if room, ok := s.rooms[roomOf(commandType)]; ok {
		return room.NewCommand(commandType)
	}
	return nil
}

// NewEvent returns a pointer to the zero event of a type and schema, nil if there is none such.
func (s *State) NewEvent(eventType string, schema int) domain.Event {
	if roomOf(eventType) == "discrepancy" {
		return incident.NewEvent(eventType, schema)
	}
	if room, ok := s.rooms[roomOf(eventType)]; ok {
		return room.NewEvent(eventType, schema)
	}
	return nil
}
