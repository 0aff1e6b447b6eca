package projections

import (
	"cmp"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/eventstore"
	"jejak/projections/form"
)

// Shipment is the card of a shipment; ok is false when the ledger knows nothing of it.
func Shipment(s *ledger.State, at eventstore.Position, id string) (card form.ShipmentCard, ok bool) {
	shp := s.Shipments.Shipments[id]
	if shp == nil || !shp.Told {
		return card, false
	}
	texts := &s.BoxRegister.Texts
	card = form.ShipmentCard{
		Shipment: id, Unit: string(s.Unit), Position: uint64(at), State: shp.Status.String(), Leg: string(shp.Leg), From: string(shp.From), To: string(shp.To),
		Bound: string(shp.Bound), Vehicle: texts.Text(shp.Vehicle), Carrier: texts.Text(shp.Carrier), Planned: boxNames(s, shp.Planned), Loaded: boxNames(s, shp.Boxes), Handoffs: list(slices.Clone(s.Handoffs.ByShipment[id])),
	}
	for _, l := range shp.Lines {
		card.Lines = append(card.Lines, form.Line{Item: l.Item.Item, Variant: l.Variant, Quantity: l.Quantity})
	}
	if shp.Escort != 0 {
		card.Escort = &form.Escort{PoliceUnit: texts.Text(shp.Escort), Accepted: shp.Agreed}
	}
	for _, f := range s.ShipmentBook().Counting(shp) {
		occurred := stamp(time.UnixMicro(s.BoxRegister.Acts[f.Act].Occurred))
		switch f.Kind {
		case shipment.KindPlanned:
			card.PlannedAt = occurred
		case shipment.KindDispatched:
			card.DispatchedAt = occurred
		case shipment.KindArrived:
			card.ArrivedAt, card.LastPlace = occurred, texts.Text(f.Text)
		case shipment.KindCheckpoint:
			card.LastPlace = texts.Text(f.Text)
		case shipment.KindDelayed:
			card.Delays++
		case shipment.KindLoaded, shipment.KindInspected, shipment.KindAssigned, shipment.KindAccepted, shipment.KindHandedOver, shipment.KindCancelled,
			shipment.KindDiverted, shipment.KindTransferred:
		}
	}
	card.Discrepancies = openAbout(s, id)
	return card, true
}

// ShipmentQuery chooses shipments of a ledger. Empty fields choose all.
type ShipmentQuery struct {
	State string
	After string // only ids after this one
	Limit int    // 0: no limit
	Sees  func(ShipmentSight) bool
}

// ShipmentSight is what decides who may see a shipment.
type ShipmentSight struct {
	ID          string
	From, Bound domain.Code
	Escorts     []string // police units that escort it
	Carrier     string   // the firm that drives it, "" while nobody has named it
}

// Shipments lists the shipments of a ledger in the order of their ids, without the names of their boxes.
func Shipments(s *ledger.State, at eventstore.Position, q ShipmentQuery) []form.ShipmentCard {
	var ids []string
	for id, shp := range s.Shipments.Shipments {
		if shp.Told && id > q.After && (q.State == "" || shp.Status.String() == q.State) && (q.Sees == nil || q.Sees(sightOf(s, id, shp))) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, cmp.Compare[string])
	if q.Limit > 0 && len(ids) > q.Limit {
		ids = ids[:q.Limit]
	}
	cards := make([]form.ShipmentCard, len(ids))
	for i, id := range ids {
		cards[i], _ = Shipment(s, at, id)
	}
	return cards
}

func sightOf(s *ledger.State, id string, shp *shipment.Shipment) ShipmentSight {
	return ShipmentSight{ID: id, From: shp.From, Bound: shp.Bound, Escorts: s.ShipmentBook().Escorting(shp), Carrier: s.BoxRegister.Texts.Text(shp.Carrier)}
}

// SightOf is what decides who may see a shipment now; ok is false for one of which nobody whose it is has told.
func SightOf(s *ledger.State, id string) (sight ShipmentSight, ok bool) {
	shp := s.Shipments.Shipments[id]
	if shp == nil || !shp.Told {
		return sight, false
	}
	return sightOf(s, id, shp), true
}

func boxNames(s *ledger.State, numbers []uint32) []string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = string(s.BoxRegister.ID(n))
	}
	slices.Sort(names)
	return names
}
