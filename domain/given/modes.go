package given

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/incident"
)

// Discrepancy is what a test expects to be raised, all of it.
type Discrepancy struct {
	Rule        string
	Kind        domain.Kind
	Severity    domain.Severity
	Units       []string
	Quantity    int64
	Provisional bool
}

// Found is the discrepancy by which a rule is recorded, about these units.
func Found(rule *domain.Rule, units ...string) Discrepancy {
	return Discrepancy{Rule: rule.ID, Kind: rule.Kind, Severity: rule.Severity, Units: units}
}

// Of says of how many pieces.
func (d Discrepancy) Of(quantity int64) Discrepancy {
	d.Quantity = quantity
	return d
}

// As says of which kind, where it is not the rule's.
func (d Discrepancy) As(kind domain.Kind) Discrepancy {
	d.Kind = kind
	return d
}

// ForNow says that a fact still on its way would explain it.
func (d Discrepancy) ForNow() Discrepancy {
	d.Provisional = true
	return d
}

// RaisesExactly fails unless the last command was accepted and raised, revised or reopened these discrepancies and no other, each with proof.
func (s *Scene) RaisesExactly(want ...Discrepancy) *Scene {
	s.t.Helper()
	if len(s.Last.Events) == 0 {
		s.t.Fatalf("not accepted; %s", s.outcome())
	}
	got := []Discrepancy{}
	for _, c := range s.Last.Raised {
		s.wellFormed(c.Rule, s.State.Register.Text(c).ID)
		s.wellFormed(c.Rule, s.State.Register.Text(c).EN)
		if len(c.Proof) == 0 {
			s.t.Fatalf("%s on %v has no event that proves it", c.Kind, c.Units)
		}
		s.saw(c.Rule)
		got = append(got, Discrepancy{c.Rule, c.Kind, c.Severity, c.Units, c.Quantity, c.Provisional})
	}
	order := func(a, b Discrepancy) int { return slices.Compare([]string{fmt.Sprint(a)}, []string{fmt.Sprint(b)}) }
	slices.SortFunc(got, order)
	want = append([]Discrepancy{}, want...)
	slices.SortFunc(want, order)
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Fatalf("discrepancies (-expected +raised):\n%s%s", diff, s.outcome())
	}
	return s
}

// ExplainsExactly fails unless the last command was accepted and explained discrepancies of these rules and no other, in any order.
func (s *Scene) ExplainsExactly(ruleIDs ...string) *Scene {
	s.t.Helper()
	got := []string{}
	for _, rec := range s.Last.Events {
		if e, ok := rec.Event.(*incident.Explained); ok {
			got = append(got, s.State.Register.Cases[e.Discrepancy].Rule)
		}
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(ruleIDs))
	if len(s.Last.Events) == 0 || !slices.Equal(got, want) {
		s.t.Fatalf("explained %v, expected %v; %s", got, want, s.outcome())
	}
	return s
}

// OpenRules fails unless exactly discrepancies of these rules are open, in any order.
func (s *Scene) OpenRules(ruleIDs ...string) *Scene {
	s.t.Helper()
	got := []string{}
	for _, c := range s.Open() {
		got = append(got, c.Rule)
	}
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(ruleIDs)); !slices.Equal(got, want) {
		s.t.Fatalf("open are %v, expected %v", got, want)
	}
	return s
}

// Refused sends an act in both modes to a ledger that begin makes. As a request it must be rejected by exactly these rules; as a report it
// must be recorded and raise exactly these discrepancies. It returns the ledger after the report.
func Refused(t *testing.T, begin func(TB) *Scene, who domain.Actor, cmd domain.Command, rules []string, found ...Discrepancy) *Scene {
	t.Helper()
	begin(t).When(domain.Request, who, cmd).Rejected(rules...)
	return begin(t).When(domain.Report, who, cmd).RaisesExactly(found...)
}

// Noted sends an act in both modes. Either way it must be recorded and raise exactly these discrepancies. It returns the ledger after the
// report.
func Noted(t *testing.T, begin func(TB) *Scene, who domain.Actor, cmd domain.Command, found ...Discrepancy) *Scene {
	t.Helper()
	begin(t).When(domain.Request, who, cmd).RaisesExactly(found...)
	return begin(t).When(domain.Report, who, cmd).RaisesExactly(found...)
}

// Impossible sends an act in both modes. Either way these rules must reject it.
func Impossible(t *testing.T, begin func(TB) *Scene, who domain.Actor, cmd domain.Command, rules ...string) {
	t.Helper()
	for _, mode := range []domain.Mode{domain.Request, domain.Report} {
		begin(t).When(mode, who, cmd).Rejected(rules...)
	}
}

// After is a ledger to which acts were reported, for Refused, Noted and Impossible.
func After(begin func(TB) *Scene, stories ...[]Act) func(TB) *Scene {
	return func(t TB) *Scene {
		t.Helper()
		return begin(t).Story(domain.Report, stories...)
	}
}
