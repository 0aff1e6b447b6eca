package feed

// SummaryEvent is the event token of the message that begins a police unit's following of a shipment.
const SummaryEvent = "summary"

// summaryKind is the ce-type of a summary after "jejak.".
const summaryKind = "shipment.summary.v1"

// PoliceShipment is all that a police unit gets of an event of a shipment: what those on the road must know. It has no box ids, seals or counts of
// ballots, no people and no free notes. From state to order_no it is the shipment as it stands after the event, by the order in which things
// occurred; the rest is the event's own, or in a summary the last known.
type PoliceShipment struct {
	Shipment   string `json:"shipment"`
	Event      string `json:"event"` // the type without its room, or summary
	State      string `json:"state"`
	Leg        string `json:"leg,omitempty"` // leg, from and to are absent while the plan is not in the ledger
	From       string `json:"from,omitempty"`
	To         string `json:"to,omitempty"`
	Bound      string `json:"bound,omitempty"` // where it goes now
	Vehicle    string `json:"vehicle,omitempty"`
	Carrier    string `json:"carrier,omitempty"`     // the firm that drives
	Boxes      int    `json:"boxes"`                 // planned
	Kits       int    `json:"kits"`                  // planned
	PoliceUnit string `json:"police_unit,omitempty"` // in charge now
	OrderNo    string `json:"order_no,omitempty"`    // of its escort

	Place       string `json:"place,omitempty"`        // checkpoint_passed, arrived, summary
	PlaceAt     string `json:"place_at,omitempty"`     // when it was there, RFC 3339 in UTC
	Reason      string `json:"reason,omitempty"`       // delayed, and summary of what is delayed: weather ferry road security vehicle other
	Until       string `json:"until,omitempty"`        // likewise: expected to go on, RFC 3339
	LoadedBoxes int    `json:"loaded_boxes,omitempty"` // loaded: by this act
	LoadedKits  int    `json:"loaded_kits,omitempty"`  // loaded: by this act
	ToUnit      string `json:"to_unit,omitempty"`      // escort_assigned, escort_handed_over: the police unit that it names
	ToOrderNo   string `json:"to_order_no,omitempty"`  // and its order
}

// PoliceIncident is all that a police unit gets of an event of an incident or discrepancy about shipments that it escorts.
type PoliceIncident struct {
	Incident  string   `json:"incident"`
	Event     string   `json:"event"`
	Kind      string   `json:"kind"`
	Severity  string   `json:"severity"`
	Status    string   `json:"status"`
	Shipments []string `json:"shipments"` // those that this police unit escorts
}

// police is the body for a police unit's area.
type police[D PoliceShipment | PoliceIncident] struct {
	envelope
	Data D `json:"data"`
}
