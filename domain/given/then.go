package given

import (
	"fmt"
	"regexp"
	"slices"
	"sort"

	"jejak/domain"
	"jejak/domain/incident"
)

// Then fails unless the last command was accepted and recorded exactly events of these types, in order.
func (s *Scene) Then(eventTypes ...string) *Scene {
	s.t.Helper()
	got := []string{}
	for _, rec := range s.Last.Events {
		got = append(got, rec.Event.EventType())
	}
	if !slices.Equal(got, eventTypes) {
		s.t.Fatalf("events %v, expected %v; %s", got, eventTypes, s.outcome())
	}
	return s
}

// Rejected fails unless the last command was rejected by exactly these rules, in any order. A rule broken twice is named twice.
func (s *Scene) Rejected(ruleIDs ...string) *Scene {
	s.t.Helper()
	return s.broke("rejected", s.Last.Rejections, ruleIDs)
}

// Malformed fails unless the last command was invalid by exactly these rules of form, in any order.
func (s *Scene) Malformed(ruleIDs ...string) *Scene {
	s.t.Helper()
	return s.broke("malformed", s.Invalid, ruleIDs)
}

func (s *Scene) broke(what string, violations []domain.Violation, ruleIDs []string) *Scene {
	s.t.Helper()
	got := []string{}
	for _, v := range violations {
		got = append(got, v.Rule.ID)
		if what == "malformed" {
			sawForm(v.Rule.ID)
		} else {
			s.saw(v.Rule.ID)
		}
		for _, text := range []string{v.Message(), v.MessageEN(), v.Remedy(), v.RemedyEN()} {
			s.wellFormed(v.Rule.ID, text)
		}
	}
	want := slices.Clone(ruleIDs)
	sort.Strings(got)
	sort.Strings(want)
	if !slices.Equal(got, want) || len(want) == 0 {
		s.t.Fatalf("%s by %v, expected %v; %s", what, got, want, s.outcome())
	}
	return s
}

// Raises fails unless the last command raised, revised or reopened a discrepancy of this kind on exactly these units.
func (s *Scene) Raises(kind domain.Kind, units ...string) *Scene {
	s.t.Helper()
	s.raised(kind, units)
	return s
}

// RaisesQuantity is Raises for a discrepancy of so many pieces.
func (s *Scene) RaisesQuantity(kind domain.Kind, quantity int64, units ...string) *Scene {
	s.t.Helper()
	if c := s.raised(kind, units); c != nil && c.Quantity != quantity {
		s.t.Fatalf("%s on %v is about %d pieces, expected %d", kind, units, c.Quantity, quantity)
	}
	return s
}

// RaisesProvisional is Raises for a discrepancy that a fact still on its way would explain.
func (s *Scene) RaisesProvisional(kind domain.Kind, units ...string) *Scene {
	s.t.Helper()
	if c := s.raised(kind, units); c != nil && !c.Provisional {
		s.t.Fatalf("%s on %v is not provisional", kind, units)
	}
	return s
}

func (s *Scene) raised(kind domain.Kind, units []string) *incident.Case {
	s.t.Helper()
	for _, c := range s.Last.Raised {
		if c.Kind == kind && slices.Equal(c.Units, units) {
			s.wellFormed(c.Rule, s.State.Register.Text(c).ID)
			s.wellFormed(c.Rule, s.State.Register.Text(c).EN)
			s.saw(c.Rule)
			if len(c.Proof) == 0 {
				s.t.Fatalf("%s on %v has no event that proves it", kind, units)
			}
			return c
		}
	}
	s.t.Fatalf("no discrepancy %s on %q; %s", kind, units, s.outcome())
	return nil
}

// RaisesNothing fails unless the last command was accepted without a discrepancy.
func (s *Scene) RaisesNothing() *Scene {
	s.t.Helper()
	if len(s.Last.Events) == 0 || len(s.Last.Raised) > 0 {
		s.t.Fatalf("expected to be accepted without a discrepancy; %s", s.outcome())
	}
	return s
}

// Explains fails unless the last command explained a discrepancy of this kind on exactly these units.
func (s *Scene) Explains(kind domain.Kind, units ...string) *Scene {
	s.t.Helper()
	for _, rec := range s.Last.Events {
		if e, ok := rec.Event.(*incident.Explained); ok {
			if c := s.State.Register.Cases[e.Discrepancy]; c.Kind == kind && slices.Equal(c.Units, units) {
				return s
			}
		}
	}
	s.t.Fatalf("no discrepancy %s on %q was explained; %s", kind, units, s.outcome())
	return s
}

// OpenIs fails unless exactly these discrepancies are open, each written "kind units...", such as "short DLV-3578-1/booth".
func (s *Scene) OpenIs(want ...string) *Scene {
	s.t.Helper()
	got := []string{}
	for _, c := range s.Open() {
		got = append(got, fmt.Sprint(append([]string{string(c.Kind)}, c.Units...)))
	}
	for i, w := range want {
		want[i] = "[" + w + "]"
	}
	sort.Strings(got)
	sort.Strings(want)
	if !slices.Equal(got, want) {
		s.t.Fatalf("open discrepancies %q, expected %q", got, want)
	}
	return s
}

func (s *Scene) outcome() string {
	out := "last command: "
	for _, rec := range s.Last.Events {
		out += fmt.Sprintf("\n  recorded %s %+v", rec.Event.EventType(), rec.Event)
	}
	for _, v := range s.Invalid {
		out += "\n  invalid " + v.Error()
	}
	for _, v := range s.Last.Rejections {
		out += "\n  rejected " + v.Error()
	}
	return out
}

// wellFormed fails for a text whose format met the wrong arguments.
func (s *Scene) wellFormed(rule, text string) {
	s.t.Helper()
	if badFormat.MatchString(text) {
		s.t.Fatalf("text of rule %s: %q", rule, text)
	}
}

var badFormat = regexp.MustCompile(`%!|%\[[0-9]+\]`)
