package shipment

import (
	"slices"

	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/goods"
)

// Room decides on shipments and folds them.
type Room struct{ book *Book }

var _ domain.Room = (*Room)(nil)

// NewRoom returns the room over the ledger's shipments and boxes.
func NewRoom(book *Book) *Room { return &Room{book: book} }

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "shipment.plan":
		return &Plan{}
	case "shipment.load":
		return &Load{}
	case "shipment.inspect_vehicle":
		return &InspectVehicle{}
	case "shipment.assign_escort":
		return &AssignEscort{}
	case "shipment.accept_escort":
		return &AcceptEscort{}
	case "shipment.hand_over_escort":
		return &HandOverEscort{}
	case "shipment.dispatch":
		return &Dispatch{}
	case "shipment.report_checkpoint":
		return &ReportCheckpoint{}
	case "shipment.report_delay":
		return &ReportDelay{}
	case "shipment.divert":
		return &Divert{}
	case "shipment.transfer_load":
		return &TransferLoad{}
	case "shipment.report_arrival":
		return &ReportArrival{}
	case "shipment.cancel":
		return &Cancel{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	switch eventType {
	case "shipment.planned", "shipment.loaded", "shipment.dispatched":
		if schema > 2 {
			return nil
		}
	default:
		if schema > 1 {
			return nil
		}
	}
	switch eventType {
	case "shipment.planned":
		return &Planned{}
	case "shipment.loaded":
		return &Loaded{}
	case "shipment.vehicle_inspected":
		return &VehicleInspected{}
	case "shipment.escort_assigned":
		return &EscortAssigned{}
	case "shipment.escort_accepted":
		return &EscortAccepted{}
	case "shipment.escort_handed_over":
		return &EscortHandedOver{}
	case "shipment.dispatched":
		return &Dispatched{}
	case "shipment.checkpoint_passed":
		return &CheckpointPassed{}
	case "shipment.delayed":
		return &Delayed{}
	case "shipment.diverted":
		return &Diverted{}
	case "shipment.load_transferred":
		return &LoadTransferred{}
	case "shipment.arrived":
		return &Arrived{}
	case "shipment.cancelled":
		return &Cancelled{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	c := cmd.(Command)
	plan := domain.Plan{Event: eventOf(c), Touched: []domain.Subject{{Kind: domain.SubjectShipment, ID: c.document()}}}
	known := r.book.State.Shipments[c.document()]
	switch c := c.(type) {
	case *Plan:
		plan.Violations = append(domain.RequestOnly(act, cmd), r.plan(c)...)
		plan.Touched = slices.Concat(plan.Touched, r.travelling(c.Shipment), stocks(c.Lines))
		return plan
	case *Load:
		plan.Violations = r.book.Boxes.CheckAll(c.Boxes, "/data/boxes")
		plan.Touched = append(plan.Touched, box.Subjects(c.Boxes)...)
	case *AssignEscort:
		plan.Violations = r.police(c.PoliceUnit)
		plan.Touched = append(plan.Touched, r.book.senders(c.Shipment)...)
	case *HandOverEscort:
		plan.Violations = r.police(c.PoliceUnit)
		plan.Touched = append(plan.Touched, r.book.senders(c.Shipment)...)
	case *Dispatch:
		plan.Touched = append(plan.Touched, r.travelling(c.Shipment)...)
		if known != nil {
			plan.Touched = append(plan.Touched, stocks(known.Lines)...)
		}
		if c.Override != nil && act.Mode == domain.Request {
			if _, own := r.book.Approvals.Cover(approval.NoEscort, c.Shipment, 0, "", act.Actor.ID); own {
				plan.Violations = append(plan.Violations, domain.Violation{Rule: approval.RuleOwn, Path: "/data/override", Args: []any{c.Shipment}})
			}
		}
	case *Cancel:
		plan.Violations = domain.RequestOnly(act, cmd)
		plan.Touched = append(plan.Touched, r.travelling(c.Shipment)...)
	case *Divert:
		plan.Violations = r.region("/data/to", c.To)
	case *ReportArrival:
		plan.Violations = r.region("/data/place", c.Place)
	case *InspectVehicle, *AcceptEscort, *ReportCheckpoint, *ReportDelay, *TransferLoad:
	}
	if act.Actor.Role == domain.RoleEscort {
		plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectSender, ID: act.Actor.ID})
		if standing, _ := r.book.Standing(c.document(), act.Actor.Scope); act.Mode == domain.Request && standing == NotAsked {
			plan.Violations = append(plan.Violations, r.book.NotAsked(act.Actor, "/data/shipment"))
		}
	}
	if act.Mode == domain.Request && (known == nil || known.Leg == "") {
		plan.Violations = append(plan.Violations, domain.Violation{Rule: RuleUnplanned, Path: "/data/shipment", Args: []any{c.document()}})
	}
	return plan
}

// travelling are the boxes of a shipment and of its handoffs, and these handoffs: what changes when the shipment does.
func (r *Room) travelling(id string) []domain.Subject {
	handoffs, boxes := r.book.Handoffs.OfShipment(id)
	if s := r.book.State.Shipments[id]; s != nil {
		boxes = union(s.Boxes, boxes)
	}
	touched := r.book.Boxes.Register.SubjectsOf(boxes)
	for _, h := range handoffs {
		touched = append(touched, domain.Subject{Kind: domain.SubjectHandoff, ID: h})
	}
	return touched
}

// stocks are the stocks that the lines come out of.
func stocks(lines []goods.Line) []domain.Subject {
	subjects := make([]domain.Subject, len(lines))
	for i, line := range lines {
		subjects[i] = domain.Subject{Kind: domain.SubjectStock, ID: line.Item.String()}
	}
	return subjects
}

func (r *Room) plan(c *Plan) []domain.Violation {
	var violations []domain.Violation
	bad := func(rule *domain.Rule, path string, args ...any) {
		violations = append(violations, domain.Violation{Rule: rule, Path: path, Args: args})
	}
	if s := r.book.State.Shipments[c.Shipment]; s != nil && s.Leg != "" {
		bad(RuleExists, "/data/shipment", c.Shipment)
	}
	violations = slices.Concat(violations, r.region("/data/from", c.From), r.region("/data/to", c.To))
	if unit := r.book.Boxes.Unit; !unit.Covers(c.From) {
		bad(RuleFromElsewhere, "/data/from", string(c.From), string(unit))
	}
	if !c.From.Covers(c.To) && c.To.Level() != domain.Regency && c.To.Level() != domain.Province {
		bad(RuleToOutside, "/data/to", string(c.To), string(c.From))
	}
	for _, list := range []struct {
		path  string
		boxes []domain.BoxID
	}{{"/data/boxes", c.Boxes}, {"/data/kits", c.Kits}} {
		for i, b := range list.boxes {
			path := list.path + domain.Index(i)
			unknown := r.book.Boxes.Check(b, path)
			violations = append(violations, unknown...)
			if len(unknown) == 0 && !c.To.Covers(b.Destination()) {
				bad(RuleBoxNotForPlace, path, string(b), string(c.To))
			}
		}
	}
	return violations
}

func (r *Room) region(path string, place domain.Code) []domain.Violation {
	if r.book.Boxes.Knows(place) {
		return nil
	}
	return []domain.Violation{{Rule: RuleUnknownPlace, Path: path, Args: []any{string(place)}}}
}

// police accepts any unit while the reference data names none.
func (r *Room) police(unit string) []domain.Violation {
	units := r.book.Boxes.Ref.PoliceUnits
	for _, u := range units {
		if u.ID == unit {
			return nil
		}
	}
	if len(units) == 0 {
		return nil
	}
	return []domain.Violation{{Rule: RuleUnknownPolice, Path: "/data/police_unit", Args: []any{unit}}}
}

func eventOf(c Command) domain.Event {
	switch c := c.(type) {
	case *Plan:
		return (*Planned)(c)
	case *Load:
		return (*Loaded)(c)
	case *InspectVehicle:
		return (*VehicleInspected)(c)
	case *AssignEscort:
		return (*EscortAssigned)(c)
	case *AcceptEscort:
		return (*EscortAccepted)(c)
	case *HandOverEscort:
		return (*EscortHandedOver)(c)
	case *Dispatch:
		e := &Dispatched{Shipment: c.Shipment}
		if o := c.Override; o != nil {
			e.Override = &Overridden{Asked: o.Approver, Approval: o.Approval, Reason: o.Reason}
		}
		return e
	case *ReportCheckpoint:
		return (*CheckpointPassed)(c)
	case *ReportDelay:
		return (*Delayed)(c)
	case *Divert:
		return (*Diverted)(c)
	case *TransferLoad:
		return (*LoadTransferred)(c)
	case *ReportArrival:
		return (*Arrived)(c)
	case *Cancel:
		return (*Cancelled)(c)
	}
	return nil
}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	e := rec.Event.(Event)
	reg := r.book.Boxes.Register
	act := reg.AddAct(rec, e.document())
	fact := Fact{Act: act}
	switch rec.Meta.Actor.Role {
	case domain.RoleEscort:
		fact.Flag = byPolice
	case domain.RoleCarrier:
		fact.Flag, fact.Firm = byCarrier, firm(reg, rec.Meta.Actor.Party)
	}
	var loaded []uint32
	var planned *Planned
	text := func(kind Kind, text string) { fact.Kind, fact.Text = kind, reg.Texts.Add(text) }
	switch e := e.(type) {
	case *Planned:
		fact.Kind, planned = KindPlanned, e
		fact.Firm = firm(reg, e.Carrier)
	case *Loaded:
		text(KindLoaded, e.Vehicle)
		fact.Firm = firm(reg, e.Carrier)
		loaded = reg.EnterAll(e.Boxes)
	case *VehicleInspected:
		fact.Kind = KindInspected
		for flag, ok := range map[uint8]bool{roadworthy: e.Roadworthy, driverFit: e.DriverFit, papers: e.Papers} {
			if ok {
				fact.Flag |= flag
			}
		}
	case *EscortAssigned:
		text(KindAssigned, e.PoliceUnit)
	case *EscortAccepted:
		text(KindAccepted, rec.Meta.Actor.Scope)
	case *EscortHandedOver:
		text(KindHandedOver, e.PoliceUnit)
	case *Dispatched:
		fact.Kind = KindDispatched
		switch {
		case e.Override == nil:
		case e.Schema() == 1:
			text(KindDispatched, e.Override.Approver)
			fact.Flag |= overridden
		default:
			fact.Flag |= byApproval
		}
	case *CheckpointPassed:
		text(KindCheckpoint, e.Place)
	case *Delayed:
		text(KindDelayed, e.Reason)
	case *Diverted:
		text(KindDiverted, string(e.To))
	case *LoadTransferred:
		text(KindTransferred, e.Vehicle)
	case *Arrived:
		text(KindArrived, string(e.Place))
	case *Cancelled:
		text(KindCancelled, e.Reason)
	}
	r.book.change(e.document(), func(s *Shipment) {
		s.Facts = r.book.insert(s.Facts, fact)
		if planned != nil && s.Leg == "" {
			s.Leg, s.From, s.To, s.Lines = planned.Leg, planned.From, planned.To, planned.Lines
			s.Planned = reg.EnterAll(append(slices.Clone(planned.Boxes), planned.Kits...))
		}
		s.Boxes = union(s.Boxes, loaded)
	})
	for _, n := range loaded {
		r.book.Boxes.Add(n, box.Fact{Act: act, Kind: box.Loaded})
	}
	switch fact.Kind {
	case KindLoaded:
		r.book.Boxes.Refresh(loaded...)
	case KindPlanned, KindDispatched, KindCancelled:
		r.book.Boxes.Refresh(r.book.State.Shipments[e.document()].Boxes...)
	case KindInspected, KindAssigned, KindAccepted, KindHandedOver, KindCheckpoint, KindDelayed, KindDiverted, KindTransferred, KindArrived:
	}
}
