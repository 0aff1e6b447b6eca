package history_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/history"
	"jejak/projections/form"
)

// TestTimelines: a timeline has every event that names the thing, in the order in which these occurred, with both times, and ends in the state that the
// ledger gives; with an index and without.
func TestTimelines(t *testing.T) {
	for seed := range uint64(stories / 5) {
		h := tell(t, seed)
		for _, hist := range []*history.History{h.history(nil), h.history(indexed(t, h.store))} {
			for _, of := range []struct {
				kind history.Kind
				id   string
			}{
				{history.OfBox, string(given.Box(given.Station1, "PPWP"))}, {history.OfBox, string(given.Kit(given.Station2))}, {history.OfShipment, "SHP-3578-A1"},
				{history.OfHandoff, "HND-3578-A1"}, {history.OfDiscrepancy, "DSC-3578-000001"}, {history.OfStation, string(given.Station1)}, {history.OfSeal, "ODD"},
			} {
				line, err := hist.Timeline(t.Context(), given.Election, given.Unit, of.kind, of.id, history.Cut{})
				if err != nil {
					t.Fatal(err)
				}
				h.checkTimeline(t, line)
			}
			person, err := hist.Person(t.Context(), given.Election, given.Checker.ID, history.Cut{}, func(u domain.Code) bool { return u == given.Unit })
			if err != nil {
				t.Fatal(err)
			}
			acts := 0
			for _, rec := range h.events {
				if rec.Meta.Actor == given.Checker {
					acts++
				}
			}
			if len(person.Entries) != acts {
				t.Errorf("seed %d: %d entries of the checker, who did %d", seed, len(person.Entries), acts)
			}
		}
	}
}

func (h *house) checkTimeline(t *testing.T, line form.Timeline) {
	t.Helper()
	there := map[uint64]form.TimelineEntry{}
	late := 0
	for i, e := range line.Entries {
		if _, twice := there[e.Version]; twice {
			t.Errorf("%s %s: version %d twice", line.Kind, line.ID, e.Version)
		}
		there[e.Version] = e
		rec := h.events[e.Version-1]
		if e.Event != rec.ID.String() || e.Type != rec.Event.EventType() || e.OccurredAt != rec.Meta.OccurredAt.UTC().Format(time.RFC3339Nano) ||
			e.RecordedAt != rec.Meta.RecordedAt.UTC().Format(time.RFC3339Nano) || e.Actor.ID != rec.Meta.Actor.ID || e.Device != rec.Meta.Device.ID {
			t.Errorf("%s %s: %+v is not %+v", line.Kind, line.ID, e, rec)
		}
		if rec.Meta.RecordedAt.Sub(rec.Meta.OccurredAt) > time.Hour {
			late++
		}
		if i > 0 && rec.Meta.OccurredAt.Before(h.events[line.Entries[i-1].Version-1].Meta.OccurredAt) {
			t.Errorf("%s %s: entry %d occurred before the one before it", line.Kind, line.ID, i)
		}
	}
	if late != line.Late {
		t.Errorf("%s %s: %d told late, want %d", line.Kind, line.ID, line.Late, late)
	}
	for _, rec := range h.events {
		raw, err := json.Marshal(rec.Event)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := there[rec.Version]; !ok && strings.Contains(string(raw), `"`+line.ID+`"`) {
			t.Errorf("%s %s: %s at version %d is missing: %s", line.Kind, line.ID, rec.Event.EventType(), rec.Version, raw)
		}
	}
	if n := len(line.Entries); n > 0 && line.Kind == "box" {
		v := h.state.Boxes().Box(domain.BoxID(line.ID))
		if want := v.State.String() + " @ " + string(v.Custody); line.Entries[n-1].State != want {
			t.Errorf("box %s ends as %q, want %q", line.ID, line.Entries[n-1].State, want)
		}
		last := slices.MaxFunc(line.Entries, func(a, b form.TimelineEntry) int { return int(a.Version) - int(b.Version) })
		if want := v.State.String() + " @ " + string(v.Custody); last.Believed != "" && last.Believed != want {
			t.Errorf("box %s: the last told believes %q, want %q", line.ID, last.Believed, want)
		}
	}
}

// TestGapsInCustody: a box that is taken over where nobody handed it over, or leaves from where it never came, has a gap there and nowhere else.
func TestGapsInCustody(t *testing.T) {
	id := given.Box(given.Station1, "PPWP")
	sound := slices.Concat(given.Sealing(id), given.ToDistrict(id), given.ToVillage(id), given.ToStation(id))
	leaveOut := func(what string) []given.Act {
		return slices.DeleteFunc(slices.Clone(sound), func(a given.Act) bool {
			raw, _ := json.Marshal(a.Cmd) // a struct of texts
			return strings.Contains(a.Cmd.CommandType()+string(raw), what)
		})
	}
	for name, c := range map[string]struct {
		acts []given.Act
		gaps []string
	}{
		"nothing is missing":                    {sound, nil},
		"no offer to the district":              {leaveOut(`handoff.offer{"handoff":"` + given.Handoff2), []string{"handoff.accepted"}},
		"the district never took it over":       {leaveOut(`"handoff":"` + given.Handoff2), []string{"shipment.loaded"}},
		"the village never took it over":        {leaveOut(`handoff.accept{"handoff":"` + given.Handoff3), []string{"handoff.accepted"}},
		"it leaves from where it never came to": {slices.Concat(given.Sealing(id), given.Trip("SHP-3578-9", shipment.ToVillage, given.District1, given.Village1, given.DistrictStaff(given.District1), id)), []string{"shipment.loaded"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{store: memory.New(), state: ledger.New(given.Election, given.Unit, small)}
			at := given.Start
			send := func(mode domain.Mode, a given.Act) {
				at = at.Add(time.Minute)
				h.act(t, told{at: at, when: at, who: a.Who, mode: mode, cmd: func(*ledger.State) domain.Command { return a.Cmd }})
			}
			send(domain.Request, given.By(given.System, &ledger.AdoptReference{Version: given.Version}))
			for _, a := range c.acts {
				mode := domain.Report
				if given.Decision(a.Cmd) {
					mode = domain.Request
				}
				send(mode, a)
			}
			line, err := h.history(nil).Timeline(t.Context(), given.Election, given.Unit, history.OfBox, string(id), history.Cut{})
			if err != nil {
				t.Fatal(err)
			}
			var gaps []string
			for _, e := range line.Entries {
				if e.Gap != "" && e.GapEN != "" {
					gaps = append(gaps, e.Type)
				}
			}
			if !slices.Equal(gaps, c.gaps) || line.Gaps != len(gaps) {
				t.Errorf("gaps at %v, want %v", gaps, c.gaps)
			}
		})
	}
}

// TestSpan: what was recorded between two moments, of one ledger or all, is found as by looking at everything.
func TestSpan(t *testing.T) {
	h := tell(t, 3)
	hist := h.history(nil)
	for i := 0; i+7 < len(h.events); i += 5 {
		from, to := h.events[i].Meta.RecordedAt, h.events[i+7].Meta.RecordedAt
		for _, unit := range []domain.Code{"", given.Unit} {
			var want, got []eventstore.Position
			for rec, err := range h.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				if !rec.RecordedAt.Before(from) && rec.RecordedAt.Before(to) && (unit == "" || strings.HasSuffix(rec.Stream, "."+string(unit))) {
					want = append(want, rec.Position)
				}
			}
			records, err := hist.Span(t.Context(), given.Election, unit, from, to, 0)
			if err != nil {
				t.Fatal(err)
			}
			for rec, err := range records {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, rec.Position)
			}
			if !slices.Equal(want, got) {
				t.Errorf("%s to %s of %q: %v, want %v", from, to, unit, got, want)
			}
		}
	}
}
