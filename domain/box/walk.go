package box

import (
	"math"

	"jejak/domain"
)

// The steps of packing.
const (
	stepLabelled = iota
	stepPacked
	stepChecked
	stepSealed
)

// walker goes along the facts of one box. A fact out of its place yields a finding, and the walk goes on from where that fact puts the box.
type walker struct {
	*Book
	number   uint32
	id       domain.BoxID      // "" while only the outcome is asked for
	findings *[]domain.Finding // nil: only the outcome is asked for

	now       int64 // when the fact at hand occurred
	step      int
	kit       bool
	packedBy  *Fact // since it was last opened
	content   *Fact // the last packing
	sealedBy  *Fact // the last sealing
	replaces  *Fact
	retiredBy *Fact
	counted   *Fact // the last count

	reopened  bool // opened before the day, and not sealed again or on its way since
	unsealed  bool // that it has no seal has been found already
	custody   uint32
	presumed  domain.Code // where it must be for the last fact to be true
	journey   Journey
	loadedBy  *Fact // nil: on no vehicle
	departed  bool
	missed    bool   // missing when the vehicle was unloaded
	handoff   uint32 // of Texts: the one that brought it here; 0 for none, or when it has been loaded since
	read      uint32 // set of seals that the last receiver read, when they differed
	sealWrong bool   // a receiver has found something wrong with the seals
	overlay   State  // IsDamaged, IsLost or IsSeized until it moves on; else Labelled
}

// walk says what follows from the facts of a box, and appends what is wrong to findings unless that is nil.
func (b *Book) walk(number uint32, findings *[]domain.Finding) Box {
	box := b.Register.Boxes[number]
	w := walker{Book: b, number: number, findings: findings, kit: b.Register.isKit(number), presumed: b.Unit}
	if findings != nil {
		w.id = b.Register.ID(number)
	}
	for i := range box.Facts {
		w.step1(&box.Facts[i])
	}
	w.depart(math.MaxInt64)
	w.contents()
	box.State, box.Custody = w.state(), w.custody
	box.Design, box.Ballots = 0, 0
	if w.content != nil && w.retiredBy == nil {
		box.Design, box.Ballots = w.content.B, w.content.A
	}
	return box
}

func (w *walker) step1(f *Fact) {
	act := &w.Register.Acts[f.Act]
	w.now = act.Occurred
	w.depart(w.now)
	if w.retiredBy != nil && f.Kind < Lost {
		w.find(RuleRetired, f, finding{proof: w.retiredBy}, string(w.Register.ID(w.retiredBy.A)))
		return
	}
	if f.Kind < Lost {
		w.overlay = Labelled
	}
	switch f.Kind {
	case Replaces:
		w.replaces = f
		if place := w.placeOf(f); place != w.Unit && w.Unit.Covers(place) {
			w.custody, w.presumed = act.Place, place
		}
	case Unsealed:
		if w.step == stepLabelled {
			w.find(RuleNotPacked, f, finding{provisional: true})
		}
		if w.departed || w.custody != 0 {
			w.find(RuleOpenedOutside, f, finding{proof: w.loadedBy})
		}
		w.step, w.packedBy, w.sealedBy, w.reopened = stepLabelled, nil, nil, true
		w.unsealed, w.read, w.sealWrong = false, 0, false
	case Packed:
		w.pack(f)
	case Checked:
		if w.step == stepLabelled {
			w.find(RuleNotPacked, f, finding{provisional: true})
		}
		if w.packedBy != nil && w.Register.Acts[w.packedBy.Act].Actor == act.Actor {
			w.find(RuleCheckerIsPacker, f, finding{proof: w.packedBy})
		}
		w.step = max(w.step, stepChecked)
	case Sealed:
		w.seal(f)
	case Replaced:
		w.retiredBy = f
	case Loaded:
		w.load(f)
	case Missing:
		w.find(RuleMissing, f, finding{document: true}, w.document(f))
		w.missed = true
	case Accepted:
		w.accept(f)
	case Lost:
		w.overlay = IsLost
	case Seized:
		w.overlay = IsSeized
	case Damaged:
		w.overlay = IsDamaged
	case Counted:
		w.counted = f
	case Foreign:
		w.foreign(f)
	}
}

func (w *walker) pack(f *Fact) {
	if w.replaces == nil && w.Register.isReplacement(w.number) {
		w.find(RuleNotReplacement, f, finding{provisional: true})
	}
	if w.packedBy != nil {
		w.find(RulePackedTwice, f, finding{proof: w.packedBy})
	}
	w.step, w.packedBy, w.content = stepPacked, f, f
}

func (w *walker) seal(f *Fact) {
	switch w.step {
	case stepLabelled:
		w.find(RuleNotPacked, f, finding{provisional: true})
	case stepPacked:
		w.find(RuleNotChecked, f, finding{provisional: true})
	case stepSealed:
		w.find(RuleSealedTwice, f, finding{proof: w.sealedBy})
	}
	w.step, w.sealedBy, w.reopened, w.unsealed, w.read, w.sealWrong = stepSealed, f, false, false, 0, false
}

// ready finds fault with a box that leaves as it is. A kit has no seals.
func (w *walker) ready(f *Fact) {
	switch {
	case w.unsealed:
		return
	case w.kit && w.step == stepLabelled:
		w.find(RuleNotPacked, f, finding{provisional: true})
	case !w.kit && w.step != stepSealed:
		w.find(RuleNotSealed, f, finding{provisional: true, document: true})
	default:
		return
	}
	w.unsealed = true
}

func (w *walker) load(f *Fact) {
	shipment := w.document(f)
	journey := w.Journeys.Journey(shipment)
	if journey.Cancelled {
		return // it came off again
	}
	if w.loadedBy != nil && w.document(w.loadedBy) == shipment && !w.missed {
		return
	}
	from := journey.From
	if from == "" {
		from = w.regionOf(f)
	}
	w.ready(f)
	switch {
	case w.loadedBy != nil && !w.missed && w.departed:
		w.find(RuleNotHandedOver, f, finding{document: true, provisional: true, proof: w.loadedBy}, shipment, w.document(w.loadedBy))
	case w.loadedBy != nil && !w.missed:
		w.find(RuleTwoShipments, f, finding{document: true, provisional: true, proof: w.loadedBy}, shipment, w.document(w.loadedBy))
	case w.presumed != from:
		w.find(RuleNotInCustody, f, finding{document: true, provisional: true}, string(from), string(w.presumed))
	}
	w.presumed = from
	w.loadedBy, w.journey, w.departed, w.missed, w.handoff = f, journey, false, false, 0
	w.depart(w.now)
}

// depart lets the vehicle leave when it has left by now.
func (w *walker) depart(now int64) {
	if w.loadedBy == nil || w.departed || !w.journey.HasLeft || w.journey.Left > now {
		return
	}
	w.departed = true
	w.ready(w.loadedBy)
}

func (w *walker) accept(f *Fact) {
	handoff, number := w.document(f), w.Register.Acts[f.Act].Document
	offer := w.Offers.Offer(handoff)
	place := offer.To
	if place == "" {
		place = w.regionOf(f)
	}
	offered := offer.Known && offer.Has(w.number)
	switch {
	case !offer.Known: // found once for the whole handoff
	case !offered:
		w.find(RuleNotOffered, f, finding{document: true, provisional: true}, handoff)
	case w.handoff == number: // accepted twice, which the handoff finds
	case offer.From != "" && w.presumed != offer.From && !(offer.Walked && offer.From.Covers(w.presumed)):
		w.find(RuleNoHandoff, f, finding{document: true, provisional: true}, string(offer.From), string(w.presumed))
	}
	if w.findings != nil && !place.Covers(w.id.Destination()) {
		w.find(RuleWrongDestination, f, finding{document: true}, string(place), string(w.id.Destination()))
	}
	w.condition(f, handoff)
	w.custody, w.presumed = w.Register.place(place), place
	w.loadedBy, w.departed, w.missed, w.reopened, w.handoff = nil, false, false, false, number
}

// condition compares what the receiver saw with what was recorded.
func (w *walker) condition(f *Fact, handoff string) {
	if f.Flag&BoxWasDamaged != 0 {
		w.find(RuleBoxDamaged, f, finding{document: true}, handoff)
	}
	if f.Flag&BoxWasWet != 0 {
		w.find(RuleBoxWet, f, finding{document: true}, handoff)
	}
	if w.kit {
		if w.step == stepLabelled && !w.unsealed {
			w.find(RuleArrivedUnpacked, f, finding{document: true, provisional: true}, handoff)
			w.unsealed = true
		}
		return
	}
	switch {
	case f.Flag&SealWasBroken != 0:
		w.find(RuleSealBroken, f, finding{document: true, proof: w.sealedBy}, handoff)
		w.sealWrong, w.unsealed = true, true
	case f.Flag&SealWasMissing != 0:
		w.find(RuleArrivedUnsealed, f, finding{document: true, proof: w.sealedBy}, handoff)
		w.sealWrong, w.unsealed = true, true
	case w.step != stepSealed:
		if !w.unsealed {
			w.find(RuleArrivedUnsealed, f, finding{document: true, provisional: true}, handoff)
			w.unsealed = true
		}
	case f.Flag&Extra != 0: // the list of extra boxes has no seals
	case f.A == 0 && !w.sealWrong:
		w.find(RuleArrivedUnsealed, f, finding{document: true, proof: w.sealedBy}, handoff)
		w.sealWrong = true
	case f.A != 0 && f.A != w.sealedBy.A && f.A != w.read:
		w.find(RuleSealMismatch, f, finding{document: true, proof: w.sealedBy}, handoff,
			listed(w.Register.sealNumbers(f.A)), listed(w.Register.sealNumbers(w.sealedBy.A)))
		w.sealWrong, w.read = true, f.A
	}
}

// contents finds what is wrong with the last packing and the last count.
func (w *walker) contents() {
	p := w.content
	if p == nil || w.findings == nil || w.kit || w.id.IsRecap() {
		return
	}
	dest := w.id.Destination()
	if want, design := w.Ref.Design(dest, w.id.Type()), w.Register.Texts.Text(p.B); want != "" && design != want {
		w.find(RuleWrongDesign, p, finding{}, design, want)
	}
	if want, known := w.Ref.Ballots(dest); known && !w.exempt(w.id, p) {
		w.differ(RuleBallotNumber, p, nil, int64(p.A), want)
	}
	if w.counted != nil {
		w.differ(RuleCountDiffers, w.counted, p, int64(w.counted.A), int64(p.A))
	}
}

func (w *walker) foreign(f *Fact) {
	design := w.Register.Texts.Text(f.B)
	w.find(RuleForeignBallots, f, finding{proof: w.content, quantity: int64(f.A), key: design}, int64(f.A), design)
}

func (w *walker) state() State {
	switch {
	case w.retiredBy != nil:
		return IsReplaced
	case w.overlay != Labelled:
		return w.overlay
	case w.loadedBy != nil && w.departed:
		return InTransit
	case w.loadedBy != nil && !w.reopened && !w.missed:
		return OnVehicle
	case !w.reopened && w.custody != 0:
		if s, ok := at(domain.Code(w.Register.Texts.Text(w.custody))); ok {
			return s
		}
	}
	return State(w.step)
}

func at(place domain.Code) (State, bool) {
	switch place.Level() {
	case domain.District:
		return AtDistrict, true
	case domain.Village:
		return AtVillage, true
	case domain.Station:
		return AtStation, true
	case domain.None, domain.Province, domain.Regency:
	}
	return Labelled, false
}
