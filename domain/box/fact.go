package box

import (
	"bytes"
	"cmp"

	"github.com/google/uuid"

	"jejak/domain"
)

// Act is one recorded event that facts point to: who, when, where, under which document.
type Act struct {
	Command  uuid.UUID
	Version  uint64
	Occurred int64  // microseconds since 1970, UTC
	Actor    uint32 // of Texts
	Place    uint32 // of Texts: where the actor serves; a region, or an escort's police unit
	Document uint32 // of Texts: shipment, handoff, incident ...; 0 for none
}

// Ref points at the event: the first of its command, as every event is that a person causes.
func (a Act) Ref() domain.Ref {
	return domain.Ref{Version: a.Version, Event: domain.EventID(a.Command, 0)}
}

// Kind is what a fact says.
type Kind uint8

// The kinds of fact, and what Fact's A and B mean for each.
const (
	Replaces Kind = iota + 1 // this box takes the place of box A
	Unsealed                 // opened before the day, to be packed, checked and sealed again
	Packed                   // A ballots of design B (Texts)
	Checked
	Sealed   // with the seals of set A
	Replaced // by box A; this id never moves again
	Loaded   // on the shipment that is the act's document
	Missing  // in the handoff that is the act's document
	Accepted // in the handoff that is the act's document; A the set of the seals read
	Lost
	Seized
	Damaged
	Counted // A ballots found
	Foreign // A ballots of another design B (Texts) found
)

var kindNames = [...]string{"", "replaces", "unsealed", "packed", "checked", "sealed", "replaced", "loaded", "missing", "accepted", "lost", "seized",
	"damaged", "counted", "foreign"}

func (k Kind) String() string { return kindNames[k] }

// Flags of a fact.
const (
	Exempt         uint8 = 1 << iota // Packed: an exception of schema 1 allows another number of ballots
	Extra                            // Accepted: listed as extra; no seals were read
	SealWasBroken                    // Accepted: condition
	SealWasMissing                   // Accepted: condition
	BoxWasDamaged                    // Accepted: condition
	BoxWasWet                        // Accepted: condition
	ByApproval                       // Packed: another number of ballots is meant; an approval in force allows it
)

// Fact is one thing known about one box.
type Fact struct {
	Act  uint32 // of Register.Acts
	A, B uint32
	Kind Kind
	Flag uint8
	Rank uint8 // the step's place among facts of the same moment
}

// rank orders facts that are said to have occurred at the same moment as the work goes: packing, then down from level to level. level is that of
// the place where the actor serves, which does not change when later facts arrive.
func rank(kind Kind, level domain.Level) uint8 {
	depth := uint8(0) // regency and everybody who serves no committee
	switch level {
	case domain.District:
		depth = 1
	case domain.Village:
		depth = 2
	case domain.Station:
		depth = 3
	case domain.None, domain.Province, domain.Regency:
	}
	switch kind {
	case Loaded:
		return 20 + 20*depth + 10
	case Missing, Accepted:
		if depth == 0 { // back in the warehouse
			depth = 4
		}
		return 20 + 20*depth + uint8(kind-Missing)
	case Lost, Seized, Damaged, Counted, Foreign:
		return 200 + uint8(kind)
	case Replaces, Unsealed, Packed, Checked, Sealed, Replaced:
	}
	return uint8(kind)
}

// compare orders facts as they occurred.
func (r *Register) compare(a, b Fact) int {
	x, y := &r.Acts[a.Act], &r.Acts[b.Act]
	if c := cmp.Compare(x.Occurred, y.Occurred); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Rank, b.Rank); c != 0 {
		return c
	}
	return bytes.Compare(x.Command[:], y.Command[:])
}

// State is what a box is.
type State uint8

// The states. A box that nothing is known about is Labelled.
const (
	Labelled State = iota
	InPacking
	InChecking
	UnderSeal
	OnVehicle
	InTransit
	AtDistrict
	AtVillage
	AtStation
	IsDamaged
	IsReplaced
	IsLost
	IsSeized
	States int = iota
)

var stateNames = [States]string{"labelled", "packed", "checked", "sealed", "loaded", "in_transit", "at_district", "at_village", "at_station",
	"damaged", "replaced", "lost", "seized"}

// String is the state's name for callers, such as "at_village".
func (s State) String() string { return stateNames[s] }
