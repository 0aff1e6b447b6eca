package box

import (
	"time"

	"jejak/domain"
)

// View is a box as it is now.
type View struct {
	ID      domain.BoxID
	State   State
	Custody domain.Code // the place that holds it
	Design  string      // of the ballots in it
	Ballots int64
	// ReplacedBy is the box that took its place, "" for none.
	ReplacedBy domain.BoxID
}

// Box is a box as it is now; one that nothing is known about is labelled and with the unit.
func (b *Book) Box(id domain.BoxID) View {
	number, ok := b.Register.Number(id)
	if !ok {
		return View{ID: id, Custody: b.Unit}
	}
	return b.view(number)
}

func (b *Book) view(number uint32) View {
	r := b.Register
	box := &r.Boxes[number]
	v := View{ID: r.ID(number), State: box.State, Custody: domain.Code(r.Texts.Text(box.Custody)), Design: r.Texts.Text(box.Design),
		Ballots: int64(box.Ballots)}
	if v.Custody == "" {
		v.Custody = b.Unit
	}
	if box.State == IsReplaced {
		for _, f := range box.Facts {
			if f.Kind == Replaced {
				v.ReplacedBy = r.ID(f.A)
				break
			}
		}
	}
	return v
}

// EachBox calls f for every box and kit about which something is known, until f returns false.
func (b *Book) EachBox(f func(View) bool) {
	for number := range b.Register.Boxes {
		if !f(b.view(uint32(number))) {
			return
		}
	}
}

// Event is a fact in a box's timeline.
type Event struct {
	Kind       Kind
	Ref        domain.Ref
	OccurredAt time.Time // UTC, to the microsecond
	Actor      string
	Place      string // where the actor serves
	Document   string // shipment, handoff, incident; "" for none
	Design     string // Packed, Foreign
	Count      int64  // ballots of Packed, Counted, Foreign
	Seals      []string
	Other      domain.BoxID // Replaces, Replaced
	Condition  []string     // Accepted: "extra", "seal_broken", "unsealed", "damaged", "wet"
}

// Facts is the timeline of a box, as it occurred; empty for one about which nothing is known.
func (b *Book) Facts(id domain.BoxID) []Event {
	r := b.Register
	number, ok := r.Number(id)
	if !ok {
		return nil
	}
	var events []Event
	for _, f := range r.Boxes[number].Facts {
		act := &r.Acts[f.Act]
		e := Event{Kind: f.Kind, Ref: act.Ref(), OccurredAt: time.UnixMicro(act.Occurred).UTC(), Actor: r.Texts.Text(act.Actor),
			Place: r.Texts.Text(act.Place), Document: r.Texts.Text(act.Document)}
		switch f.Kind {
		case Replaces, Replaced:
			e.Other = r.ID(f.A)
		case Packed, Counted, Foreign:
			e.Count, e.Design = int64(f.A), r.Texts.Text(f.B)
		case Sealed, Accepted:
			e.Seals = r.sealNumbers(f.A)
		case Unsealed, Checked, Loaded, Missing, Lost, Seized, Damaged:
		}
		for i, name := range []string{"extra", "seal_broken", "unsealed", "damaged", "wet"} {
			if f.Kind == Accepted && f.Flag&(Extra<<i) != 0 {
				e.Condition = append(e.Condition, name)
			}
		}
		events = append(events, e)
	}
	return events
}
