package shipment

import (
	"jejak/domain"
	"jejak/domain/approval"
	"jejak/domain/box"
	"jejak/domain/goods"
)

// Handoffs finds the handoffs at the end of a shipment.
type Handoffs interface {
	// OfShipment returns the handoffs that were offered from a shipment, and every box that they offer or accept.
	OfShipment(shipment string) (handoffs []string, boxes []uint32)
}

// Book says what is wrong with shipments, and tells the boxes of their journeys.
type Book struct {
	State    *State
	Boxes    *box.Book
	Handoffs Handoffs
	// Approvals cover shipments that leave without an escort.
	Approvals *approval.State
	// Incidents are those that police units raise about shipments.
	Incidents Incidents
}

var (
	_ domain.Book  = (*Book)(nil)
	_ box.Journeys = (*Book)(nil)
)

// Journey implements box.Journeys.
func (b *Book) Journey(shipment string) box.Journey {
	if s := b.State.Shipments[shipment]; s != nil {
		return s.Journey
	}
	return box.Journey{}
}

// Save implements domain.Book.
func (b *Book) Save(id string) (restore func()) {
	forget := b.Boxes.Register.Mark()
	before, counts, strays := b.State.Shipments[id], b.State.Counts, b.State.Strays
	return func() {
		if before == nil {
			delete(b.State.Shipments, id)
		} else {
			b.State.Shipments[id] = before
		}
		b.State.Counts, b.State.Strays = counts, strays
		b.Incidents.Recheck(id)
		forget()
	}
}

// Findings implements domain.Book.
func (b *Book) Findings(id string) []domain.Finding {
	s := b.State.Shipments[id]
	if s == nil {
		return nil
	}
	findings := []domain.Finding{}
	next := *s
	b.walk(id, &next, &findings)
	return findings
}

// walker goes along the facts of a shipment.
type walker struct {
	*Book
	id       string
	s        *Shipment
	findings *[]domain.Finding

	first, planned, loaded, inspected, dispatched, cancelled *Fact

	escorts Escorts[uint32]  // up to the fact
	agreed  map[uint32]*Fact // escorts that have accepted
}

// walk brings s up to date and appends what is wrong with it to findings unless that is nil.
func (b *Book) walk(id string, s *Shipment, findings *[]domain.Finding) {
	w := walker{Book: b, id: id, s: s, findings: findings}
	s.Status, s.Bound, s.Vehicle, s.Escort, s.Agreed, s.Told = StatusPlanned, s.To, 0, 0, false, false
	s.Carrier = carrierOf(s.Facts)
	s.Journey = box.Journey{From: s.From}
	all := b.escorts(s.Facts)
	s.Strays = b.strays(s.Facts, &all)
	for i := range s.Facts {
		f := &s.Facts[i]
		if b.stray(f, &all) {
			continue
		}
		if !s.Told {
			s.Told = true
			w.first = f
		}
		w.step(f)
	}
	if w.planned == nil && s.Told {
		w.find(RuleUnplanned, w.first, finding{once: true, provisional: true})
	}
	w.carried()
	s.Journey.Cancelled = w.cancelled != nil && w.dispatched == nil
}

func (w *walker) step(f *Fact) {
	if w.cancelled != nil && f.Kind != KindPlanned && f.Kind != KindCancelled {
		w.find(RuleCancelled, f, finding{proof: w.cancelled}, f.Kind.String())
	}
	s := w.s
	switch f.Kind {
	case KindPlanned:
		w.planned = f
	case KindLoaded:
		if w.dispatched != nil {
			w.find(RuleLoadedLate, f, finding{proof: w.dispatched})
		}
		w.loaded, s.Vehicle = f, f.Text
		if s.Status == StatusPlanned {
			s.Status = StatusLoading
		}
	case KindInspected:
		w.inspected = f
	case KindAssigned:
		w.escorts.Assigned(f.Text)
		w.inCharge()
	case KindHandedOver:
		if by := w.teller(f); !w.escorts.HandedOver(by, f.Text) {
			w.find(RuleNotHisToHandOver, f, finding{}, w.Boxes.Register.Texts.Text(by), w.text(f))
		}
		w.inCharge()
	case KindAccepted:
		if w.agreed == nil {
			w.agreed = map[uint32]*Fact{}
		}
		w.agreed[f.Text] = f
		w.inCharge()
	case KindDispatched:
		w.dispatch(f)
	case KindCheckpoint:
		if s.Status == StatusDelayed {
			s.Status = StatusDispatched
		}
	case KindDelayed:
		reason := w.text(f)
		w.find(RuleDelayed, f, finding{}, reason, reasonID[reason])
		if s.Status == StatusDispatched {
			s.Status = StatusDelayed
		}
	case KindDiverted:
		s.Bound = domain.Code(w.text(f))
	case KindTransferred:
		s.Vehicle = f.Text
	case KindArrived:
		w.arrive(f)
	case KindCancelled:
		if w.dispatched != nil {
			w.find(RuleCancelledLate, f, finding{proof: w.dispatched})
			return
		}
		w.cancelled = f
		s.Status = StatusCancelled
	}
}

// inCharge brings up to date who is in charge. A unit that is asked only later, by another clock, has accepted as well.
func (w *walker) inCharge() {
	w.s.Escort = w.escorts.InCharge
	w.s.Agreed = w.s.Escort != 0 && w.agreed[w.s.Escort] != nil
}

func (w *walker) dispatch(f *Fact) {
	s := w.s
	if w.dispatched != nil {
		w.find(RuleDispatchedTwice, f, finding{proof: w.dispatched})
		return
	}
	w.dispatched = f
	s.Status = StatusDispatched
	s.Journey.HasLeft, s.Journey.Left = true, w.Boxes.Register.Acts[f.Act].Occurred
	if w.findings == nil {
		return
	}
	if w.loaded == nil && len(s.Lines) == 0 {
		w.find(RuleNothingLoaded, f, finding{provisional: true})
	}
	switch {
	case w.inspected == nil:
		w.find(RuleNotInspected, f, finding{provisional: true})
	case w.inspected.Flag&fit != fit:
		w.find(RuleUnfit, f, finding{proof: w.inspected})
	}
	if w.ballots() && (s.Escort == 0 || !s.Agreed) {
		w.unescorted(f)
	}
}

// unescorted finds fault with ballots that leave without an escort: whoever means it needs another who approves it.
func (w *walker) unescorted(f *Fact) {
	switch {
	case f.Flag&overridden != 0:
		w.find(RuleEscortOverridden, f, finding{provisional: true}, w.text(f), w.text(f))
	case f.Flag&byApproval == 0:
		w.find(RuleNoEscort, f, finding{provisional: true})
	default:
		id, _ := w.Approvals.Cover(approval.NoEscort, w.id, 0, "", w.actor(f))
		if id == "" {
			w.find(RuleEscortOverridden, f, finding{provisional: true}, "(belum ada)", "(nobody yet)")
			w.find(approval.RuleMissing, f, finding{provisional: true}, approval.MissingArgs(approval.NoEscort, w.id)[1:]...)
			return
		}
		who := w.Approvals.Rulings[id].Actor
		w.find(RuleEscortOverridden, f, finding{provisional: true}, who, who)
	}
}

// Overriding are the people who let a shipment leave and meant it to have no escort, by approval.
func (b *Book) Overriding(id string) []string {
	s := b.State.Shipments[id]
	if s == nil {
		return nil
	}
	var who []string
	for i := range s.Facts {
		if f := &s.Facts[i]; f.Kind == KindDispatched && f.Flag&byApproval != 0 {
			who = append(who, b.actor(f))
		}
	}
	return who
}

func (b *Book) actor(f *Fact) string {
	return b.Boxes.Register.Texts.Text(b.Boxes.Register.Acts[f.Act].Actor)
}

// ballots tells whether there are ballots on the vehicle.
func (w *walker) ballots() bool {
	for _, line := range w.s.Lines {
		if line.Item.Item == goods.Ballot || line.Item.Item == goods.RevoteBallot {
			return true
		}
	}
	for _, n := range w.s.Boxes {
		if id := w.Boxes.Register.ID(n); !id.IsKit() && !id.IsRecap() {
			return true
		}
	}
	return false
}

func (w *walker) arrive(f *Fact) {
	place := domain.Code(w.text(f))
	if w.dispatched == nil {
		w.find(RuleNotDispatched, f, finding{provisional: true})
	}
	if w.s.Bound != "" && !w.s.Bound.Covers(place) {
		w.find(RuleWrongPlace, f, finding{}, string(place), string(w.s.Bound))
	}
	if w.cancelled == nil {
		w.s.Status = StatusArrived
	}
}

func (w *walker) text(f *Fact) string { return w.Boxes.Register.Texts.Text(f.Text) }

// finding is what a find adds to the rule and the shipment.
type finding struct {
	once        bool // one for the shipment, not one per act
	provisional bool
	proof       *Fact // an earlier fact that it contradicts
}

func (w *walker) find(rule *domain.Rule, f *Fact, more finding, args ...any) {
	if w.findings == nil {
		return
	}
	act := &w.Boxes.Register.Acts[f.Act]
	key := rule.ID + "|" + w.id
	if !more.once {
		key += "|" + act.Command.String()
	}
	var proof []domain.Ref
	if more.proof != nil {
		proof = append(proof, w.Boxes.Register.Acts[more.proof.Act].Ref())
	}
	*w.findings = append(*w.findings, domain.Finding{
		Key: key, Rule: rule, Units: []string{w.id}, Provisional: more.provisional, Path: "/data/shipment",
		Args: append([]any{w.id}, args...), Proof: append(proof, act.Ref()),
	})
}
