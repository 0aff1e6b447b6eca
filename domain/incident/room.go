package incident

import (
	"jejak/domain"
	"jejak/domain/box"
)

// The rules of the room.
var (
	RuleUnknownIncident = &domain.Rule{ID: "unknown_incident", OnRequest: domain.Invalid, OnReport: domain.Invalid,
		Message: domain.Text{ID: "tidak ada kejadian %[1]v pada satker ini", EN: "there is no incident %[1]v in this unit"},
		Remedy:  domain.Text{ID: "periksa nomornya", EN: "check its id"}}
	RuleNotOpen = &domain.Rule{ID: "incident_not_open", OnRequest: domain.Reject, OnReport: domain.Record,
		Message: domain.Text{ID: "kejadian %[1]v sudah berstatus %[2]v", EN: "incident %[1]v is %[2]v already"},
		Remedy:  domain.Text{ID: "buka kembali dahulu dengan incident.reopen", EN: "reopen it first with incident.reopen"}}
	RuleNotClosed = &domain.Rule{ID: "incident_not_closed", OnRequest: domain.Reject, OnReport: domain.Record,
		Message: domain.Text{ID: "kejadian %[1]v masih terbuka", EN: "incident %[1]v is still open"},
		Remedy:  domain.Text{ID: "tidak perlu dibuka kembali", EN: "there is no need to reopen it"}}
)

// Room decides on what people say about incidents, and folds it into the register.
type Room struct {
	register *Register
	boxes    *box.Book
	escorts  Escorts
}

var _ domain.Room = (*Room)(nil)

// NewRoom returns the room over the ledger's register, boxes and escorts.
func NewRoom(register *Register, boxes *box.Book, escorts Escorts) *Room {
	return &Room{register: register, boxes: boxes, escorts: escorts}
}

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	switch commandType {
	case "incident.raise":
		return &Raise{}
	case "incident.assess":
		return &Assess{}
	case "incident.order_action":
		return &OrderAction{}
	case "incident.resolve":
		return &Resolve{}
	case "incident.reopen":
		return &Reopen{}
	case "incident.report_seal_conflict":
		return &ReportSealConflict{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "incident.raised":
		return &IncidentRaised{}
	case "incident.assessed":
		return &IncidentAssessed{}
	case "incident.action_ordered":
		return &ActionOrdered{}
	case "incident.resolved":
		return &IncidentResolved{}
	case "incident.reopened":
		return &IncidentReopened{}
	case "incident.seal_conflict_reported":
		return &SealConflictReported{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	switch c := cmd.(Command).(type) {
	case *Raise:
		plan := domain.Plan{Event: &IncidentRaised{
			Incident: r.register.NextID(act.Unit, 0), Kind: c.Kind, Severity: c.Severity, Units: c.Units, Note: c.Note,
		}}
		if r.aboutShipments(act.Actor, c.Units) {
			plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectSender, ID: act.Actor.ID})
			if act.Mode == domain.Request && r.held(Pledge{PoliceUnit: act.Actor.Scope, Shipments: c.Units}) {
				plan.Violations = append(plan.Violations, r.escorts.NotAsked(act.Actor, "/data/units"))
			}
		}
		if _, moves := factOf[c.Kind]; !moves {
			return plan
		}
		for i, unit := range c.Units {
			if id, err := domain.ParseBoxID(unit); err == nil {
				plan.Violations = append(plan.Violations, r.boxes.Check(id, "/data/units"+domain.Index(i))...)
				plan.Touched = append(plan.Touched, domain.Subject{Kind: domain.SubjectBox, ID: unit})
			}
		}
		return plan
	case *Assess:
		known, violations := r.find(c.Incident)
		return domain.Plan{Violations: violations, Event: &IncidentAssessed{
			Incident: c.Incident, Revision: int(known.Revision) + 1, Severity: c.Severity, Units: c.Units, Quantity: c.Quantity, Note: c.Note,
		}}
	case *OrderAction:
		_, violations := r.find(c.Incident)
		return domain.Plan{Event: (*ActionOrdered)(c), Violations: violations}
	case *Resolve:
		known, violations := r.find(c.Incident)
		if len(violations) == 0 && act.Mode == domain.Request && known.Status != StatusOpen {
			violations = []domain.Violation{{Rule: RuleNotOpen, Path: "/data/incident", Args: []any{c.Incident, string(known.Status)}}}
		}
		return domain.Plan{Event: (*IncidentResolved)(c), Violations: violations}
	case *Reopen:
		known, violations := r.find(c.Incident)
		if len(violations) == 0 && act.Mode == domain.Request && known.Status == StatusOpen {
			violations = []domain.Violation{{Rule: RuleNotClosed, Path: "/data/incident", Args: []any{c.Incident}}}
		}
		return domain.Plan{Event: (*IncidentReopened)(c), Violations: violations}
	case *ReportSealConflict:
		return domain.Plan{Event: (*SealConflictReported)(c), Touched: []domain.Subject{{Kind: domain.SubjectSeal, ID: c.Seal}}}
	}
	return domain.Plan{}
}

func (r *Room) find(id string) (Case, []domain.Violation) {
	if c := r.register.Cases[id]; c != nil {
		return *c, nil
	}
	return Case{}, []domain.Violation{{Rule: RuleUnknownIncident, Path: "/data/incident", Args: []any{id}}}
}

// factOf are the kinds that change the state of the boxes among the units.
var factOf = map[domain.Kind]box.Kind{domain.Lost: box.Lost, domain.Seized: box.Seized, domain.Damaged: box.Damaged}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	switch e := rec.Event.(RoomEvent).(type) {
	case *IncidentRaised:
		r.raise(rec, e)
	case *IncidentAssessed:
		r.register.change(e.Incident, rec.Ref(), func(c *Case) {
			c.Revision = int32(e.Revision)
			c.handle(func(h *Handling) { h.Note = e.Note })
			if e.Severity != "" {
				c.Severity = e.Severity
			}
			if len(e.Units) > 0 {
				c.Units = e.Units
			}
			if e.Quantity != nil {
				c.Quantity = *e.Quantity
			}
		})
	case *ActionOrdered:
		r.register.change(e.Incident, rec.Ref(), func(c *Case) {
			c.handle(func(h *Handling) { h.Action = e.Action })
		})
	case *IncidentResolved:
		r.register.change(e.Incident, rec.Ref(), func(c *Case) {
			if !c.decide(rec) {
				return
			}
			c.Status, c.Closed = StatusResolved, rec.Meta.RecordedAt.UnixMicro()
			c.handle(func(h *Handling) { h.Resolution, h.Document = e.How, e.Document })
		})
	case *IncidentReopened:
		r.register.change(e.Incident, rec.Ref(), func(c *Case) {
			if !c.decide(rec) {
				return
			}
			c.reopen()
			c.handle(func(h *Handling) { h.Note = e.Reason })
		})
	case *SealConflictReported:
		r.boxes.Conflict(r.boxes.Register.AddAct(rec, ""), e.Seal, string(e.OtherUnit), e.Boxes)
	}
}

// decide tells whether a person's decision counts: one that is told late and occurred before the last is only another proof.
func (c *Case) decide(rec domain.Recorded) bool {
	if rec.Meta.OccurredAt.Before(c.Handled().DecidedAt) {
		return false
	}
	c.handle(func(h *Handling) { h.DecidedAt = rec.Meta.OccurredAt })
	return true
}

func (r *Room) raise(rec domain.Recorded, e *IncidentRaised) {
	r.register.add(&Case{
		ID: e.Incident, Kind: e.Kind, Severity: e.Severity, Units: e.Units, Status: StatusOpen, Held: r.pledge(rec, e),
		Said: Said{Args: e.Note}, Handling: &Handling{RaisedBy: rec.Meta.Actor.ID, Note: e.Note}, Occurred: rec.Meta.OccurredAt.UnixMicro(),
		Recorded: rec.Meta.RecordedAt.UnixMicro(), Proof: []domain.Ref{rec.Ref()},
	})
	kind, moves := factOf[e.Kind]
	if !moves {
		return
	}
	reg := r.boxes.Register
	act := reg.AddAct(rec, e.Incident)
	for _, unit := range e.Units {
		if id, err := domain.ParseBoxID(unit); err == nil {
			number := reg.Enter(id)
			r.boxes.Add(number, box.Fact{Act: act, Kind: kind})
			r.boxes.Refresh(number)
		}
	}
}

// Rules implements domain.Room.
func (r *Room) Rules() []*domain.Rule {
	return []*domain.Rule{RuleUnknownIncident, RuleNotOpen, RuleNotClosed}
}
