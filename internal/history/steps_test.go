package history_test

import (
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/history"
	"jejak/projections"
)

// stands is how a thing stands in a ledger, as timelines write it.
func stands(s *ledger.State, kind history.Kind, id string) string {
	switch kind {
	case history.OfSeal:
		var on []string
		for _, use := range projections.SealUses(s, id) {
			if use.On {
				on = append(on, use.Box)
			}
		}
		return strings.Join(on, " ")
	case history.OfStation:
		return string(s.Station(domain.Code(id)))
	case history.OfShipment:
		if shp := s.Shipments.Shipments[id]; shp != nil {
			return shp.Status.String()
		}
	case history.OfHandoff:
		switch h := s.Handoffs.Handoffs[id]; {
		case h == nil:
		case len(h.Accepts) > 0:
			return "accepted"
		default:
			return "offered"
		}
	case history.OfDiscrepancy:
		if c := s.Register.Cases[id]; c != nil {
			return string(c.Status)
		}
	case history.OfBox, history.OfPerson:
	}
	return ""
}

// TestStatesOfATimeline: the state beside an entry is the one that the whole ledger has at that moment of the occurred clock, also where what was told late
// comes between.
func TestStatesOfATimeline(t *testing.T) {
	said := map[string]bool{}
	for seed := range uint64(stories / 5) {
		h := tell(t, seed)
		hist := h.history(nil)
		for kind, id := range map[history.Kind]string{
			history.OfShipment: "SHP-3578-A1", history.OfHandoff: "HND-3578-A1", history.OfDiscrepancy: "DSC-3578-000001", history.OfStation: string(given.Station1),
			history.OfSeal: given.Seals(given.Box(given.Station1, "PPWP"))[0],
		} {
			line, err := hist.Timeline(t.Context(), given.Election, given.Unit, kind, id, history.Cut{})
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range line.Entries {
				at, err := time.Parse(time.RFC3339Nano, e.OccurredAt)
				if err != nil {
					t.Fatal(err)
				}
				err = hist.State(t.Context(), given.Election, given.Unit, history.Cut{Clock: history.Occurred, At: at}, func(s *ledger.State, _ eventstore.Position) error {
					if want := stands(s, kind, id); e.State != want {
						t.Errorf("seed %d: %s %s is %q after entry %d, at %s; the ledger says %q", seed, kind, id, e.State, i, at, want)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				said[string(kind)+" "+e.State] = true
			}
		}
	}
	if len(said) < 8 {
		t.Errorf("hardly anything was said: %v", said)
	}
}
