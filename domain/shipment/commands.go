// Package shipment is the room of the road: shipments are planned, loaded, escorted, dispatched, and arrive. Custody does not move here: that is
// a handoff.
package shipment

import (
	"regexp"

	"jejak/domain"
	"jejak/domain/goods"
)

// Command is a command of the room.
//
//sumtype:decl
type Command interface {
	domain.Command
	shipmentCommand()
	document() string
}

// Leg is a part of the way from the printer to the station.
type Leg string

// The legs forward: to the regency, the district, the village, the station. Routes are data: a leg may go past a level.
const (
	ToRegency  Leg = "L1"
	ToDistrict Leg = "L2"
	ToVillage  Leg = "L3"
	ToStation  Leg = "L4"
)

// Plan says what is to travel from where to where (shipment.plan). A decision.
type Plan struct {
	Shipment string         `json:"shipment"` // SHP-<unit>-...
	Leg      Leg            `json:"leg"`
	From     domain.Code    `json:"from"`
	To       domain.Code    `json:"to"`
	Boxes    []domain.BoxID `json:"boxes"`
	Kits     []domain.BoxID `json:"kits"`
	Lines    []goods.Line   `json:"lines,omitempty"` // goods between units
	// Carrier is the firm that drives, in the form of an account's party; "" where it is not known yet.
	Carrier string `json:"carrier,omitempty"`
}

// Load tells that boxes and kits are on the vehicle (shipment.load).
type Load struct {
	Shipment string         `json:"shipment"`
	Vehicle  string         `json:"vehicle"`
	Boxes    []domain.BoxID `json:"boxes"`
	Carrier  string         `json:"carrier,omitempty"` // the firm that drives, instead of the plan's; "" leaves it as it is
}

// InspectVehicle is the look at vehicle, driver and papers before departure (shipment.inspect_vehicle).
type InspectVehicle struct {
	Shipment   string `json:"shipment"`
	Roadworthy bool   `json:"roadworthy"`
	DriverFit  bool   `json:"driver_fit"`
	Papers     bool   `json:"papers"`
}

// AssignEscort asks a police unit to escort (shipment.assign_escort).
type AssignEscort struct {
	Shipment   string `json:"shipment"`
	PoliceUnit string `json:"police_unit"`
	OrderNo    string `json:"order_no"`
}

// AcceptEscort is the police unit's yes (shipment.accept_escort), by an escort of that unit.
type AcceptEscort struct {
	Shipment string `json:"shipment"`
}

// HandOverEscort passes the escort to another police unit (shipment.hand_over_escort).
type HandOverEscort struct {
	Shipment   string `json:"shipment"`
	PoliceUnit string `json:"police_unit"`
	OrderNo    string `json:"order_no"`
}

// Override says that ballots are meant to leave without an escort. What allows it is an approval in force (package approval) by somebody else than
// who lets them leave, not what stands here.
type Override struct {
	Approver string `json:"approver,omitempty"` // who is asked to approve: a user id. It exempts from nothing.
	Approval string `json:"approval,omitempty"` // id of the approval, where the sender knows it
	Reason   string `json:"reason"`
}

// Dispatch lets the vehicle leave (shipment.dispatch).
type Dispatch struct {
	Shipment string    `json:"shipment"`
	Override *Override `json:"override,omitempty"`
}

// ReportCheckpoint tells where the shipment passed (shipment.report_checkpoint).
type ReportCheckpoint struct {
	Shipment string `json:"shipment"`
	Place    string `json:"place"`
	Note     string `json:"note,omitempty"`
}

// ReportDelay tells that the shipment waits (shipment.report_delay).
type ReportDelay struct {
	Shipment string `json:"shipment"`
	Reason   string `json:"reason"`
	Until    string `json:"until,omitempty"` // RFC 3339
}

// Divert changes where the shipment goes (shipment.divert).
type Divert struct {
	Shipment string      `json:"shipment"`
	To       domain.Code `json:"to"`
	Reason   string      `json:"reason"`
}

// TransferLoad moves the load to another vehicle (shipment.transfer_load).
type TransferLoad struct {
	Shipment string `json:"shipment"`
	Vehicle  string `json:"vehicle"`
	Reason   string `json:"reason"`
}

// ReportArrival tells where the shipment arrived (shipment.report_arrival).
type ReportArrival struct {
	Shipment string      `json:"shipment"`
	Place    domain.Code `json:"place"`
}

// Cancel calls the shipment off before it leaves (shipment.cancel). A decision; what was loaded comes off.
type Cancel struct {
	Shipment string `json:"shipment"`
	Reason   string `json:"reason"`
}

func (*Plan) shipmentCommand()             {}
func (*Load) shipmentCommand()             {}
func (*InspectVehicle) shipmentCommand()   {}
func (*AssignEscort) shipmentCommand()     {}
func (*AcceptEscort) shipmentCommand()     {}
func (*HandOverEscort) shipmentCommand()   {}
func (*Dispatch) shipmentCommand()         {}
func (*ReportCheckpoint) shipmentCommand() {}
func (*ReportDelay) shipmentCommand()      {}
func (*Divert) shipmentCommand()           {}
func (*TransferLoad) shipmentCommand()     {}
func (*ReportArrival) shipmentCommand()    {}
func (*Cancel) shipmentCommand()           {}

func (s *Plan) document() string             { return s.Shipment }
func (s *Load) document() string             { return s.Shipment }
func (s *InspectVehicle) document() string   { return s.Shipment }
func (s *AssignEscort) document() string     { return s.Shipment }
func (s *AcceptEscort) document() string     { return s.Shipment }
func (s *HandOverEscort) document() string   { return s.Shipment }
func (s *Dispatch) document() string         { return s.Shipment }
func (s *ReportCheckpoint) document() string { return s.Shipment }
func (s *ReportDelay) document() string      { return s.Shipment }
func (s *Divert) document() string           { return s.Shipment }
func (s *TransferLoad) document() string     { return s.Shipment }
func (s *ReportArrival) document() string    { return s.Shipment }
func (s *Cancel) document() string           { return s.Shipment }

// CommandType implements domain.Command.
func (*Plan) CommandType() string { return "shipment.plan" }

// CommandType implements domain.Command.
func (*Load) CommandType() string { return "shipment.load" }

// CommandType implements domain.Command.
func (*InspectVehicle) CommandType() string { return "shipment.inspect_vehicle" }

// CommandType implements domain.Command.
func (*AssignEscort) CommandType() string { return "shipment.assign_escort" }

// CommandType implements domain.Command.
func (*AcceptEscort) CommandType() string { return "shipment.accept_escort" }

// CommandType implements domain.Command.
func (*HandOverEscort) CommandType() string { return "shipment.hand_over_escort" }

// CommandType implements domain.Command.
func (*Dispatch) CommandType() string { return "shipment.dispatch" }

// CommandType implements domain.Command.
func (*ReportCheckpoint) CommandType() string { return "shipment.report_checkpoint" }

// CommandType implements domain.Command.
func (*ReportDelay) CommandType() string { return "shipment.report_delay" }

// CommandType implements domain.Command.
func (*Divert) CommandType() string { return "shipment.divert" }

// CommandType implements domain.Command.
func (*TransferLoad) CommandType() string { return "shipment.transfer_load" }

// CommandType implements domain.Command.
func (*ReportArrival) CommandType() string { return "shipment.report_arrival" }

// CommandType implements domain.Command.
func (*Cancel) CommandType() string { return "shipment.cancel" }

var policeUnit = regexp.MustCompile(`^P[0-9]{4}[A-Z]$`)
