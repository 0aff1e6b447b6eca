package access_test

import (
	"encoding/json"
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/ledger"
	"jejak/domain/procurement"
	"jejak/domain/shipment"
)

// A supplier with a party acts on that firm's orders and deliveries; what names no firm by its id goes on as before.
func TestFirmsActOnTheirOwn(t *testing.T) {
	lines := []procurement.PricedLine{{Line: goods.Line{Item: goods.Item{Item: "booth"}, Quantity: 10}, UnitPrice: 7}}
	s := given.Ledger(t, given.Reference(), given.Unit)
	for order, supplier := range map[string]string{"ORD-3578-OWN": "CV-MAJU", "ORD-3578-OTHER": "PT-LAIN", "ORD-3578-NAME": "PT Lain Jaya", "ORD-3578-CASE": "cv-maju"} {
		s.Has(&procurement.OrderPlaced{Order: order, Supplier: supplier, Lines: lines},
			&procurement.DeliveryAnnounced{Delivery: "DLV-3578-" + order[len("ORD-3578-"):], Order: order, Lines: []goods.Line{lines[0].Line}})
	}
	s.Has(&procurement.ExternalOrderRecorded{Order: "ORD-35-1", PlacedBy: "35", Supplier: "PT-LAIN", Lines: lines})
	for _, c := range []struct {
		command, data string
		refused       bool
	}{
		{"procurement.report_production", `{"order":"ORD-3578-OWN"}`, false},
		{"procurement.report_production", `{"order":"ORD-3578-OTHER"}`, true},
		{"procurement.report_production", `{"order":"ORD-35-1"}`, true},
		{"procurement.report_production", `{"order":"ORD-3578-CASE"}`, true},
		{"procurement.report_production", `{"order":"ORD-3578-NAME"}`, false},
		{"procurement.report_production", `{"order":"ORD-3578-UNKNOWN"}`, false},
		{"procurement.announce_delivery", `{"delivery":"DLV-3578-9","order":"ORD-3578-OWN"}`, false},
		{"procurement.announce_delivery", `{"delivery":"DLV-3578-9","order":"ORD-3578-OTHER"}`, true},
		{"procurement.announce_delivery", `{"delivery":"DLV-3578-OTHER","order":"ORD-3578-OWN"}`, true},
		{"procurement.announce_delivery", `{"delivery":"DLV-3578-9"}`, false},
		{"incident.raise", `{"units":["DLV-3578-OWN/booth"]}`, false},
		{"incident.raise", `{"units":["DLV-3578-OWN/booth","DLV-3578-OTHER/booth"]}`, true},
		{"incident.raise", `{"units":["ORD-3578-OTHER"]}`, true},
	} {
		for _, mode := range []domain.Mode{domain.Request, domain.Report} {
			cmd := ledger.NewCommandOf(c.command)
			if err := json.Unmarshal([]byte(c.data), cmd); err != nil {
				t.Fatal(err)
			}
			firm := domain.Actor{ID: "usr-1", Role: domain.RoleSupplier, Scope: "35", Party: "CV-MAJU"}
			p := ask(firm, mode, given.Unit, s.State, cmd)
			if (p != nil) != c.refused || p != nil && p.Rule != "party_not_allowed" {
				t.Errorf("%s %s %s: %+v", mode, c.command, c.data, p)
			}
			whole(t, p)
			firm.Party = ""
			if p := ask(firm, mode, given.Unit, s.State, cmd); p != nil {
				t.Errorf("without a party: %s %s %s: %+v", mode, c.command, c.data, p)
			}
		}
	}
}

// A carrier with a party acts on what that firm drives. What names no carrier goes on as before, and so does whose account names no party.
func TestCarriersActOnTheirOwn(t *testing.T) {
	s := given.Ledger(t, given.Reference(), given.Unit)
	for id, carrier := range map[string]string{"OWN": "CV-A", "OTHER": "CV-B", "CASE": "cv-a", "NONE": ""} {
		s.Has(&shipment.Planned{Shipment: "SHP-3578-" + id, Leg: "L2", From: "3578", To: "357801", Carrier: carrier})
	}
	s.Has(&shipment.Planned{Shipment: "SHP-3578-TAKEN", Leg: "L2", From: "3578", To: "357801", Carrier: "CV-A"},
		&shipment.Loaded{Shipment: "SHP-3578-TAKEN", Vehicle: "L 1", Carrier: "CV-B"},
		&shipment.Planned{Shipment: "SHP-3578-GIVEN", Leg: "L2", From: "3578", To: "357801", Carrier: "CV-B"},
		&shipment.Loaded{Shipment: "SHP-3578-GIVEN", Vehicle: "L 1", Carrier: "CV-A"},
		&shipment.Loaded{Shipment: "SHP-3578-NOPLAN", Vehicle: "L 1", Carrier: "CV-B"})
	refused := map[string]bool{"OWN": false, "OTHER": true, "CASE": true, "NONE": false, "TAKEN": true, "GIVEN": false, "NOPLAN": true, "UNKNOWN": false}
	for id, want := range refused {
		for _, command := range []string{"shipment.report_arrival", "shipment.report_checkpoint", "shipment.report_delay", "shipment.transfer_load", "incident.raise"} {
			for _, mode := range []domain.Mode{domain.Request, domain.Report} {
				cmd := ledger.NewCommandOf(command)
				if err := json.Unmarshal([]byte(`{"shipment":"SHP-3578-`+id+`","units":["3578011001001-PPWP","SHP-3578-`+id+`"]}`), cmd); err != nil {
					t.Fatal(err)
				}
				driver := domain.Actor{ID: "usr-1", Role: domain.RoleCarrier, Scope: "3578", Party: "CV-A"}
				p := ask(driver, mode, given.Unit, s.State, cmd)
				if (p != nil) != want || p != nil && p.Rule != "party_not_allowed" {
					t.Errorf("%s %s of %s: %+v", mode, command, id, p)
				}
				whole(t, p)
				driver.Party = ""
				if p := ask(driver, mode, given.Unit, s.State, cmd); p != nil {
					t.Errorf("without a party: %s %s of %s: %+v", mode, command, id, p)
				}
			}
		}
	}
}
