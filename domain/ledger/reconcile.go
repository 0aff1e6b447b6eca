package ledger

import (
	"reflect"
	"slices"

	"jejak/domain"
	"jejak/domain/incident"
)

// found are the findings of some subjects, in order.
type found struct {
	list     []domain.Finding
	subjects []string // id of the subject of each
	byKey    map[string]int
}

// few subjects are compared one by one, which is faster than a map.
const few = 16

// subjects without repetition.
func (s *State) subjects(touched []domain.Subject) []domain.Subject {
	once := make([]domain.Subject, 0, len(touched))
	var seen map[domain.Subject]bool
	if len(touched) > few {
		seen = make(map[domain.Subject]bool, len(touched))
	}
	for _, t := range touched {
		if seen[t] || seen == nil && slices.Contains(once, t) {
			continue
		}
		if seen != nil {
			seen[t] = true
		}
		once = append(once, t)
	}
	return once
}

func (s *State) findings(subjects []domain.Subject) found {
	var f found
	for _, subject := range subjects {
		for _, finding := range s.books[subject.Kind].Findings(subject.ID) {
			if _, ok := f.byKey[finding.Key]; !ok {
				if f.byKey == nil {
					f.byKey = map[string]int{}
				}
				f.byKey[finding.Key] = len(f.list)
				f.list = append(f.list, finding)
				f.subjects = append(f.subjects, subject.ID)
			}
		}
	}
	return f
}

func (s *State) save(subjects []domain.Subject) (restore func()) {
	restores := make([]func(), len(subjects))
	for i, subject := range subjects {
		restores[i] = s.books[subject.Kind].Save(subject.ID)
	}
	return func() {
		for _, r := range slices.Backward(restores) {
			r()
		}
	}
}

// rejected are the findings that forbid a request: those that it would bring, or make about more pieces than they are about already.
func rejected(mode domain.Mode, cmd domain.Command, before, after found) []domain.Violation {
	var violations []domain.Violation
	for n, f := range after.list {
		if i, old := before.byKey[f.Key]; old && f.Quantity <= before.list[i].Quantity {
			continue
		}
		if mode == domain.Request && f.Rule.OnRequest != domain.Record {
			violations = append(violations, domain.Violation{Rule: f.Rule, Path: pathOf(cmd, f, after.subjects[n]), Args: f.Args})
		}
	}
	return violations
}

// pathOf is where the command names what a finding is about: the subject, or one of the units. A finding that it brought on something that it
// does not name (an earlier act that it turns out to contradict) has the place of the command's data as a whole.
func pathOf(cmd domain.Command, f domain.Finding, subject string) string {
	if f.Path != "" {
		return f.Path
	}
	if locator, ok := cmd.(domain.Locator); ok {
		for _, unit := range append([]string{subject}, f.Units...) {
			if path := locator.PathOf(unit); path != "" {
				return path
			}
		}
	}
	return "/data"
}

// registerEvent is an event of the register that names its case.
type registerEvent interface {
	incident.Event
	Case() string
}

// reconcile turns the difference between two sets of findings into events: what is new is raised, what is other is revised, what is gone is
// explained.
func (s *State) reconcile(before, after found, by domain.Ref) []registerEvent {
	var events []registerEvent
	raised := 0
	for _, f := range after.list {
		i, old := before.byKey[f.Key]
		c, known := s.Register.Find(f.Key)
		message := domain.Violation{Rule: f.Rule, Args: f.Args}
		switch {
		case !known:
			events = append(events, &incident.Raised{
				Discrepancy: s.Register.NextID(s.Unit, raised), Key: f.Key, Rule: f.Rule.ID, Kind: f.TheKind(), Severity: f.TheSeverity(),
				Units: f.Units, Quantity: f.Quantity, Provisional: f.Provisional,
				Message: message.Message(), MessageEN: message.MessageEN(), Proof: proof(f.Proof, by),
			})
			raised++
		case !old && c.Status != incident.StatusOpen:
			events = append(events, &incident.Reopened{Discrepancy: c.ID, By: by})
			if !s.sameCase(c, f, message) {
				events = append(events, revised(c.ID, f, message, by))
			}
		case !old && !s.sameCase(c, f, message): // a person had reopened it while the facts said nothing of it
			events = append(events, revised(c.ID, f, message, by))
		case old && c.Status == incident.StatusResolved && f.Quantity > before.list[i].Quantity: // what was mended was less
			events = append(events, &incident.Reopened{Discrepancy: c.ID, By: by}, revised(c.ID, f, message, by))
		case old && c.Status == incident.StatusOpen && !same(before.list[i], f):
			events = append(events, revised(c.ID, f, message, by))
		}
	}
	for _, f := range before.list {
		if _, still := after.byKey[f.Key]; still {
			continue
		}
		if c, ok := s.Register.Find(f.Key); ok && c.Status == incident.StatusOpen {
			events = append(events, &incident.Explained{Discrepancy: c.ID, By: by})
		}
	}
	return events
}

func revised(id string, f domain.Finding, message domain.Violation, by domain.Ref) *incident.Revised {
	return &incident.Revised{
		Discrepancy: id, Kind: f.TheKind(), Severity: f.TheSeverity(), Units: f.Units, Quantity: f.Quantity,
		Provisional: f.Provisional, Message: message.Message(), MessageEN: message.MessageEN(), By: by,
	}
}

func proof(refs []domain.Ref, by domain.Ref) []domain.Ref {
	if slices.Contains(refs, by) {
		return refs
	}
	return append(slices.Clone(refs), by)
}

func same(a, b domain.Finding) bool {
	return a.TheKind() == b.TheKind() && a.TheSeverity() == b.TheSeverity() && a.Quantity == b.Quantity && a.Provisional == b.Provisional &&
		slices.Equal(a.Units, b.Units) && reflect.DeepEqual(a.Args, b.Args)
}

// sameCase tells whether a case still says what the finding says.
func (s *State) sameCase(c *incident.Case, f domain.Finding, message domain.Violation) bool {
	return c.Kind == f.TheKind() && c.Severity == f.TheSeverity() && c.Quantity == f.Quantity && c.Provisional == f.Provisional &&
		slices.Equal(c.Units, f.Units) && s.Register.Text(c).ID == message.Message()
}
