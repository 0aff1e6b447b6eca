package policy

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/goods"
	"jejak/domain/procurement"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// deliveries announces goods that one unit has dispatched to another as a delivery there: without an order, for they come out of the sender's
// stock.
type deliveries struct {
	Trips map[tripKey]trip
}

type tripKey struct{ Election, Shipment string }

// trip is what is known of a shipment; both its plan and its dispatch must be, in whatever order they come.
type trip struct {
	Planned, Dispatched bool
	From                domain.Code // the unit
	To                  domain.Code // the unit where it goes, by plan or the diversion before the dispatch
	Lines               []goods.Line
	At                  time.Time // of the dispatch
}

func newDeliveries() *deliveries { return &deliveries{Trips: map[tripKey]trip{}} }

func (d *deliveries) fold() any { return d }

func (*deliveries) name() string { return "deliveries" }

func (*deliveries) types() []string {
	return []string{"shipment.planned", "shipment.diverted", "shipment.dispatched"}
}

func (*deliveries) due(time.Time) ([]order, time.Time) { return nil, time.Time{} }

func (d *deliveries) observe(_ context.Context, rec *eventstore.Record) ([]order, error) {
	election, unit, event, err := decoded(rec)
	if err != nil {
		return nil, err
	}
	e, ok := event.Event.(shipment.Event)
	if !ok {
		return nil, nil
	}
	meta, err := journal.ReadMetadata(rec)
	if err != nil {
		return nil, err
	}
	var id string
	change := func(shipmentID string, edit func(t *trip)) (complete bool) {
		id = shipmentID
		key := tripKey{election, shipmentID}
		t := d.Trips[key]
		was := t.Planned && t.Dispatched
		edit(&t)
		d.Trips[key] = t
		return !was && t.Planned && t.Dispatched
	}
	complete := false
	switch e := e.(type) {
	case *shipment.Planned:
		complete = change(e.Shipment, func(t *trip) {
			t.Planned, t.From, t.Lines = true, unit, e.Lines
			if t.To == "" {
				t.To = unitOf(e.To)
			}
		})
	case *shipment.Diverted:
		change(e.Shipment, func(t *trip) {
			if !t.Dispatched {
				t.To = unitOf(e.To)
			}
		})
	case *shipment.Dispatched:
		complete = change(e.Shipment, func(t *trip) {
			if !t.Dispatched {
				t.Dispatched, t.At = true, event.Meta.OccurredAt
			}
		})
	case *shipment.Loaded, *shipment.VehicleInspected, *shipment.EscortAssigned, *shipment.EscortAccepted, *shipment.EscortHandedOver,
		*shipment.CheckpointPassed, *shipment.Delayed, *shipment.LoadTransferred, *shipment.Arrived, *shipment.Cancelled:
	}
	t := d.Trips[tripKey{election, id}]
	if !complete || len(t.Lines) == 0 || t.To == t.From {
		return nil, nil
	}
	return []order{{
		election: election, unit: t.To, cause: rec.ID, correlation: correlation(meta), occurred: t.At,
		data: &procurement.AnnounceDelivery{Delivery: deliveryID(t.To, id), Lines: t.Lines},
	}}, nil
}

func correlation(meta journal.Metadata) uuid.UUID {
	if meta.CorrelationID != uuid.Nil {
		return meta.CorrelationID
	}
	return meta.CommandID
}

// unitOf is the unit whose ledger answers for a place: its regency, or the province.
func unitOf(place domain.Code) domain.Code {
	if place.Level() == domain.Province {
		return place
	}
	return place.Up(domain.Regency)
}

// longest part of a document's id after the unit's code, as domain.CheckID has it.
const longestID = 20

// deliveryID names the delivery that a shipment is at its receiver: SHP-35-0007 comes to 3578 as KRM-3578-35-0007 (kiriman). An id that would
// be too long is shortened to a hash.
func deliveryID(to domain.Code, shipmentID string) string {
	rest := shipmentID[len("SHP-"):]
	if len(rest) > longestID {
		sum := sha256.Sum256([]byte(shipmentID))
		rest = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:longestID]
	}
	return "KRM-" + string(to) + "-" + rest
}
