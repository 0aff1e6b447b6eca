// Package ledger composes the rooms into the ledger of one work unit: one state, one stream, every rule decided in one place.
package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/incident"
)

// State is the ledger of one work unit in one election, folded up to Version. It is owned by one goroutine.
type State struct {
	Election string
	Unit     domain.Code
	// Data is everything folded: what a snapshot holds.
	Data

	catalog election.Catalog
	ref     *election.Reference // nil until adopted
	rooms   map[string]domain.Room
	books   map[domain.SubjectKind]domain.Book
	views   views
	tally   *tally        // nil until somebody asks
	goods   *goodsAccount // likewise
}

// New returns the empty ledger of a unit. catalog must hold every version of the reference data that the ledger's events adopt.
func New(electionID string, unit domain.Code, catalog election.Catalog) *State {
	s := &State{Election: electionID, Unit: unit, catalog: catalog}
	s.assemble()
	return s
}

// Restore returns a ledger that goes on from a snapshot's data, which it takes over.
func Restore(electionID string, unit domain.Code, catalog election.Catalog, data Data) (*State, error) {
	s := &State{Election: electionID, Unit: unit, catalog: catalog, Data: data}
	if data.Adopted != "" {
		if err := s.adopt(data.Adopted); err != nil {
			return nil, err
		}
	}
	s.assemble()
	return s, nil
}

// Reference is the adopted reference data, nil before the first unit.reference_adopted.
func (s *State) Reference() *election.Reference { return s.ref }

func (s *State) adopt(version string) error {
	ref, ok := s.catalog.Reference(s.Election, version)
	if !ok {
		return fmt.Errorf("ledger %s of %s adopts reference data version %q, which the election's stream does not hold", s.Unit, s.Election, version)
	}
	s.ref, s.Adopted = ref, version
	return nil
}

// Decision is what became of a command: either Events, already folded into the state, or Rejections and an unchanged state.
type Decision struct {
	Events     []domain.Recorded
	Rejections []domain.Violation
	// Raised are the discrepancies that the command raised, revised or reopened.
	Raised []*incident.Case
}

// Execute decides act and folds what it accepts. cmd must have passed Validate. The caller appends the events in order; if that fails the
// state holds what is not in the log and must be thrown away.
func (s *State) Execute(act domain.Act, cmd domain.Command) Decision {
	room := s.rooms[roomOf(cmd.CommandType())]
	if s.ref == nil && roomOf(cmd.CommandType()) != "unit" {
		return Decision{Rejections: []domain.Violation{{Rule: RuleNoReference, Path: "/unit", Args: []any{s.Unit}}}}
	}
	plan := room.Plan(act, cmd)
	if len(plan.Violations) > 0 {
		return Decision{Rejections: plan.Violations}
	}
	subjects := s.subjects(plan.Touched)
	before := s.findings(subjects)
	restore := s.save(subjects)
	primary := s.record(act, 0, plan.Event)
	room.Apply(primary)
	after := s.findings(subjects)
	_, adopts := cmd.(*AdoptReference)
	if rejections := rejected(act.Mode, cmd, before, after); len(rejections) > 0 && !adopts { // what new reference data shows is there already
		restore()
		return Decision{Rejections: rejections}
	}
	d := Decision{Events: []domain.Recorded{primary}}
	s.advance(primary)
	changes := s.reconcile(before, after, primary.Ref())
	if adopts {
		changes = changes[:min(len(changes), maxByReference)]
	}
	for _, event := range changes {
		rec := s.record(act, len(d.Events), event)
		s.Register.Apply(rec)
		s.advance(rec)
		d.Events = append(d.Events, rec)
		if c := s.Register.Cases[event.Case()]; c != nil && c.Status == incident.StatusOpen && !slices.Contains(d.Raised, c) {
			d.Raised = append(d.Raised, c)
		}
	}
	d.Raised = append(d.Raised, s.raisedBy(primary)...)
	return d
}

// Fold folds a recorded event: the next version of the stream.
func (s *State) Fold(rec domain.Recorded) error {
	if rec.Version != s.Version+1 {
		return fmt.Errorf("ledger %s of %s: event version %d after version %d", s.Unit, s.Election, rec.Version, s.Version)
	}
	return s.fold(rec)
}

// FoldLater folds a recorded event into a ledger that leaves events of its stream out: any version after the last one folded. To the rooms those in
// between are then events that have not arrived yet, which they bear, since phones report late and out of order. Such a ledger is for looking at: it
// must not decide, and its snapshot must not be kept.
func (s *State) FoldLater(rec domain.Recorded) error {
	if rec.Version <= s.Version {
		return fmt.Errorf("ledger %s of %s: event version %d after version %d, which is not earlier", s.Unit, s.Election, rec.Version, s.Version)
	}
	return s.fold(rec)
}

func (s *State) fold(rec domain.Recorded) error {
	switch e := rec.Event.(type) {
	case *ReferenceAdopted:
		if err := s.adopt(e.Version); err != nil {
			return err
		}
		s.assemble()
	case incident.Event:
		s.Register.Apply(rec)
	default:
		s.rooms[roomOf(e.EventType())].Apply(rec)
	}
	s.advance(rec)
	return nil
}

func (s *State) advance(rec domain.Recorded) {
	s.Version, s.LastRecorded = rec.Version, rec.Meta.RecordedAt
	if accountable(roomOf(rec.Event.EventType())) {
		s.goods = nil
	}
}

func (s *State) record(act domain.Act, n int, event domain.Event) domain.Recorded {
	return domain.Recorded{
		Version: s.Version + 1,
		ID:      domain.EventID(act.ID, n),
		Event:   event,
		Meta: domain.Meta{
			CommandID: act.ID, Actor: act.Actor, Device: act.Device, Mode: act.Mode, OccurredAt: act.OccurredAt, RecordedAt: act.RecordedAt,
		},
	}
}

// Data is the state of every room. Its fields are exported for the snapshot's sake; rooms alone change them.
type Data struct {
	Version      uint64 // events folded
	LastRecorded time.Time
	Adopted      string // version of the reference data
	Register     incident.Register
	Rooms
}

func roomOf(typ string) string {
	name, _, _ := strings.Cut(typ, ".")
	return name
}
