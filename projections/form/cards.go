package form

import "encoding/json"

// StationCard is all about one polling station's boxes.
type StationCard struct {
	Station       string            `json:"station"`
	Regency       string            `json:"regency"`
	Village       string            `json:"village"`
	VillageName   string            `json:"village_name"`
	DistrictName  string            `json:"district_name"`
	Position      uint64            `json:"position"`
	Special       bool              `json:"special,omitempty" doc:"At a special location."`
	Voters        *int64            `json:"voters" doc:"Null when unknown."`
	VotersDerived bool              `json:"voters_derived" doc:"The number is derived, not official."`
	Ballots       *int64            `json:"ballots" doc:"Expected of each type: voters and reserve. Null when unknown."`
	State         string            `json:"state"`
	Boxes         []BoxCard         `json:"boxes"`
	Kit           *BoxCard          `json:"kit,omitempty" doc:"Equipment that travels outside the boxes, where a kit was packed."`
	Discrepancies []OpenDiscrepancy `json:"discrepancies" doc:"Open ones of the station and its boxes."`
	Simulated     bool              `json:"simulated,omitempty"`
}

// BoxCard is where a box is now.
type BoxCard struct {
	Box          string   `json:"box"`
	Type         string   `json:"type"`
	Design       string   `json:"design,omitempty" doc:"Ballot design that belongs in it."`
	State        string   `json:"state"`
	Custody      string   `json:"custody" doc:"Place that has it: a region code."`
	Seals        []string `json:"seals"`
	Ballots      *int64   `json:"ballots,omitempty" doc:"Packed in it."`
	Shipment     string   `json:"shipment,omitempty" doc:"That it is on."`
	PackedDesign string   `json:"packed_design,omitempty" doc:"Ballot design that was packed into it."`
	ReplacedBy   string   `json:"replaced_by,omitempty"`
}

// OpenDiscrepancy is a short form of a discrepancy.
type OpenDiscrepancy struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind"`
	Severity string   `json:"severity"`
	Units    []string `json:"units"`
	Message  string   `json:"message"`
}

// BoxTimeline is everything that happened to one box, in the order in which it occurred.
type BoxTimeline struct {
	BoxCard
	Destination   string            `json:"destination"`
	Regency       string            `json:"regency"`
	Position      uint64            `json:"position"`
	Discrepancies []OpenDiscrepancy `json:"discrepancies"`
	Timeline      []BoxFact         `json:"timeline"`
	Simulated     bool              `json:"simulated,omitempty"`
}

// BoxFact is one fact about a box.
type BoxFact struct {
	Event      string   `json:"event" doc:"Id of the event."`
	Type       string   `json:"type"`
	Fact       string   `json:"fact" doc:"What it says of this box: packed, checked, sealed, loaded, dispatched, accepted ..."`
	Position   uint64   `json:"position"`
	Version    uint64   `json:"version" doc:"In the ledger's stream."`
	OccurredAt string   `json:"occurred_at" doc:"The device's claim."`
	RecordedAt string   `json:"recorded_at" doc:"The server's time."`
	Mode       string   `json:"mode,omitempty"`
	Actor      Actor    `json:"actor"`
	Place      string   `json:"place,omitempty" doc:"Region code of where it was."`
	State      string   `json:"state" doc:"Of the box after this fact."`
	Custody    string   `json:"custody" doc:"Of the box after this fact."`
	Shipment   string   `json:"shipment,omitempty"`
	Handoff    string   `json:"handoff,omitempty"`
	Design     string   `json:"design,omitempty"`
	Ballots    *int64   `json:"ballots,omitempty"`
	Seals      []string `json:"seals,omitempty" doc:"Applied, or read by who accepted it."`
	Condition  []string `json:"condition,omitempty" doc:"What who accepted it saw."`
	Other      string   `json:"other,omitempty" doc:"Box that it replaces or that replaces it."`
	Device     string   `json:"device,omitempty"`
}

// Actor is who did it: an id, never a name.
type Actor struct {
	ID   string `json:"id"`
	Role string `json:"role"`
	Unit string `json:"unit"`
}

// ShipmentCard is one shipment.
type ShipmentCard struct {
	Shipment      string            `json:"shipment"`
	Unit          string            `json:"unit"`
	Position      uint64            `json:"position"`
	State         string            `json:"state"`
	Leg           string            `json:"leg"`
	From          string            `json:"from"`
	To            string            `json:"to"`
	Bound         string            `json:"bound" doc:"Where it goes now: to, or where it was diverted."`
	Vehicle       string            `json:"vehicle,omitempty"`
	Carrier       string            `json:"carrier,omitempty" doc:"Firm that drives, as the last load or else the plan names it; none while nobody has."`
	Planned       []string          `json:"planned" doc:"Boxes and kits that the plan names."`
	Loaded        []string          `json:"loaded" doc:"Boxes and kits that were loaded."`
	Handoffs      []string          `json:"handoffs"`
	Lines         []Line            `json:"lines,omitempty"`
	Escort        *Escort           `json:"escort,omitempty"`
	PlannedAt     string            `json:"planned_at,omitempty"`
	DispatchedAt  string            `json:"dispatched_at,omitempty"`
	ArrivedAt     string            `json:"arrived_at,omitempty"`
	LastPlace     string            `json:"last_place,omitempty"`
	Delays        int               `json:"delays,omitempty"`
	Discrepancies []OpenDiscrepancy `json:"discrepancies"`
	Simulated     bool              `json:"simulated,omitempty"`
}

// Escort is the police unit assigned to a shipment.
type Escort struct {
	PoliceUnit string `json:"police_unit"`
	Accepted   bool   `json:"accepted"`
}

// Line is a quantity of an item.
type Line struct {
	Item     string `json:"item"`
	Variant  string `json:"variant,omitempty"`
	Quantity int64  `json:"quantity"`
}

// DiscrepancyCard is one discrepancy or incident.
type DiscrepancyCard struct {
	ID          string   `json:"id"`
	Unit        string   `json:"unit"`
	Kind        string   `json:"kind"`
	Severity    string   `json:"severity"`
	Status      string   `json:"status"`
	Rule        string   `json:"rule,omitempty" doc:"Empty for one that a person raised."`
	Units       []string `json:"units"`
	Quantity    int64    `json:"quantity,omitempty"`
	Provisional bool     `json:"provisional,omitempty" doc:"A report that may still be on its way would explain it."`
	Message     string   `json:"message"`
	MessageEN   string   `json:"message_en,omitempty"`
	Note        string   `json:"note,omitempty"`
	RaisedBy    string   `json:"raised_by"`
	OccurredAt  string   `json:"occurred_at"`
	RecordedAt  string   `json:"recorded_at"`
	ClosedAt    string   `json:"closed_at,omitempty"`
	Revision    int      `json:"revision,omitempty"`
	Action      string   `json:"action,omitempty" doc:"The last one ordered."`
	Resolution  string   `json:"resolution,omitempty" doc:"How it was mended, by the person who resolved it; none while it is open or explained by facts."`
	Document    string   `json:"document,omitempty" doc:"What proves the resolution."`
	Proof       []Proof  `json:"proof" doc:"The events that prove it, in the unit's ledger."`
	Simulated   bool     `json:"simulated,omitempty"`
}

// Proof points at an event of the unit's ledger.
type Proof struct {
	Version uint64 `json:"version"`
	Event   string `json:"event"`
}

// Event is a record of the log as GET /v1/events shows it. Data and metadata are byte for byte those of the log, so that hashes fit; what cannot stand
// in a line so (never written by Jejak itself) is in base64.
type Event struct {
	Position   uint64          `json:"position"`
	Stream     string          `json:"stream"`
	Version    uint64          `json:"version"`
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Schema     int             `json:"schema"`
	RecordedAt string          `json:"recorded_at"`
	Data       json.RawMessage `json:"data,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`

	DataBase64     []byte `json:"data_base64,omitempty"`
	MetadataBase64 []byte `json:"metadata_base64,omitempty"`
}
