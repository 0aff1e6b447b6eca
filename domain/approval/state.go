package approval

import (
	"maps"
	"slices"

	"jejak/domain"
	"jejak/domain/fact"
)

// Ruling is what a second person said about one or more subjects: an approval or a refusal.
type Ruling struct {
	fact.Fact
	Refusal  bool
	Purpose  Purpose
	Subjects []string
	Role     domain.Role // of who said it
	Entitled bool        // by role and scope in the record
	Amount   int64       // rupiah, of a budget exception
	Document string
	Note     string // of an approval; the reason of a refusal
	Revoked  *Revocation
}

// Revocation took an approval back.
type Revocation struct {
	fact.Fact
	Reason string
}

// InForce tells whether an approval counts: given by somebody entitled, and not revoked.
func (r *Ruling) InForce() bool { return r != nil && !r.Refusal && r.Entitled && r.Revoked == nil }

// State holds what was approved and refused. The zero value is empty.
type State struct {
	Rulings fact.Table[Ruling]  // by id: that of the command
	About   map[string][]string // ids of rulings by purpose and subject, as they were recorded; never changed in place
}

func key(purpose Purpose, subject string) string { return string(purpose) + "|" + subject }

// Of are the ids of the rulings on a subject for a purpose, as they were recorded.
func (s *State) Of(purpose Purpose, subject string) []string { return s.About[key(purpose, subject)] }

// Cover is the first approval in force of a purpose and subject, by somebody else than those who acted, that allows so much (rupiah; 0 where no
// amount is meant); id is "" for none. own tells that there is none, but one by somebody who acted. named asks for that one alone, "" for any.
func (s *State) Cover(purpose Purpose, subject string, amount int64, named string, acted ...string) (id string, own bool) {
	for _, id := range s.Of(purpose, subject) {
		r := s.Rulings[id]
		switch {
		case named != "" && id != normal(named):
		case !r.InForce() || r.Amount < amount:
		case slices.Contains(acted, r.Actor):
			own = true
		default:
			return id, false
		}
	}
	return "", own
}

// Covered tells whether an act by a person is covered.
func (s *State) Covered(purpose Purpose, subject, actor string) bool {
	id, _ := s.Cover(purpose, subject, 0, "", actor)
	return id != ""
}

// Declined tells whether somebody entitled has refused a purpose and subject.
func (s *State) Declined(purpose Purpose, subject string) bool {
	return slices.ContainsFunc(s.Of(purpose, subject), func(id string) bool { return s.Rulings[id].Refusal && s.Rulings[id].Entitled })
}

// add folds a ruling.
func (s *State) add(id string, r Ruling) {
	s.Rulings.Change(id, func(old *Ruling) { *old = r })
	if s.About == nil {
		s.About = map[string][]string{}
	}
	for _, subject := range r.Subjects {
		k := key(r.Purpose, subject)
		s.About[k] = append(slices.Clone(s.About[k]), id)
	}
}

// drop forgets a ruling that was taken back.
func (s *State) drop(id string) {
	r := s.Rulings[id]
	if r == nil {
		return
	}
	for _, subject := range r.Subjects {
		k := key(r.Purpose, subject)
		if s.About[k] = slices.DeleteFunc(slices.Clone(s.About[k]), func(other string) bool { return other == id }); len(s.About[k]) == 0 {
			delete(s.About, k)
		}
	}
	delete(s.Rulings, id)
}

// Clone is a state that goes on by itself.
func (s *State) Clone() State {
	return State{Rulings: maps.Clone(s.Rulings), About: maps.Clone(s.About)}
}
