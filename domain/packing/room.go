package packing

import (
	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/goods"
)

// Room decides on packing and folds it into the register of boxes.
type Room struct{ book *box.Book }

var _ domain.Room = (*Room)(nil)

// NewRoom returns the room over the ledger's boxes.
func NewRoom(book *box.Book) *Room { return &Room{book: book} }

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "packing.pack_boxes":
		return &PackBoxes{}
	case "packing.pack_kits":
		return &PackKits{}
	case "packing.check_boxes":
		return &CheckBoxes{}
	case "packing.seal_boxes":
		return &SealBoxes{}
	case "packing.unseal_boxes":
		return &UnsealBoxes{}
	case "packing.replace_box":
		return &ReplaceBox{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 && (schema > 2 || eventType != "packing.boxes_packed") {
		return nil
	}
	switch eventType {
	case "packing.boxes_packed":
		return &BoxesPacked{}
	case "packing.kits_packed":
		return &KitsPacked{}
	case "packing.boxes_checked":
		return &BoxesChecked{}
	case "packing.boxes_sealed":
		return &BoxesSealed{}
	case "packing.boxes_unsealed":
		return &BoxesUnsealed{}
	case "packing.box_replaced":
		return &BoxReplaced{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	switch c := cmd.(Command).(type) {
	case *PackBoxes:
		plan := domain.Plan{Event: packed(c)}
		stock := map[string]bool{}
		for i, b := range c.Boxes {
			unknown := r.book.Check(b.Box, "/data/boxes"+domain.Index(i)+"/box")
			plan.Violations = append(plan.Violations, unknown...)
			if c.Exception != nil && act.Mode == domain.Request && len(unknown) == 0 {
				plan.Violations = append(plan.Violations, r.uncovered(act, b, "/data/boxes"+domain.Index(i)+"/ballots")...)
			}
			plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectBox, ID: string(b.Box)})
			for _, design := range []string{b.Design, r.book.Box(b.Box).Design} { // what goes in, and what it takes the place of
				if design != "" && !stock[design] {
					stock[design] = true
					plan.Touched = append(plan.Touched, Stock(design))
				}
			}
		}
		return plan
	case *PackKits:
		return domain.Plan{Event: (*KitsPacked)(c), Touched: box.Subjects(c.Kits), Violations: r.book.CheckAll(c.Kits, "/data/kits")}
	case *CheckBoxes:
		return domain.Plan{Event: (*BoxesChecked)(c), Touched: box.Subjects(c.Boxes), Violations: r.book.CheckAll(c.Boxes, "/data/boxes")}
	case *SealBoxes:
		plan := domain.Plan{Event: (*BoxesSealed)(c)}
		for i, b := range c.Boxes {
			plan.Violations = append(plan.Violations, r.book.Check(b.Box, "/data/boxes"+domain.Index(i)+"/box")...)
			plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectBox, ID: string(b.Box)})
			for _, seal := range b.Seals {
				plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectSeal, ID: seal})
			}
		}
		return plan
	case *UnsealBoxes:
		return domain.Plan{Event: (*BoxesUnsealed)(c), Touched: box.Subjects(c.Boxes), Violations: r.book.CheckAll(c.Boxes, "/data/boxes")}
	case *ReplaceBox:
		plan := domain.Plan{Event: (*BoxReplaced)(c), Touched: box.Subjects([]domain.BoxID{c.Box, c.Replacement}), Violations: r.book.Check(c.Box, "/data/box")}
		if design := r.book.Box(c.Box).Design; design != "" {
			plan.Touched = append(plan.Touched, Stock(design))
		}
		if dest := c.Box.Destination(); dest.Level() == domain.Station {
			plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectStation, ID: string(dest)})
		}
		return plan
	}
	return domain.Plan{}
}

// uncovered is why a box may not hold the number that the exception asks for, if so: nobody else approves it.
func (r *Room) uncovered(act domain.Act, b PackedBox, path string) []domain.Violation {
	want, known := r.book.Ref.Ballots(b.Box.Destination())
	if !known || b.Box.IsRecap() || b.Ballots == want {
		return nil
	}
	id, own := r.book.Approvals.Cover(approval.BallotNumber, string(b.Box), 0, "", act.Actor.ID)
	switch {
	case id != "":
		return nil
	case own:
		return []domain.Violation{{Rule: approval.RuleOwn, Path: path, Args: []any{string(b.Box)}}}
	}
	return []domain.Violation{
		{Rule: box.RuleBallotNumber, Path: path, Args: []any{string(b.Box), b.Ballots, want}},
		{Rule: approval.RuleMissing, Path: path, Args: approval.MissingArgs(approval.BallotNumber, string(b.Box))},
	}
}

func packed(c *PackBoxes) *BoxesPacked {
	e := &BoxesPacked{Boxes: c.Boxes}
	if x := c.Exception; x != nil {
		e.Exception = &Excepted{Asked: x.Approver, Approval: x.Approval, Reason: x.Reason}
	}
	return e
}

// Stock is the subject of the sorted ballots of a design.
func Stock(design string) domain.Subject {
	return domain.Subject{Kind: domain.SubjectStock, ID: goods.Item{Item: goods.Ballot, Variant: design}.String()}
}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	reg := r.book.Register
	act := reg.AddAct(rec, "")
	switch e := rec.Event.(Event).(type) {
	case *BoxesPacked:
		flag := uint8(0)
		switch {
		case e.Exception == nil:
		case e.Schema() == 1:
			flag = box.Exempt
		default:
			flag = box.ByApproval
		}
		for _, b := range e.Boxes {
			number := reg.Enter(b.Box)
			r.book.Add(number, box.Fact{Act: act, Kind: box.Packed, Flag: flag, A: uint32(b.Ballots), B: reg.Texts.Add(b.Design)})
			r.book.Refresh(number)
		}
	case *KitsPacked:
		r.each(e.Kits, box.Fact{Act: act, Kind: box.Packed})
	case *BoxesChecked:
		r.each(e.Boxes, box.Fact{Act: act, Kind: box.Checked})
	case *BoxesSealed:
		for _, b := range e.Boxes {
			number := reg.Enter(b.Box)
			r.book.Seal(number, act, b.Seals)
			r.book.Refresh(number)
		}
	case *BoxesUnsealed:
		r.each(e.Boxes, box.Fact{Act: act, Kind: box.Unsealed})
	case *BoxReplaced:
		old, next := reg.Enter(e.Box), reg.Enter(e.Replacement)
		r.book.Add(old, box.Fact{Act: act, Kind: box.Replaced, A: next})
		r.book.Add(next, box.Fact{Act: act, Kind: box.Replaces, A: old})
		r.book.Refresh(old, next)
	}
}

func (r *Room) each(ids []domain.BoxID, f box.Fact) {
	for _, id := range ids {
		number := r.book.Register.Enter(id)
		r.book.Add(number, f)
		r.book.Refresh(number)
	}
}

// Rules implements domain.Room. What the facts of a box say about it are the rules of package box.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{RuleKit, RuleNotAKit, RuleRecapHasBallots, RuleBadSeal, RuleNotNext}
}
