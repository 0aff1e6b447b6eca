package handoff

import (
	"slices"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/packing"
)

// Room decides on handoffs and folds them.
type Room struct{ book *Book }

var _ domain.Room = (*Room)(nil)

// NewRoom returns the room over the ledger's handoffs and boxes.
func NewRoom(book *Book) *Room { return &Room{book: book} }

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "handoff.offer":
		return &Offer{}
	case "handoff.accept":
		return &Accept{}
	case "handoff.witness":
		return &Attest{}
	case "handoff.issue_document":
		return &IssueDocument{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "handoff.offered":
		return &Offered{}
	case "handoff.accepted":
		return &Accepted{}
	case "handoff.witnessed":
		return &Witnessed{}
	case "handoff.document_issued":
		return &DocumentIssued{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(_ domain.Act, cmd domain.Command) domain.Plan {
	switch c := cmd.(Command).(type) {
	case *Offer:
		plan := domain.Plan{Event: (*Offered)(c), Touched: []domain.Subject{{Kind: domain.SubjectHandoff, ID: c.Handoff}}}
		plan.Violations = r.book.Boxes.CheckAll(c.Boxes, "/data/boxes")
		if !r.book.Boxes.Unit.Covers(c.To) || !r.book.Boxes.Knows(c.To) {
			plan.Violations = append(plan.Violations, domain.Violation{Rule: RuleOutside, Path: "/data/to", Args: []any{string(c.To), string(r.book.Boxes.Unit)}})
		}
		received := r.book.Boxes.Register.SubjectsOf(r.book.Received(c.Handoff))
		plan.Touched = slices.Concat(plan.Touched, received, stations(received))
		return plan
	case *Accept:
		plan := domain.Plan{Event: (*Accepted)(c), Touched: []domain.Subject{{Kind: domain.SubjectHandoff, ID: c.Handoff}}}
		ids := make([]domain.BoxID, 0, len(c.Boxes)+len(c.Extra)+len(c.Missing))
		for i, b := range c.Boxes {
			ids = append(ids, b.Box)
			plan.Violations = append(plan.Violations, r.book.Boxes.Check(b.Box, "/data/boxes"+domain.Index(i)+"/box")...)
		}
		ids = append(ids, c.Extra...)
		touched := stations(box.Subjects(ids))
		plan.Violations = slices.Concat(plan.Violations, r.book.Boxes.CheckAll(c.Missing, "/data/missing"), r.book.Boxes.CheckAll(c.Extra, "/data/extra"))
		plan.Touched = slices.Concat(plan.Touched, box.Subjects(append(ids, c.Missing...)), touched)
		return plan
	case *Attest:
		return domain.Plan{Event: (*Witnessed)(c), Touched: []domain.Subject{{Kind: domain.SubjectHandoff, ID: c.Handoff}}}
	case *IssueDocument:
		return domain.Plan{Event: (*DocumentIssued)(c), Touched: []domain.Subject{{Kind: domain.SubjectHandoff, ID: c.Handoff}}}
	}
	return domain.Plan{}
}

// stations are the stations that boxes are for: their deadline may be kept by what arrives.
func stations(boxes []domain.Subject) []domain.Subject {
	var touched []domain.Subject
	for _, b := range boxes {
		dest := domain.BoxID(b.ID).Destination()
		s := domain.Subject{Kind: domain.SubjectStation, ID: string(dest)}
		if dest.Level() == domain.Station && (len(touched) == 0 || touched[len(touched)-1] != s) {
			touched = append(touched, s)
		}
	}
	return touched
}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	reg := r.book.Boxes.Register
	switch e := rec.Event.(Event).(type) {
	case *Offered:
		offer := OfferFact{Act: reg.AddAct(rec, e.Handoff), Shipment: e.Shipment, To: e.To, Boxes: reg.EnterAll(e.Boxes)}
		r.book.change(e.Handoff, func(h *Handoff) {
			at, _ := slices.BinarySearchFunc(h.Offers, offer, func(a, b OfferFact) int { return r.book.before(a.Act, b.Act) })
			h.Offers = slices.Insert(slices.Clone(h.Offers), at, offer)
		})
		if list := r.book.State.ByShipment[e.Shipment]; !slices.Contains(list, e.Handoff) {
			at, _ := slices.BinarySearch(list, e.Handoff)
			r.book.list(e.Shipment, slices.Insert(slices.Clone(list), at, e.Handoff))
		}
		r.book.Boxes.Refresh(r.book.Received(e.Handoff)...)
	case *Accepted:
		r.accept(rec, e)
	case *Witnessed:
		r.witness(e.Handoff, e.Witnesses)
	case *DocumentIssued:
		r.document(rec, e)
	}
}

func (r *Room) accept(rec domain.Recorded, e *Accepted) {
	reg := r.book.Boxes.Register
	accept := AcceptFact{Act: reg.AddAct(rec, e.Handoff), Missing: reg.EnterAll(e.Missing), Extras: reg.EnterAll(e.Extra)}
	for _, b := range e.Boxes {
		n := reg.Enter(b.Box)
		accept.Boxes = append(accept.Boxes, n)
		r.book.Boxes.Accept(n, accept.Act, flags[b.Condition], b.Seals)
	}
	slices.Sort(accept.Boxes)
	for _, n := range accept.Missing {
		r.book.Boxes.Add(n, box.Fact{Act: accept.Act, Kind: box.Missing})
	}
	for _, n := range accept.Extras {
		r.book.Boxes.Accept(n, accept.Act, box.Extra, nil)
	}
	r.book.change(e.Handoff, func(h *Handoff) {
		at, _ := slices.BinarySearchFunc(h.Accepts, accept, func(a, b AcceptFact) int { return r.book.before(a.Act, b.Act) })
		h.Accepts = slices.Insert(slices.Clone(h.Accepts), at, accept)
	})
	r.witness(e.Handoff, e.Witnesses)
	r.book.Boxes.Refresh(accept.Boxes...)
	r.book.Boxes.Refresh(accept.Missing...)
	r.book.Boxes.Refresh(accept.Extras...)
}

var flags = map[Condition]uint8{Good: 0, SealBroken: box.SealWasBroken, Unsealed: box.SealWasMissing, Damaged: box.BoxWasDamaged, Wet: box.BoxWasWet}

func (r *Room) witness(id string, witnesses []packing.Witness) {
	if len(witnesses) == 0 {
		return
	}
	r.book.change(id, func(h *Handoff) {
		list := slices.Clone(h.Witnesses)
		for _, w := range witnesses {
			list = append(list, w.Role+" "+w.ID)
		}
		slices.Sort(list)
		h.Witnesses = slices.Compact(list)
	})
}
