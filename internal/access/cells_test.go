package access_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/handoff"
	"jejak/domain/ledger"
	"jejak/domain/shipment"
	"jejak/internal/access"
	"jejak/internal/api"
)

// The ledger of the tests is that of 3578. Below it one place of each level that the actors serve, and one beside it.
var beside = map[string]string{"357801": "357802", "3578011001": "3578011002", "3578011001001": "3578011002001", "P3578A": "P3578B"}

// scopes are where people of a role stand in these tests.
func scopes(role domain.Role) []string {
	switch role {
	case domain.RoleProvince, domain.RoleSimulator:
		return []string{"35"}
	case domain.RoleDistrict:
		return []string{"357801"}
	case domain.RoleVillage:
		return []string{"3578011001"}
	case domain.RoleStation:
		return []string{"3578011001001"}
	case domain.RoleEscort:
		return []string{"P3578A"}
	case domain.RoleSupervisor:
		return []string{"35", "3578", "3501", "357801", "3578011001", "3578011001001"}
	default:
		return []string{"35", "3578", "3501"}
	}
}

// scene is a ledger with a shipment from and a handoff to every place, and a shipment with a handoff for every police unit.
func scene(t *testing.T) *ledger.State {
	t.Helper()
	s := given.Ledger(t, given.Reference(), given.Unit)
	for own, other := range beside {
		for _, place := range []string{own, other} {
			planned := &shipment.Planned{Shipment: "SHP-3578-" + place, Leg: "L3", From: domain.Code(place), To: domain.Code(place)}
			if strings.HasPrefix(place, "P") {
				planned.From, planned.To = "3578", "357801"
			}
			s.Has(planned, &handoff.Offered{Handoff: "HND-3578-" + place, Shipment: planned.Shipment, To: planned.To})
			if strings.HasPrefix(place, "P") {
				s.Has(&shipment.EscortAssigned{Shipment: planned.Shipment, PoliceUnit: place, OrderNo: "1"})
			}
		}
	}
	return s.Has(&shipment.Planned{Shipment: "SHP-3578-NOESCORT", Leg: "L2", From: "3578", To: "357801"}).State
}

// things that a command may be about, seen from its sender.
type thing string

const (
	own        thing = "his own"
	foreign    thing = "of the place or police unit beside"
	unassigned thing = "without an escort"
	unknown    thing = "unknown to the ledger, in his own place"
)

// about makes a command of a type about a thing. One text serves all types: each takes the fields that it has.
func about(t *testing.T, commandType, scope string, of thing) domain.Command {
	t.Helper()
	place, id := scope, scope
	if of == foreign && beside[scope] != "" {
		place, id = beside[scope], beside[scope]
	}
	if strings.HasPrefix(place, "P") {
		place = "357801"
	}
	switch of {
	case unassigned:
		id = "NOESCORT"
	case unknown:
		id = "NOBODYKNOWS"
	case own, foreign:
	}
	fields := map[string]any{
		"shipment": "SHP-3578-" + id, "handoff": "HND-3578-" + id, "from": place, "to": place, "place": place, "box": place + "-PPWP", "units": []string{place + "-PPWP"},
	}
	switch {
	case strings.HasPrefix(scope, "P"):
		fields["units"] = []string{"SHP-3578-" + id}
	case len(place) != 13:
		fields["box"], fields["units"] = place+"-REKAP1", []string{place, place + "-REKAP1"}
	}
	cmd := ledger.NewCommandOf(commandType)
	text, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(text, cmd)
	}
	if err != nil {
		t.Fatalf("%s: %v", commandType, err)
	}
	return cmd
}

// ask is what the server asks before a ledger decides.
func ask(actor domain.Actor, mode domain.Mode, unit domain.Code, state *ledger.State, cmd domain.Command) *api.Problem {
	if p := access.Command(actor, unit, cmd); p != nil {
		return p
	}
	if guard := access.Guard(actor, mode, cmd); guard != nil && unit == state.Unit {
		return guard(state)
	}
	return nil
}

// may says what a word of the page grants, without asking the code.
func may(word, commandType, scope, unit string, of thing, mode domain.Mode) bool {
	switch word {
	case "-":
		return false
	case "own":
		return scope == unit
	case "inside":
		return strings.HasPrefix(unit, scope) || (len(scope) > 4 && scope[:4] == unit)
	case "province":
		return len(scope) == 2 && strings.HasPrefix(unit, scope)
	case "place":
		return scope[:4] == unit && of != foreign
	case "escorted":
		switch {
		case unit != "3578", of == own, of == unknown:
			return true
		case of == foreign:
			return commandType == "shipment.accept_escort" && mode == domain.Report
		}
		// The plan is here and nobody has been asked to escort: told it is kept, asked it is refused. Nobody can hand over what he does not escort.
		return commandType == "handoff.witness" || mode == domain.Report && commandType != "shipment.hand_over_escort"
	}
	panic("the page has an unknown word: " + word)
}

func TestEveryCellOfCommands(t *testing.T) {
	state, page := scene(t), granted(t, "commands")
	cells := 0
	for _, commandType := range ledger.CommandTypes() {
		for _, role := range access.Roles() {
			word := page[commandType][role]
			for _, scope := range scopes(role) {
				actor := domain.Actor{ID: "usr-1", Role: role, Scope: scope}
				for _, unit := range []string{"35", "3578", "3501"} {
					for _, of := range []thing{own, foreign, unassigned, unknown} {
						if of != own && beside[scope] == "" || of == unassigned && role != domain.RoleEscort {
							continue
						}
						for _, mode := range []domain.Mode{domain.Request, domain.Report} {
							cells++
							p := ask(actor, mode, domain.Code(unit), state, about(t, commandType, scope, of))
							if want := may(word, commandType, scope, unit, of, mode); (p == nil) != want {
								t.Errorf("%s %s by %s %s for unit %s, about what is %s: the page says %q, the code %+v", mode, commandType, role, scope, unit, of, word, p)
							}
							whole(t, p)
						}
					}
				}
			}
		}
	}
	if cells < 5000 {
		t.Errorf("only %d cases", cells)
	}
}

// whole: a refusal says what and what would mend it, in both languages.
func whole(t *testing.T, p *api.Problem) {
	t.Helper()
	if p != nil && (p.Rule == "" || p.Message == "" || p.MessageEN == "" || p.Remedy == "" || p.RemedyEN == "") {
		t.Errorf("a refusal does not say enough: %+v", p)
	}
}

func TestTheTableAndTheLedgerKnowTheSameCommands(t *testing.T) {
	known := slices.Sorted(slices.Values(ledger.CommandTypes()))
	if rows := access.CommandTypes(); !slices.Equal(rows, known) {
		t.Errorf("table  %v\nledger %v", rows, known)
	}
	for _, commandType := range known {
		cmd := ledger.NewCommandOf(commandType)
		if cmd == nil || cmd.CommandType() != commandType {
			t.Errorf("%s: the ledger makes %v of it", commandType, cmd)
		}
	}
}

func TestTheSystemsCommandsAreNobodys(t *testing.T) {
	for _, commandType := range []string{"deadline.pass", "incident.report_seal_conflict"} {
		if access.Sendable(commandType) {
			t.Errorf("a token may send %s", commandType)
		}
	}
	// No token carries the role, and it has no rights of its own: the program's own commands do not come this way.
	if p := access.Command(domain.Actor{Role: domain.RoleSystem, Scope: "35"}, "3578", ledger.NewCommandOf("need.calculate")); p == nil {
		t.Error("the role system is granted something")
	}
}

func TestEveryCellOfReading(t *testing.T) {
	page := granted(t, "reading")
	sees := func(word, scope, place string) bool {
		switch word {
		case "-":
			return false
		case "all", "escorted":
			return true // whose escort it is, the ledger says: tested over HTTP
		case "unit":
			return strings.HasPrefix(place, scope) || (len(scope) >= 4 && strings.HasPrefix(place, scope[:4]))
		case "within", "touching":
			return strings.HasPrefix(place, scope)
		}
		panic("the page has an unknown word: " + word)
	}
	for _, model := range access.Models() {
		if page[string(model)] == nil {
			t.Errorf("the page has no row for %s", model)
		}
		for _, role := range access.Roles() {
			word := page[string(model)][role]
			for _, scope := range scopes(role) {
				actor := domain.Actor{ID: "usr-1", Role: role, Scope: scope}
				p := access.Read(actor, model)
				if (p == nil) != (word != "-") {
					t.Errorf("%s by %s: the page says %q, the code %+v", model, role, word, p)
				}
				for _, place := range []string{"35", "3578", "3501", "357801", "357802", "3578011001", "3578011001001", "3578021001001", "3501012001001"} {
					p := access.Read(actor, model, domain.Code(place))
					if want := sees(word, scope, place); (p == nil) != want {
						t.Errorf("%s of %s by %s %s: the page says %q, the code %+v", model, place, role, scope, word, p)
					}
					whole(t, p)
				}
			}
		}
	}
}

func TestScopesOfRoles(t *testing.T) {
	for _, role := range access.Roles() {
		for _, scope := range []string{"35", "3578", "357801", "3578011001", "3578011001001", "P3578A", "", "35.78", "357", "p3578a", "P3578"} {
			badRole, badScope := access.Scope(role, scope)
			want := false
			for _, good := range scopes(role) {
				want = want || len(good) == len(scope) && good[0] == scope[0]
			}
			if badRole != "" || (badScope == "") != want {
				t.Errorf("%s of %q: %q %q, want it good: %v", role, scope, badRole, badScope, want)
			}
		}
	}
	for _, role := range []domain.Role{"", "system", "root", "Admin"} {
		if badRole, _ := access.Scope(role, "35"); badRole == "" {
			t.Errorf("a token may carry role %q", role)
		}
	}
}

func ExampleRelation() {
	fmt.Println(access.Granted("packing.check_boxes", domain.RoleChecker), access.Granted("shipment.dispatch", domain.RoleVillage))
	// Output: own place
}
