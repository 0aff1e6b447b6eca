package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/api"
)

// thePeople are those of testdata/who-can-do-what.txt: role and scope.
var thePeople = map[string]struct {
	role  domain.Role
	scope string
	party string
}{
	"admin35": {role: domain.RoleAdmin, scope: "35"}, "province": {role: domain.RoleProvince, scope: "35"}, "admin": {role: domain.RoleAdmin, scope: "3501"}, "operator": {role: domain.RoleOperator, scope: "3501"},
	"warehouse": {role: domain.RoleWarehouse, scope: "3501"}, "checker": {role: domain.RoleChecker, scope: "3501"}, "officer": {role: domain.RoleCommitmentOfficer, scope: "3501"},
	"supplier": {role: domain.RoleSupplier, scope: "3501"}, "carrier": {role: domain.RoleCarrier, scope: "3501"}, "driver": {role: domain.RoleCarrier, scope: "3501", party: "CV-ANGKUT"}, "district": {role: domain.RoleDistrict, scope: "350101"},
	"village": {role: domain.RoleVillage, scope: "3501012001"}, "station": {role: domain.RoleStation, scope: "3501012001001"}, "escort": {role: domain.RoleEscort, scope: "P3501A"},
	"supervisor": {role: domain.RoleSupervisor, scope: "3501"}, "observer": {role: domain.RoleObserver, scope: "3501"}, "auditor": {role: domain.RoleAuditor, scope: "3501"}, "simulator": {role: domain.RoleSimulator, scope: "35"},
}

// besides are the places beside those of committees and crews, and the other police unit.
var besides = map[string]string{"350101": "350102", "3501012001": "3501012002", "3501012001001": "3501012002001", "P3501A": "P3509A"}

// stationIn is a station inside each of these places, villageOrStation where a shipment from there may go.
var (
	stationIn = map[string]string{"350101": "3501012001001", "350102": "3501021001001", "3501012001": "3501012001001", "3501012002": "3501012002001",
		"3501012001001": "3501012001001", "3501012002001": "3501012002001", "3501": "3501012001001", "3509": "3509012001001", "P3501A": "3501012001001", "P3509A": "3509012001001"}
	villageOrStation = map[string]string{"350101": "3501012001", "350102": "3501021001", "3501012001": "3501012001001", "3501012002": "3501012002001"}
)

// aThing is what a cell is about.
type aThing string

const (
	ownThing     aThing = "own"
	foreignThing aThing = "foreign"
	formerThing  aThing = "former"
	unknownThing aThing = "unknown"
)

// aPage is the table of the page: section, row, thing, who may; a name with "(told)" only as a report.
type aPage map[string]map[string]map[aThing][]string

// readPage reads the page, with the words for several people.
func readPage(t *testing.T) (page aPage, order []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/who-can-do-what.txt")
	if err != nil {
		t.Fatal(err)
	}
	words, page := map[string][]string{}, aPage{}
	meant := func(cell string) (names []string) {
		for _, word := range strings.Fields(cell) {
			_, known := thePeople[strings.TrimSuffix(word, "(told)")]
			several, isWord := words[word]
			switch {
			case known:
				names = append(names, word)
			case isWord:
				names = append(names, several...)
			default:
				t.Fatalf("nobody is called %q", word)
			}
		}
		return names
	}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "COMMANDS" || line == "READING" || line == "SERVER" {
			section, page[line] = line, map[string]map[aThing][]string{}
		}
		if word, of, ok := strings.Cut(line, " ="); ok && section == "" {
			words[word] = meant(of)
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.TrimSpace(cells[0]) == "command" || strings.TrimSpace(cells[0]) == "what" {
			continue
		}
		row := map[aThing][]string{}
		for i, thing := range []aThing{ownThing, foreignThing, formerThing, unknownThing} {
			if i+1 < len(cells) && strings.TrimSpace(cells[i+1]) != "" {
				row[thing] = meant(cells[i+1])
			}
		}
		if section == "COMMANDS" {
			row[unknownThing] = row[ownThing]
		}
		name := strings.TrimSpace(cells[0])
		page[section][name] = row
		order = append(order, name)
	}
	return page, order
}

// peopled lets there be something of everybody's own, and beside it.
func (h *house) peopled() {
	h.t.Helper()
	h.packed()
	operator := func(command, mode, data string) {
		h.t.Helper()
		if a, answer := h.post(h.operator(), text(envelope("3501", command, mode, h.clock.Now(), data))); answer.Result != api.Accepted && answer.Result != api.AcceptedWithDiscrepancy {
			h.t.Fatalf("%s %s: %d %s", command, data, a.StatusCode, a.body)
		}
	}
	for id, way := range map[string][2]string{
		"350101": {"350101", "3501012001"}, "350102": {"350102", "3501021001"}, "3501012001": {"3501012001", "3501012001001"},
		"3501012002": {"3501012002", "3501012002001"}, "3501012001001": {"3501012001", "3501012001001"}, "3501012002001": {"3501012002", "3501012002001"},
		"STAFF": {"3501", "350101"}, "P3501A": {"3501", "350101"}, "P3509A": {"3501", "350102"}, "FORMER": {"3501", "350102"},
	} {
		operator("shipment.plan", "request", fmt.Sprintf(`{"shipment":"SHP-3501-%s","leg":"L2","from":%q,"to":%q,"boxes":[],"kits":[],"lines":[{"item":"booth","quantity":1}]}`, id, way[0], way[1]))
		to := way[1]
		if len(id) == 6 && id[0] != 'P' && id != "FORMER" || len(id) > 6 { // a handoff to the place itself
			to = id
		}
		operator("handoff.offer", "report", fmt.Sprintf(`{"handoff":"HND-3501-%s","shipment":"SHP-3501-%s","to":%q,"boxes":["3501012001001-PPWP"]}`, id, id, to))
		if _, answer := h.post(h.operator(), text(envelope("3501", "handoff.accept", "report", h.clock.Now(), fmt.Sprintf(
			`{"handoff":"HND-3501-%s","boxes":[],"missing":["3501012001001-PPWP"],"extra":[],"witnesses":[]}`, id)))); answer.Result == api.Error {
			h.t.Fatalf("accept %s: %+v", id, answer)
		}
	}
	for id, unit := range map[string]string{"P3501A": "P3501A", "P3509A": "P3509A", "FORMER": "P3501A"} {
		operator("shipment.assign_escort", "request", fmt.Sprintf(`{"shipment":"SHP-3501-%s","police_unit":%q,"order_no":"1"}`, id, unit))
	}
	for id, firms := range map[string][2]string{"FIRM": {"CV-ANGKUT", ""}, "OTHERFIRM": {"CV-LAIN", ""}, "TAKEN": {"CV-ANGKUT", "CV-LAIN"}} {
		operator("shipment.plan", "request", fmt.Sprintf(`{"shipment":"SHP-3501-%s","leg":"L2","from":"3501","to":"350101","boxes":[],"kits":[],`+
			`"lines":[{"item":"booth","quantity":1}],"carrier":%q}`, id, firms[0]))
		if firms[1] != "" {
			operator("shipment.load", "report", fmt.Sprintf(`{"shipment":"SHP-3501-%s","vehicle":"L 1","boxes":["3501012001001-PPWP"],"carrier":%q}`, id, firms[1]))
		}
	}
	operator("shipment.hand_over_escort", "report", `{"shipment":"SHP-3501-FORMER","police_unit":"P3509A","order_no":"2"}`)
}

// asks is about what somebody asks in a cell: unit, place, the end of ids of shipments and handoffs.
func asks(who string, of aThing) (unit, place, id string) {
	p := thePeople[who]
	unit, place, id = "3501", p.scope, p.scope
	local := besides[p.scope] != ""
	if !local {
		place, id = "3501", "STAFF"
	}
	switch {
	case p.party != "" && of != unknownThing:
		id = map[aThing]string{ownThing: "FIRM", foreignThing: "OTHERFIRM", formerThing: "TAKEN"}[of]
	case of == foreignThing && local:
		place, id = besides[p.scope], besides[p.scope]
	case of == foreignThing:
		unit, place, id = "3509", "3509", "X"
	case of == formerThing:
		id = "FORMER"
	case of == unknownThing:
		id = "UNKNOWN-" + strings.ToUpper(who) // each his own, for who plans it makes it known
	}
	return unit, place, id
}

// commandAbout makes a command of a type about a thing out of the golden one of that type.
func commandAbout(t *testing.T, commandType, who string, of aThing) (unit string, data []byte) {
	t.Helper()
	golden, err := os.ReadFile(filepath.Join("../../domain/ledger/testdata/commands", commandType+".json"))
	if err != nil {
		t.Fatal(err)
	}
	unit, place, id := asks(who, of)
	district, station := map[string]string{"3501": "350101", "3509": "350901"}[unit], map[string]string{"3501": "3501012001001", "3509": "3509012001001"}[unit]
	for _, swap := range [][2]string{{"3578011001001", station}, {"357801", district}, {"3578", unit}} {
		golden = bytes.ReplaceAll(golden, []byte(swap[0]), []byte(swap[1]))
	}
	var fields map[string]any
	if err := json.Unmarshal(golden, &fields); err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) {
		if _, there := fields[name]; there {
			fields[name] = value
		}
	}
	set("shipment", "SHP-"+unit+"-"+id)
	set("handoff", "HND-"+unit+"-"+id)
	if scope := thePeople[who].scope; besides[scope] != "" && scope[0] != 'P' {
		set("place", place)
		box := stationIn[place] + "-PPWP"
		switch {
		case commandType == "shipment.plan" && len(place) < 13: // a crew has nowhere to plan to
			fields["from"], fields["to"], fields["boxes"], fields["kits"] = place, villageOrStation[place], []string{}, []string{}
		case commandType == "polling.count_ballots":
			fields["box"] = box
		case commandType == "incident.raise":
			fields["units"] = []string{box}
		case commandType == "handoff.offer":
			fields["to"] = place
			if who == "station" { // no shipment leaves a crew
				delete(fields, "shipment")
			}
		case commandType == "shipment.divert":
			fields["to"] = place
		}
	}
	if commandType == "incident.report_seal_conflict" && unit == "3509" {
		fields["other_unit"], fields["boxes"] = "3501", []string{"3501012001001-PPWP"}
	}
	if (who == "escort" || thePeople[who].party != "") && commandType == "incident.raise" {
		fields["units"] = []string{"SHP-" + unit + "-" + id}
	}
	data, err = json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return unit, data
}

// TestWhoCanDoWhat asks a running server for every cell of the page.
func TestWhoCanDoWhat(t *testing.T) {
	h := newHouse(t)
	h.peopled()
	page, order := readPage(t)
	cells := map[string]int{}
	verdict := func(row, who string, of aThing, mode domain.Mode, status int, body []byte) {
		t.Helper()
		section := "READING"
		if mode != "" {
			section = "COMMANDS"
		}
		may := slices.Contains(page[section][row][of], who) || mode == domain.Report && slices.Contains(page[section][row][of], who+"(told)")
		cells[section]++
		if status == 0 || status >= 500 || (status != 403) != may {
			t.Errorf("%s %s, %s, by %s: answered %d, the page says %v: %.300s", mode, row, of, who, status, may, body)
		}
	}
	for _, commandType := range ledger.CommandTypes() {
		if page["COMMANDS"][commandType] == nil {
			t.Errorf("the page has no row for %s", commandType)
		}
	}
	for _, row := range order {
		if page["COMMANDS"][row] == nil {
			continue
		}
		for who, p := range thePeople {
			for _, of := range []aThing{ownThing, foreignThing, formerThing, unknownThing} {
				if of == formerThing && who != "escort" && p.party == "" {
					continue
				}
				for _, mode := range []domain.Mode{domain.Request, domain.Report} {
					unit, data := commandAbout(t, row, who, of)
					a, _ := h.post(h.tokenOf(p.role, p.scope, p.party), text(envelope(unit, row, string(mode), h.clock.Now(), string(data))))
					verdict(row, who, of, mode, a.StatusCode, a.body)
				}
			}
		}
	}
	const base = "/v1/elections/pemilu2024/"
	position := h.get(base+"shipments", h.admin()).Header.Get("Jejak-Position")
	reads := map[string]func(unit, place, id string) string{
		"elections": func(_, _, _ string) string { return "/v1/elections" }, "clock": func(_, _, _ string) string { return "/v1/clock" },
		"own account": func(_, _, _ string) string { return "/v1/me" }, "what auditors have read": func(_, _, _ string) string { return "/v1/access" },
		"rows of regencies": func(_, _, _ string) string { return base + "regencies" }, "row of a regency": func(u, _, _ string) string { return base + "regencies/" + u },
		"rows of supporting data": func(_, _, _ string) string { return base + "supporting" }, "need plan": func(u, _, _ string) string { return base + "plan/" + u },
		"card of a station": func(_, p, _ string) string { return base + "stations/" + stationIn[p] },
		"box":               func(_, p, _ string) string { return base + "boxes/" + stationIn[p] + "-PPWP" },
		"shipments":         func(_, _, _ string) string { return base + "shipments" },
		"shipment":          func(u, _, id string) string { return base + "shipments/SHP-" + u + "-" + id },
		"shipment as it was": func(u, _, id string) string {
			return base + "shipments/SHP-" + u + "-" + id + "?position=" + position
		},
		"custody of a regency": func(u, _, _ string) string { return base + "custody/" + u }, "deadlines of a regency": func(u, _, _ string) string { return base + "deadlines/" + u },
		"claims of a regency": func(u, _, _ string) string { return base + "claims/" + u }, "seal number": func(_, _, id string) string { return base + "seals/" + id },
		"discrepancies":          func(_, _, _ string) string { return base + "discrepancies" },
		"minutes of a handoff":   func(u, _, id string) string { return base + "handoffs/HND-" + u + "-" + id + "/bast.pdf" },
		"events of a unit":       func(u, _, _ string) string { return "/v1/events?limit=1&unit=" + u },
		"timeline of a shipment": func(u, _, id string) string { return base + "timelines/shipment/SHP-" + u + "-" + id },
		"what changed":           func(u, _, _ string) string { return base + "diff/" + u + "?from=1&to=" + position },
		"what was believed":      func(u, _, _ string) string { return base + "believed/" + u + "?at=2024-01-10T08:00:30%2B07:00" },
	}
	for _, row := range order {
		if page["READING"][row] == nil {
			continue
		}
		path := reads[row]
		if path == nil {
			t.Errorf("nobody asks for %s", row)
			continue
		}
		for who, p := range thePeople {
			for of := range page["READING"][row] {
				if of == formerThing && who != "escort" && p.party == "" {
					continue
				}
				unit, place, id := asks(who, of)
				if of == unknownThing {
					id = "UNREAD"
				}
				if p.party != "" && !strings.HasPrefix(row, "shipment") { // of all else nothing is a firm's
					if of == formerThing {
						continue
					}
					if of == foreignThing {
						unit, place, id = "3509", "3509", "X"
					}
				}
				if besides[p.scope] != "" && p.scope[0] != 'P' && of == foreignThing && strings.HasSuffix(row, "of a regency") {
					unit = "3509" // the regency beside
				}
				a := h.get(path(unit, place, id), h.tokenOf(p.role, p.scope, p.party))
				verdict(row, who, of, "", a.StatusCode, a.body)
				if b := h.get(path(unit, place, id), h.tokenOf(p.role, p.scope, p.party), "If-None-Match", "*"); (b.StatusCode == 403) != (a.StatusCode == 403) {
					t.Errorf("%s, %s, by %s: %d, and %d to If-None-Match", row, of, who, a.StatusCode, b.StatusCode)
				}
			}
		}
	}
	acts := map[string]string{"believe a clock that was set": "/v1/clock/accept"}
	for row, of := range page["SERVER"] {
		if acts[row] == "" {
			t.Errorf("nobody does: %s", row)
			continue
		}
		for who, p := range thePeople {
			cells["SERVER"]++
			a := h.do(http.MethodPost, acts[row], h.token(p.role, p.scope), "application/json", strings.NewReader("{}"))
			if may := slices.Contains(of[ownThing], who); (a.StatusCode == http.StatusOK) != may || (a.StatusCode == http.StatusForbidden) == may {
				t.Errorf("%s, by %s: answered %d, the page says %v: %s", row, who, a.StatusCode, may, a.body)
			}
		}
	}
	if len(page["SERVER"]) != len(acts) {
		t.Errorf("the page has %d rows of what is done to the server, the test %d", len(page["SERVER"]), len(acts))
	}
	t.Logf("%d cells of commands, %d of reading, %d of the server", cells["COMMANDS"], cells["READING"], cells["SERVER"])
}

// A carrier of a firm lists what his firm carries and what nobody's firm is named for; who has been taken the place of does not list it as it was either.
func TestWhatACarrierLists(t *testing.T) {
	h := newHouse(t)
	h.peopled()
	driver := h.tokenOf(domain.RoleCarrier, "3501", "CV-ANGKUT")
	operator := func(command, mode, data string) {
		h.t.Helper()
		if _, answer := h.post(h.operator(), text(envelope("3501", command, mode, h.clock.Now(), data))); answer.Result != api.Accepted && answer.Result != api.AcceptedWithDiscrepancy {
			t.Fatalf("%s: %+v", command, answer)
		}
	}
	const list = "/v1/elections/pemilu2024/shipments?limit=100"
	listed := func(path string) (ids []string) {
		t.Helper()
		a := h.get(path, driver)
		var cards []api.ShipmentCard
		if err := json.Unmarshal(a.body, &cards); err != nil {
			t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
		}
		for _, c := range cards {
			ids = append(ids, strings.TrimPrefix(c.Shipment, "SHP-3501-")+" "+c.Carrier)
		}
		return ids
	}
	operator("shipment.plan", "request", `{"shipment":"SHP-3501-SWAP","leg":"L2","from":"3501","to":"350101","boxes":[],"kits":[],"lines":[{"item":"booth","quantity":1}],"carrier":"CV-ANGKUT"}`)
	before := h.get(list, h.admin()).Header.Get("Jejak-Position")
	wants := func(path string, swapped bool) {
		t.Helper()
		ids := listed(path)
		for id, want := range map[string]bool{"FIRM CV-ANGKUT": true, "STAFF ": true, "SWAP CV-ANGKUT": !swapped, "SWAP CV-LAIN": false, "OTHERFIRM CV-LAIN": false, "TAKEN CV-LAIN": false} {
			if slices.Contains(ids, id) != want {
				t.Errorf("%s: %q is in %q: not %v", path, id, ids, want)
			}
		}
	}
	wants(list, false)
	operator("shipment.load", "report", `{"shipment":"SHP-3501-SWAP","vehicle":"L 1","boxes":["3501012001001-DPRDK"],"carrier":"CV-LAIN"}`)
	wants(list, true)
	wants(list+"&position="+before, true)
}
