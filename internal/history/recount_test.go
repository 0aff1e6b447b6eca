package history_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/history"
	"jejak/projections"
)

// proofOf are the versions that prove a discrepancy where it is raised, from its JSON.
func proofOf(event domain.Event) (versions []uint64) {
	if event.EventType() != "discrepancy.raised" {
		return nil
	}
	raw, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	var e struct {
		Proof []struct{ Version uint64 }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		panic(err)
	}
	for _, p := range e.Proof {
		versions = append(versions, p.Version)
	}
	return versions
}

// raw is what the recount reads of an event's JSON.
type raw struct {
	Shipment, Handoff, To string
	Boxes                 []json.RawMessage
	Extra                 []string
}

// naive is what had happened by a moment, counted from the JSON of the events in the order in which they occurred, without any of the domain's code.
type naive struct {
	custody  map[string]string   // of boxes that were taken over
	seals    map[string][]string // last put on
	shipment map[string]string   // state
}

// recount counts what of some events had occurred by a moment.
func recount(events []domain.Recorded, at time.Time) naive {
	var known []domain.Recorded
	for _, rec := range events {
		if !rec.Meta.OccurredAt.After(at) {
			known = append(known, rec)
		}
	}
	slices.SortStableFunc(known, func(a, b domain.Recorded) int { return a.Meta.OccurredAt.Compare(b.Meta.OccurredAt) })
	n := naive{map[string]string{}, map[string][]string{}, map[string]string{}}
	offers, replaced := map[string]string{}, map[string]bool{}
	reach := func(shipment, state string) {
		order := []string{"", "planned", "loading", "dispatched", "arrived"}
		if slices.Index(order, state) > slices.Index(order, n.shipment[shipment]) {
			n.shipment[shipment] = state
		}
	}
	for pass := range 2 { // an offer counts for an acceptance by another clock that says it was earlier
		for _, rec := range known {
			text, err := json.Marshal(rec.Event)
			if err != nil {
				panic(err)
			}
			var e raw
			_ = json.Unmarshal(text, &e) // what has another form is not counted here
			switch rec.Event.EventType() {
			case "packing.box_replaced":
				var r struct{ Box string }
				_ = json.Unmarshal(text, &r)
				replaced[r.Box] = true
			case "packing.boxes_sealed":
				for _, b := range e.Boxes {
					var s struct {
						Box   string
						Seals []string
					}
					_ = json.Unmarshal(b, &s)
					if !replaced[s.Box] || pass == 0 {
						n.seals[s.Box] = s.Seals
					}
				}
			case "shipment.planned":
				reach(e.Shipment, "planned")
			case "shipment.loaded":
				reach(e.Shipment, "planned")
				reach(e.Shipment, "loading")
			case "shipment.vehicle_inspected", "shipment.escort_assigned", "shipment.escort_accepted":
				reach(e.Shipment, "planned")
			case "shipment.dispatched":
				reach(e.Shipment, "dispatched")
			case "shipment.arrived":
				reach(e.Shipment, "arrived")
			case "handoff.offered":
				offers[e.Handoff] = e.To
			case "handoff.accepted":
				to := offers[e.Handoff]
				if to == "" {
					to = rec.Meta.Actor.Scope
				}
				ids := slices.Clone(e.Extra)
				for _, b := range e.Boxes {
					var a struct{ Box string }
					_ = json.Unmarshal(b, &a)
					ids = append(ids, a.Box)
				}
				for _, id := range ids {
					n.custody[id] = to
				}
			}
		}
	}
	for id := range replaced { // that id never moves again, and the next one begins where it was
		delete(n.custody, id)
		delete(n.seals, id)
	}
	return n
}

// TestOccurredIsRecounted: what the occurred clock says of boxes and shipments is what a plain count of the events says that had occurred.
func TestOccurredIsRecounted(t *testing.T) {
	counted := 0
	for seed := range uint64(stories / 2) {
		h := tell(t, seed)
		rng := rand.New(rand.NewPCG(seed, 6))
		hist := h.history(nil)
		for range moments / 2 {
			at := h.moment(rng)
			want := recount(h.events, at)
			err := hist.State(t.Context(), given.Election, given.Unit, history.Cut{Clock: history.Occurred, At: at}, func(s *ledger.State, position eventstore.Position) error {
				for id, place := range want.custody {
					counted++
					if card, ok := projections.Box(s, position, domain.BoxID(id)); !ok || card.Custody != place {
						t.Errorf("seed %d at %s: box %s is with %s, want %s", seed, at, id, card.Custody, place)
					}
				}
				for id, seals := range want.seals {
					counted++
					if card, _ := projections.Box(s, position, domain.BoxID(id)); !slices.Equal(card.Seals, seals) {
						t.Errorf("seed %d at %s: box %s has seals %v, want %v", seed, at, id, card.Seals, seals)
					}
				}
				for id, state := range want.shipment {
					counted++
					if card, _ := projections.Shipment(s, position, id); card.State != state {
						t.Errorf("seed %d at %s: shipment %s is %s, want %s", seed, at, id, card.State, state)
					}
				}
				if len(s.Shipments.Shipments) != len(want.shipment) {
					t.Errorf("seed %d at %s: %d shipments, want %d", seed, at, len(s.Shipments.Shipments), len(want.shipment))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if counted == 0 {
		t.Error("nothing was counted")
	}
}
