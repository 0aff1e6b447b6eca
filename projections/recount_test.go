package projections_test

import (
	"encoding/json"
	"slices"
	"strings"

	"jejak/domain"
)

// recount is a naive account of a ledger from the JSON of its events, in the order of the log. It knows nothing of the domain's code, and is right
// only for a story in which everything is told in order.
type recount struct {
	boxes     map[string]string // state, kits too
	custody   map[string]string
	seals     map[string][]string
	on        map[string]string // shipment
	facts     map[string]int    // events that name the box
	next      map[string]string // replacement
	shipments map[string]string
	offers    map[string]string // to
	open      map[string]string // kind of open discrepancies and incidents
	about     map[string][]string
	mended    map[string]string // how resolved discrepancies and incidents were mended, and the document
	orders    map[string][]line
	items     map[string]*tally
	ballots   map[string]int64 // packed in a box
	ceiling   int64
	paid      int64
}

type line struct {
	Item      string
	Quantity  int64
	UnitPrice int64 `json:"unit_price"`
	Good      int64
	Damaged   int64
}

type tally struct{ announced, received, damaged, claimed, packed int64 }

// told is what any event may have in its data.
type told struct {
	Boxes, Kits                    json.RawMessage
	Box, Replacement, Shipment, To string
	Handoff, Discrepancy, Incident string
	Supplier, Claim, Area          string
	Kind, Order, Delivery          string
	How, Document                  string
	Units                          []string
	Lines                          []line
	Ceiling, Amount                int64
	Damaged                        json.RawMessage
}

// boxesIn are the boxes of a list of ids or of objects.
func boxesIn(raw json.RawMessage) (list []struct {
	Box     string
	Ballots int64
	Seals   []string
}) {
	var ids []string
	if json.Unmarshal(raw, &ids) == nil {
		for _, id := range ids {
			list = append(list, struct {
				Box     string
				Ballots int64
				Seals   []string
			}{Box: id})
		}
		return list
	}
	_ = json.Unmarshal(raw, &list) // neither: there are no boxes
	return list
}

func newRecount(history []domain.Recorded) *recount {
	r := &recount{
		boxes: map[string]string{}, custody: map[string]string{}, seals: map[string][]string{}, on: map[string]string{}, facts: map[string]int{},
		next: map[string]string{}, shipments: map[string]string{}, offers: map[string]string{}, open: map[string]string{}, about: map[string][]string{},
		mended: map[string]string{},
		orders: map[string][]line{}, items: map[string]*tally{}, ballots: map[string]int64{},
	}
	for _, rec := range history {
		raw, err := json.Marshal(rec.Event)
		if err != nil {
			panic(err)
		}
		var e told
		_ = json.Unmarshal(raw, &e) // what has another form is not counted here
		r.add(rec.Event.EventType(), e)
	}
	return r
}

// stands is the state of a sealed box by the place that has it.
func stands(custody string) string {
	switch len(custody) {
	case 6:
		return "at_district"
	case 10:
		return "at_village"
	case 13:
		return "at_station"
	}
	return "sealed"
}

// unpack puts the ballots of a box back.
func (r *recount) unpack(box string) {
	r.item("ballot").packed -= r.ballots[box]
	delete(r.ballots, box)
}

func (r *recount) item(name string) *tally {
	if r.items[name] == nil {
		r.items[name] = &tally{}
	}
	return r.items[name]
}

func (r *recount) add(event string, e told) {
	r.addOffice(event, e)
	boxes := boxesIn(e.Boxes)
	set := func(state string) {
		for _, b := range boxes {
			if r.boxes[b.Box] != "replaced" { // That id never moves again.
				r.boxes[b.Box] = state
			}
		}
	}
	switch event {
	case "packing.boxes_packed":
		set("packed")
		for _, b := range boxes {
			r.unpack(b.Box)
			r.item("ballot").packed += b.Ballots
			r.ballots[b.Box] = b.Ballots
		}
	case "packing.boxes_checked":
		for _, b := range boxes {
			if r.boxes[b.Box] == "packed" { // Who checks again what is sealed does not open it.
				r.boxes[b.Box] = "checked"
			}
		}
	case "packing.boxes_sealed":
		for _, b := range boxes {
			r.boxes[b.Box], r.seals[b.Box] = stands(r.custody[b.Box]), b.Seals
		}
	case "packing.boxes_unsealed":
		for _, b := range boxes {
			r.boxes[b.Box] = "labelled"
			delete(r.seals, b.Box) // What was packed is still in it.
		}
	case "packing.box_replaced":
		r.unpack(e.Box)
		r.boxes[e.Box], r.boxes[e.Replacement], r.next[e.Box] = "replaced", "labelled", e.Replacement
		r.facts[e.Box]++
		r.facts[e.Replacement]++
	case "packing.kits_packed":
		for _, b := range boxesIn(e.Kits) {
			r.boxes[b.Box] = "packed" // and never sealed
			r.facts[b.Box]++
		}
	case "shipment.planned":
		r.shipments[e.Shipment] = "planned"
		return // A plan is no fact about its boxes.
	case "shipment.loaded":
		r.shipments[e.Shipment] = "loading"
		set("loaded")
		for _, b := range boxes {
			r.on[b.Box] = e.Shipment
		}
	case "shipment.dispatched", "shipment.arrived", "shipment.cancelled":
		state := strings.TrimPrefix(event, "shipment.")
		r.shipments[e.Shipment] = state
		for box, on := range r.on {
			switch {
			case on != e.Shipment:
				continue
			case state == "dispatched" && r.boxes[box] == "loaded":
				r.boxes[box] = "in_transit"
			case state == "cancelled" && r.boxes[box] == "loaded":
				r.boxes[box] = "sealed"
			}
			r.facts[box]++
		}
	case "handoff.offered":
		r.offers[e.Handoff] = e.To
		return
	case "handoff.accepted":
		to := r.offers[e.Handoff]
		set(stands(to))
		for _, b := range boxes {
			if r.boxes[b.Box] != "replaced" {
				r.custody[b.Box] = to
			}
			delete(r.on, b.Box)
		}
	}
	for _, b := range boxes {
		r.facts[b.Box]++
	}
}

func (r *recount) addOffice(event string, e told) {
	switch event {
	case "discrepancy.raised", "discrepancy.reopened", "discrepancy.revised":
		if e.Kind == "" {
			panic(event + " does not say its kind")
		}
		r.open[e.Discrepancy], r.about[e.Discrepancy] = e.Kind, e.Units
		delete(r.mended, e.Discrepancy)
	case "discrepancy.explained", "discrepancy.withdrawn":
		delete(r.open, e.Discrepancy)
	case "incident.raised":
		r.open[e.Incident], r.about[e.Incident] = e.Kind, e.Units
	case "incident.resolved":
		delete(r.open, e.Incident)
		r.mended[e.Incident] = e.How + " " + e.Document
	case "procurement.budget_set":
		r.ceiling = e.Ceiling
	case "procurement.order_placed", "procurement.order_amended":
		r.orders[e.Order] = e.Lines
	case "procurement.payment_recorded":
		r.paid += e.Amount
	case "procurement.delivery_announced":
		for _, l := range e.Lines {
			r.item(l.Item).announced += l.Quantity
		}
	case "receipt.goods_counted":
		for _, l := range e.Lines {
			r.item(l.Item).received += l.Good + l.Damaged
			r.item(l.Item).damaged += l.Damaged
		}
	case "receipt.sorting_reported":
		var reasons map[string]int64
		_ = json.Unmarshal(e.Damaged, &reasons)
		for _, n := range reasons {
			r.item("ballot").damaged += n
		}
	case "receipt.claim_filed":
		for _, l := range e.Lines {
			r.item(l.Item).claimed += l.Quantity
		}
	}
}

// shipment is the one that a box is on.
func (r *recount) shipment(box string) string {
	if state := r.boxes[box]; state == "loaded" || state == "in_transit" {
		return r.on[box]
	}
	return ""
}

// kinds counts the open discrepancies by kind.
func (r *recount) kinds() map[string]int64 {
	counts := map[string]int64{}
	for _, kind := range r.open {
		counts[kind]++
	}
	return counts
}

// openAbout are the ids of the open discrepancies about some units, sorted.
func (r *recount) openAbout(units ...string) []string {
	ids := []string{}
	for id := range r.open {
		if slices.ContainsFunc(r.about[id], func(u string) bool { return slices.Contains(units, u) }) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// states counts the boxes that have a state, and those of all that nothing is known of as labelled.
func (r *recount) states(all []string) map[string]int64 {
	counts := map[string]int64{}
	for _, box := range all {
		if r.boxes[box] == "" {
			counts["labelled"]++
		}
	}
	for box, state := range r.boxes {
		if !strings.HasSuffix(box, "-KIT") {
			counts[state]++
		}
	}
	return counts
}
