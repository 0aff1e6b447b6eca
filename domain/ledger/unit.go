package ledger

import (
	"slices"

	"jejak/domain"
	"jejak/domain/supporting"
)

// AdoptReference makes a version of the election's reference data count for this unit from now on (unit.adopt_reference).
type AdoptReference struct {
	Version string `json:"version"`
}

// ReferenceAdopted: from here on the unit decides by this version (unit.reference_adopted).
type ReferenceAdopted struct {
	Version string `json:"version"`
}

func (*AdoptReference) CommandType() string        { return "unit.adopt_reference" }
func (a *AdoptReference) Validate(c *domain.Check) { c.Need("/data/version", a.Version, domain.Name) }
func (*ReferenceAdopted) EventType() string        { return "unit.reference_adopted" }
func (*ReferenceAdopted) Schema() int              { return 1 }

// RuleNoReference: nothing can be decided before the unit knows its stations, designs and norms.
var RuleNoReference = &domain.Rule{ID: "no_reference", OnRequest: domain.Reject, OnReport: domain.Reject,
	Message: domain.Text{ID: "satker %[1]v belum memakai data acuan pemilu", EN: "unit %[1]v has not adopted the election's reference data"},
	Remedy:  domain.Text{ID: "jalankan jejak import, lalu kirim lagi", EN: "run jejak import, then send again"}}

// RuleUnknownReference: a version must be in the election's stream before a unit adopts it.
var RuleUnknownReference = &domain.Rule{ID: "unknown_reference", OnRequest: domain.Reject, OnReport: domain.Reject,
	Message: domain.Text{ID: "data acuan versi %[1]v tidak ada", EN: "there is no reference data of version %[1]v"},
	Remedy:  domain.Text{ID: "impor dahulu dengan jejak import", EN: "import it first with jejak import"}}

// unitRoom is the room of what the unit is: which reference data it goes by.
type unitRoom struct{ s *State }

func (u unitRoom) NewCommand(t string) domain.Command {
	if t == "unit.adopt_reference" {
		return &AdoptReference{}
	}
	return nil
}

func (u unitRoom) NewEvent(t string, schema int) domain.Event {
	if t == "unit.reference_adopted" && schema <= 1 {
		return &ReferenceAdopted{}
	}
	return nil
}

func (u unitRoom) Plan(act domain.Act, cmd domain.Command) domain.Plan {
	version := cmd.(*AdoptReference).Version
	if _, ok := u.s.catalog.Reference(u.s.Election, version); !ok {
		return domain.Plan{Violations: []domain.Violation{{Rule: RuleUnknownReference, Path: "/data/version", Args: []any{version}}}}
	}
	return domain.Plan{Event: &ReferenceAdopted{Version: version}, Touched: u.touched(version)}
}

// maxByReference is the most discrepancies that the adoption of reference data raises, revises or explains, so that it can always be appended.
// What is beyond it is found when the box or station concerned is next touched.
const maxByReference = 500

// touched is everything that is measured by reference data: boxes by designs and voters, supporting data by counts, stations by what they get.
// The same version again changes nothing.
func (u unitRoom) touched(version string) []domain.Subject {
	if u.s.ref == nil || u.s.Adopted == version {
		return nil
	}
	var touched []domain.Subject
	for n := range u.s.BoxRegister.Boxes {
		touched = append(touched, domain.Subject{Kind: domain.SubjectBox, ID: u.s.BoxRegister.IDs.Name(uint32(n))})
	}
	for _, group := range supporting.Groups() {
		touched = append(touched, domain.Subject{Kind: domain.SubjectSupporting, ID: group})
	}
	next, _ := u.s.catalog.Reference(u.s.Election, version)
	for _, district := range u.s.Deadlines.Districts() {
		for _, station := range slices.Concat(u.s.ref.StationsIn(district), next.StationsIn(district)) {
			touched = append(touched, domain.Subject{Kind: domain.SubjectStation, ID: string(station)})
		}
	}
	return touched
}

// Apply cannot fail: Plan and Fold have checked that the version exists.
func (u unitRoom) Apply(rec domain.Recorded) {
	if e, ok := rec.Event.(*ReferenceAdopted); ok && u.s.adopt(e.Version) == nil {
		u.s.assemble()
	}
}

func (u unitRoom) Rules() []*domain.Rule {
	return []*domain.Rule{RuleNoReference, RuleUnknownReference}
}
