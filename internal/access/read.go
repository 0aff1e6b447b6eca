package access

import (
	"fmt"
	"slices"

	"jejak/domain"
	"jejak/internal/api"
)

// Model is a read model, or another thing that the API shows or does beside commands.
type Model string

// The models.
const (
	Elections     Model = "elections"      // which elections there are
	Regency       Model = "regency"        // rows of figures per regency
	Supporting    Model = "supporting"     // progress of the supporting data
	Plan          Model = "plan"           // need plan of a regency
	Station       Model = "station"        // station card
	Box           Model = "box"            // timeline of a box
	Shipment      Model = "shipment"       // shipment cards
	Custody       Model = "custody"        // who holds the boxes of a regency
	Deadlines     Model = "deadlines"      // how a regency stands to the deadlines
	Claims        Model = "claims"         // claims to suppliers
	Seals         Model = "seals"          // which boxes carry or carried a seal number
	Discrepancies Model = "discrepancies"  // list of discrepancies
	Minutes       Model = "minutes"        // minutes of a handoff, with the names of the people in it
	Events        Model = "events"         // the log itself
	History       Model = "history"        // timelines, differences and replays of a unit's ledger
	Feed          Model = "feed"           // events over NATS
	ReadClock     Model = "clock"          // the server's time
	SetClock      Model = "clock (set)"    // drive the time of a simulated data directory
	AcceptClock   Model = "clock (accept)" // believe the server's clock after it was set
	Accounts      Model = "accounts"       // add, revoke and forget people
	FeedRebuild   Model = "feed (rebuild)" // publish the event feed anew
	Reads         Model = "reads"          // what auditors, supervisors and observers have read
	Backup        Model = "backup"         // everything, on the server's own machine
)

// Models lists the models in the order of docs/access.md.
func Models() []Model {
	return []Model{Elections, Regency, Supporting, Plan, Station, Box, Shipment, Custody, Deadlines, Claims, Seals, Discrepancies, Minutes, Events, History, Feed, ReadClock, SetClock, AcceptClock, Accounts, FeedRebuild, Reads, Backup}
}

// View says how much of a model a role sees.
type View int

const (
	// Nothing at all.
	Nothing View = iota
	// All, whatever the scope.
	All
	// Unit: what belongs to the regency of the scope, or lies inside a wider scope.
	Unit
	// Within: what lies inside the scope.
	Within
	// Touching: what lies inside the scope, or comes from or goes to a place inside it.
	Touching
	// Escorts: what the police unit escorts.
	Escorts
)

// String names the view as docs/access.md does.
func (v View) String() string {
	return [...]string{"", "all", "unit", "within", "touching", "escorted"}[v]
}

type views map[domain.Role]View

func each(v View, roles ...domain.Role) views {
	m := views{}
	for _, r := range roles {
		m[r] = v
	}
	return m
}

func (v views) and(view View, roles ...domain.Role) views {
	for _, r := range roles {
		v[r] = view
	}
	return v
}

// Those who read for a unit, and the committees that read for their place.
var (
	staff   = []domain.Role{domain.RoleOperator, domain.RoleWarehouse, domain.RoleChecker, domain.RoleCommitmentOfficer}
	watch   = []domain.Role{domain.RoleAdmin, domain.RoleProvince, domain.RoleObserver, domain.RoleAuditor, domain.RoleSupervisor}
	locals  = []domain.Role{domain.RoleDistrict, domain.RoleVillage, domain.RoleStation}
	traders = []domain.Role{domain.RoleSupplier, domain.RoleCarrier}
)

// readTable is the table of reading. Supervisors (Bawaslu) and auditors read everything inside the regency or province they serve.
var readTable = map[Model]views{
	Elections:  each(All, Roles()...),
	ReadClock:  each(All, Roles()...),
	Regency:    each(Unit, slices.Concat(staff, watch, locals, traders)...).and(All, domain.RoleSimulator),
	Supporting: each(Unit, slices.Concat(staff, watch)...).and(All, domain.RoleSimulator),
	Plan:       each(Unit, slices.Concat(staff, watch)...).and(Unit, domain.RoleSupplier).and(All, domain.RoleSimulator),
	Station:    each(Unit, slices.Concat(staff, watch)...).and(Within, locals...).and(All, domain.RoleSimulator),
	Box:        each(Unit, slices.Concat(staff, watch)...).and(Within, locals...).and(All, domain.RoleSimulator),
	Shipment: each(Unit, slices.Concat(staff, watch)...).and(Touching, locals...).and(Unit, domain.RoleCarrier).
		and(Escorts, domain.RoleEscort).and(All, domain.RoleSimulator),
	Custody:       each(Unit, slices.Concat(staff, watch)...).and(All, domain.RoleSimulator),
	Deadlines:     each(Unit, slices.Concat(staff, watch, locals)...).and(All, domain.RoleSimulator),
	Claims:        each(Unit, slices.Concat(staff, watch)...).and(All, domain.RoleSimulator),
	Seals:         each(Unit, slices.Concat(staff, watch)...).and(Within, locals...).and(All, domain.RoleSimulator),
	Discrepancies: each(Unit, slices.Concat(staff, watch)...).and(Within, locals...).and(All, domain.RoleSimulator),
	// Not observers: there are names on it.
	Minutes:     each(Unit, staff...).and(Unit, domain.RoleAdmin, domain.RoleProvince, domain.RoleAuditor, domain.RoleSupervisor).and(Touching, locals...).and(All, domain.RoleSimulator),
	Events:      each(Unit, slices.Concat(staff, watch)...).and(All, domain.RoleSimulator),
	History:     each(Unit, slices.Concat(staff, watch)...).and(All, domain.RoleSimulator),
	Feed:        each(Unit, slices.Concat(staff, watch)...).and(Escorts, domain.RoleEscort).and(All, domain.RoleSimulator),
	SetClock:    each(All, domain.RoleSimulator),
	AcceptClock: each(Within, domain.RoleAdmin), // of the whole province
	Accounts:    each(Within, domain.RoleAdmin).and(All, domain.RoleSimulator),
	FeedRebuild: each(Within, domain.RoleAdmin), // of the whole province
	Reads:       each(Within, domain.RoleAdmin, domain.RoleSupervisor),
	Backup:      each(Within, domain.RoleAdmin), // likewise
}

// Sees says how much of a model an actor's role sees.
func Sees(actor domain.Actor, model Model) View { return readTable[model][actor.Role] }

// Allows tells whether a view from a scope shows something at some places (a shipment has two: from and to). It does not answer Escorts,
// which only the ledger can: see EscortedBy.
func Allows(v View, scope string, places ...domain.Code) bool {
	code := domain.Code(scope)
	for _, p := range places {
		switch v {
		case All:
			return true
		case Unit:
			if code.Covers(p) || (code.Level() >= domain.Regency && code.Up(domain.Regency) == p.Up(domain.Regency)) {
				return true
			}
		case Within, Touching:
			if code.Covers(p) {
				return true
			}
		case Nothing, Escorts:
			return false
		}
	}
	return false
}

// Read says whether an actor may see something of a model at some places, nil for yes. With no places it asks about the role only.
func Read(actor domain.Actor, model Model, places ...domain.Code) *api.Problem {
	view := Sees(actor, model)
	if view == Nothing {
		return problem("role_not_allowed", "",
			fmt.Sprintf("peran %s tidak boleh melihat %s", actor.Role, model), fmt.Sprintf("role %s may not use %s", actor.Role, model),
			"minta akun dengan peran yang berwenang kepada admin", "ask an admin for an account with a role that may")
	}
	if len(places) == 0 || view == Escorts || Allows(view, actor.Scope, places...) {
		return nil
	}
	return problem("place_not_allowed", "",
		fmt.Sprintf("%s di luar wilayah kerja Anda %s", places[0], actor.Scope),
		fmt.Sprintf("%s is outside your scope %s", places[0], actor.Scope),
		"minta data wilayah Anda sendiri", "ask for your own area")
}

// NotYours is the answer to who asks for a shipment that is not his to see, whether there is such a shipment or not.
func NotYours(shipment, scope string) *api.Problem {
	return problem("place_not_allowed", "",
		fmt.Sprintf("pengiriman %s bukan urusan Anda (%s)", shipment, scope), fmt.Sprintf("shipment %s is not yours (%s) to see", shipment, scope),
		"minta pengiriman Anda sendiri", "ask for shipments of your own")
}

// NotYourHandoff is the answer to who asks for the minutes of a handoff that is not his to see, whether there is such a handoff or not.
func NotYourHandoff(handoff, scope string) *api.Problem {
	return problem("place_not_allowed", "",
		fmt.Sprintf("serah terima %s di luar wilayah kerja Anda %s", handoff, scope), fmt.Sprintf("handoff %s is outside your scope %s", handoff, scope),
		"minta serah terima wilayah Anda sendiri", "ask for handoffs of your own area")
}
