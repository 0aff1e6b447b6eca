package deadline_test

import (
	"testing"
	"time"

	"jejak/domain"
	. "jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
)

// That stations are late is a rule of package station.
func TestMain(m *testing.M) { given.Main(m, NewRoom(nil, nil, nil).Rules()...) }

// soon is a ledger whose deadline passes at its second act.
func soon(t given.TB) *given.Scene {
	ref := given.Reference()
	ref.Deadlines = append(ref.Deadlines, election.Deadline{ID: "soon", At: given.Start.Add(2 * time.Minute), Name: "Segera"})
	return given.Ledger(t, ref, given.Unit)
}

func pass(area domain.Code) *Pass { return &Pass{Deadline: "soon", Area: area} }

func TestDeadlines(t *testing.T) {
	s := given.Noted(t, soon, given.System, pass(given.District1))
	if e := s.Last.Events[0].Event.(*Passed); !e.At.Equal(given.Start.Add(2*time.Minute)) || e.Area != given.District1 || e.Deadline != "soon" {
		t.Errorf("%+v", e)
	}
	s.When(domain.Report, given.System, pass(given.District2)).Then("deadline.passed")
	for place, want := range map[domain.Code]bool{given.Station1: true, given.Village3: true, given.District1: true, "357803": false, "3509012001001": false} {
		if _, _, passed := s.State.Deadlines.Of("soon", place); passed != want {
			t.Errorf("%s: %v", place, passed)
		}
	}
	if _, _, passed := s.State.Deadlines.Of(election.DeadlineStationReceipt, given.Station1); passed {
		t.Error("another deadline has passed")
	}
}

// New reference data moves a deadline after it has passed for one district: that one keeps its moment.
func TestMovedDeadline(t *testing.T) {
	first, later := given.Start.Add(2*time.Minute), given.Start.Add(4*time.Minute)
	s := soon(t).Did(domain.Report, given.System, pass(given.District1)).Has(&Passed{Deadline: "soon", At: later, Area: given.District2})
	for district, want := range map[domain.Code]time.Time{given.District1: first, given.District2: later} {
		if at, _, _ := s.State.Deadlines.Of("soon", district); at != want.UnixMicro() {
			t.Errorf("%s: %s, expected %s", district, time.UnixMicro(at), want)
		}
	}
}

func TestRules(t *testing.T) {
	given.Impossible(t, soon, given.System, &Pass{Deadline: "never", Area: given.District1}, "unknown_deadline")
	given.Impossible(t, soon, given.System, pass("357877"), "unknown_district")
	given.Impossible(t, soon, given.System, pass("350901"), "unknown_district")
	given.Impossible(t, soon, given.System, &Pass{Deadline: election.DeadlineStationReceipt, Area: given.District1}, "deadline_not_reached")
	again := func(t given.TB) *given.Scene { return soon(t).Did(domain.Report, given.System, pass(given.District1)) }
	given.Impossible(t, again, given.System, pass(given.District1), "deadline_passed_already")
	given.Impossible(t, again, given.System, &Pass{Deadline: "never", Area: "357877"}, "unknown_deadline", "unknown_district")
	// The time at which it is recorded counts, not the one that is claimed.
	late := func(t given.TB) *given.Scene { return soon(t).At(given.VotingDay) }
	given.Impossible(t, late, given.System, &Pass{Deadline: election.DeadlineStationReceipt, Area: given.District1}, "deadline_not_reached")
}

func TestForm(t *testing.T) {
	for name, c := range map[string]struct {
		cmd   domain.Command
		rules []string
	}{
		"nothing":    {&Pass{}, []string{"field_missing", "not_a_code"}},
		"a village":  {pass(given.Village1), []string{"wrong_level"}},
		"the unit":   {pass(given.Unit), []string{"wrong_level"}},
		"not a code": {pass("3578.01"), []string{"not_a_code"}},
	} {
		t.Run(name, func(t *testing.T) { soon(t).When(domain.Report, given.System, c.cmd).Malformed(c.rules...) })
	}
}
