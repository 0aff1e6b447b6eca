package shipment_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/goods"
	. "jejak/domain/shipment"
)

func TestGoldenEvents(t *testing.T) {
	const shp = "SHP-3578-000123"
	given.Golden(t, NewRoom(nil).NewEvent,
		&Planned{Shipment: shp, Leg: ToDistrict, From: "3578", To: "357801", Boxes: []domain.BoxID{"3578011001001-DPRDK"},
			Kits: []domain.BoxID{"3578011001001-KIT"}, Lines: []goods.Line{{Item: goods.Item{Item: "ballot", Variant: "DPRDK-357801"}, Quantity: 500}}, Carrier: "CV-ANGKUT"},
		&Loaded{Shipment: shp, Vehicle: "L 1234 AB", Boxes: []domain.BoxID{"3578011001001-DPRDK", "3578011001001-KIT"}, Carrier: "CV-ANGKUT"},
		&VehicleInspected{Shipment: shp, Roadworthy: true, DriverFit: false, Papers: true},
		&EscortAssigned{Shipment: shp, PoliceUnit: "P3578A", OrderNo: "Sprin/1"},
		&EscortAccepted{Shipment: shp},
		&EscortHandedOver{Shipment: shp, PoliceUnit: "P3578B", OrderNo: "Sprin/2"},
		&Dispatched{Shipment: shp, Override: &Overridden{Asked: "usr-head", Approval: "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", Reason: "darurat"}},
		&CheckpointPassed{Shipment: shp, Place: "Paciran", Note: "istirahat"},
		&Delayed{Shipment: shp, Reason: "ferry", Until: "2024-02-05T06:00:00+07:00"},
		&Diverted{Shipment: shp, To: "357802", Reason: "banjir"},
		&LoadTransferred{Shipment: shp, Vehicle: "L 2", Reason: "mogok"},
		&Arrived{Shipment: shp, Place: "357801"},
		&Cancelled{Shipment: shp, Reason: "ganti hari"})
}
