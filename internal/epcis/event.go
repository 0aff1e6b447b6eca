// Package epcis tells what a ledger recorded in the language of GS1's EPCIS 2.0: what, when, where, why. Only what moves or changes things is an
// EPCIS event; docs/epcis.md says of every type of event what it becomes, or why it becomes nothing, and a test holds the page to this code.
//
// Source: EPCIS 2.0 and CBV 2.0, https://ref.gs1.org/standards/epcis/ and https://ref.gs1.org/standards/cbv/.
package epcis

// Event is one EPCIS event in JSON. Members are those of EPCIS 2.0; what has the prefix jejak: is ours.
type Event struct {
	Type       string `json:"type"` // ObjectEvent, AggregationEvent, AssociationEvent, TransactionEvent
	ID         string `json:"eventID"`
	Time       string `json:"eventTime"`           // occurred_at: the device's claim
	Offset     string `json:"eventTimeZoneOffset"` // of the device
	RecordTime string `json:"recordTime"`          // recorded_at: the server's time, UTC

	Action      Action        `json:"action"`
	Step        string        `json:"bizStep,omitempty"`
	Disposition string        `json:"disposition,omitempty"`
	Parent      string        `json:"parentID,omitempty"`
	Children    []string      `json:"childEPCs,omitempty"`
	Content     []Quantity    `json:"childQuantityList,omitempty"`
	Objects     []string      `json:"epcList,omitzero"` // [] says: of nothing
	Quantities  []Quantity    `json:"quantityList,omitempty"`
	ReadPoint   *Place        `json:"readPoint,omitempty"`
	Location    *Place        `json:"bizLocation,omitempty"`
	Documents   []Transaction `json:"bizTransactionList,omitempty"`
	Sources     []Source      `json:"sourceList,omitempty"`
	Destination []Destination `json:"destinationList,omitempty"`

	Of       Of         `json:"jejak:event"`
	Missing  []string   `json:"jejak:missing,omitempty"` // objects that were expected and not there
	Short    []Quantity `json:"jejak:short,omitempty"`   // likewise, of goods
	Seals    []Sealed   `json:"jejak:seals,omitempty"`   // read by who took the boxes over
	Vehicle  string     `json:"jejak:vehicle,omitempty"`
	Carrier  string     `json:"jejak:carrier,omitempty"` // the firm that drives, as this load names it
	Replaces string     `json:"jejak:replaces,omitempty"`
	Reason   string     `json:"jejak:reason,omitempty"` // of a fixed list, never free text
}

// Action says what happens to what is named: it begins, it is seen, it ends.
type Action string

// The actions.
const (
	Add     Action = "ADD"
	Observe Action = "OBSERVE"
	Delete  Action = "DELETE"
)

// Quantity is so many pieces of a class of things.
type Quantity struct {
	Class    string `json:"epcClass"`
	Quantity int64  `json:"quantity"`
}

// Place is where.
type Place struct {
	ID string `json:"id"`
}

// Transaction is a document that the event belongs to.
type Transaction struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"bizTransaction"`
}

// Source is from whom or whence.
type Source struct {
	Type string `json:"type"`
	ID   string `json:"source"`
}

// Destination is to whom or whither.
type Destination struct {
	Type string `json:"type"`
	ID   string `json:"destination"`
}

// Sealed are seals on a box.
type Sealed struct {
	Box   string   `json:"jejak:box"`
	Seals []string `json:"jejak:numbers"`
}

// Of points at the record of the log that the event tells.
type Of struct {
	ID        string `json:"jejak:id"`
	Type      string `json:"jejak:type"`
	Election  string `json:"jejak:election"`
	Unit      string `json:"jejak:unit"`
	Version   uint64 `json:"jejak:version"` // in the ledger of the unit
	Mode      string `json:"jejak:mode"`
	Actor     string `json:"jejak:actor"` // a random id, never a name
	Role      string `json:"jejak:role"`
	Simulated bool   `json:"jejak:simulated,omitempty"`
}
