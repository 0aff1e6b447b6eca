package form

// Timeline is everything that is recorded about one thing, in the order in which it occurred.
type Timeline struct {
	Kind      string          `json:"kind" doc:"box, seal, station, shipment, handoff, discrepancy or person."`
	ID        string          `json:"id"`
	Position  uint64          `json:"position" doc:"Of the last event of the ledger that was looked at."`
	Late      int             `json:"late" doc:"Entries that were told more than an hour after they occurred."`
	Gaps      int             `json:"gaps" doc:"Entries at which custody has a gap."`
	Entries   []TimelineEntry `json:"entries"`
	Simulated bool            `json:"simulated,omitempty"`
}

// TimelineEntry is one event of a timeline.
type TimelineEntry struct {
	OccurredAt  string            `json:"occurred_at" doc:"The device's claim."`
	RecordedAt  string            `json:"recorded_at" doc:"The server's time."`
	LateSeconds int64             `json:"late_seconds" doc:"From the one to the other; below zero when the device's clock was ahead."`
	Late        bool              `json:"late,omitempty" doc:"More than an hour."`
	Gap         string            `json:"gap,omitempty" doc:"What is missing in the chain of custody before it."`
	GapEN       string            `json:"gap_en,omitempty"`
	Type        string            `json:"type"`
	State       string            `json:"state,omitempty" doc:"Of the thing after it, in the order in which things occurred; left out where there are too many events to say."`
	Believed    string            `json:"believed,omitempty" doc:"What the ledger said of it when this was recorded, where that is something else."`
	Details     map[string]string `json:"details" doc:"What the event names."`
	Actor       Actor             `json:"actor"`
	SubmittedBy string            `json:"submitted_by,omitempty"`
	Device      string            `json:"device"`
	DeviceSeq   int64             `json:"device_seq"`
	Mode        string            `json:"mode"`
	Place       *Coordinates      `json:"place,omitempty"`
	Evidence    []EvidenceHash    `json:"evidence,omitempty"`
	Unit        string            `json:"unit" doc:"Whose ledger it is in."`
	Version     uint64            `json:"version"`
	Position    uint64            `json:"position"`
	Event       string            `json:"event" doc:"Id of the event."`
}

// Coordinates are where a device says that it was.
type Coordinates struct {
	Lat      float64 `json:"lat"`
	Lon      float64 `json:"lon"`
	Accuracy float64 `json:"accuracy" doc:"Metres."`
}

// EvidenceHash names a file that proves an act.
type EvidenceHash struct {
	SHA256    string `json:"sha256"`
	MediaType string `json:"media_type"`
	Kind      string `json:"kind"`
}

// Diff is what changed in the figures of a regency between two moments of the recorded clock.
type Diff struct {
	Code         string         `json:"code"`
	Name         string         `json:"name"`
	FromPosition uint64         `json:"from_position" doc:"Of the ledger's last event at from."`
	ToPosition   uint64         `json:"to_position"`
	Events       int            `json:"events" doc:"Recorded in between."`
	Figures      []FigureChange `json:"figures" doc:"Those that changed, even when they came back to what they were, by name."`
	Simulated    bool           `json:"simulated,omitempty"`
}

// FigureChange is what became of one figure, such as boxes.sealed.
type FigureChange struct {
	Figure  string         `json:"figure"`
	From    int64          `json:"from"`
	To      int64          `json:"to"`
	Changes int            `json:"changes" doc:"Events at which it changed."`
	Types   map[string]int `json:"types" doc:"How many of each type."`
	Events  []FigureEvent  `json:"events" doc:"The first few; all when this figure is asked for."`
}

// FigureEvent is an event at which a figure changed.
type FigureEvent struct {
	Event      string `json:"event"`
	Type       string `json:"type"`
	Position   uint64 `json:"position"`
	Version    uint64 `json:"version"`
	OccurredAt string `json:"occurred_at"`
	RecordedAt string `json:"recorded_at"`
	From       int64  `json:"from"`
	To         int64  `json:"to"`
}

// Believed is what the figures of a regency said at a moment, against what had occurred by then.
type Believed struct {
	Code      string             `json:"code"`
	Name      string             `json:"name"`
	At        string             `json:"at"`
	Position  uint64             `json:"position" doc:"Of the ledger's last event that was recorded by then: what was believed."`
	Head      uint64             `json:"head" doc:"Of the ledger's last event that is known now: what is true as far as it is told."`
	Late      int                `json:"late" doc:"Events that had occurred by then and were recorded later."`
	Ahead     []FigureEvent      `json:"ahead" doc:"Events that were recorded by then and had not occurred: clocks of devices that were ahead, and discrepancies proved by them. Figures of these are left at 0."`
	Figures   []FigureDifference `json:"figures" doc:"Those that differ, by name."`
	Simulated bool               `json:"simulated,omitempty"`
}

// FigureDifference is a figure that was believed to be something else.
type FigureDifference struct {
	Figure   string         `json:"figure"`
	Believed int64          `json:"believed"`
	True     int64          `json:"true"`
	Changes  int            `json:"changes" doc:"Events told later at which it changes."`
	Types    map[string]int `json:"types"`
	Events   []FigureEvent  `json:"events" doc:"The first few; all when this figure is asked for."`
}
