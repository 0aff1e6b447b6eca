package unreadable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/access"
	"jejak/internal/command"
	"jejak/internal/envelope"
)

// inOrder are the commands of the story, as the work goes, so that each finds what it is about. After a colon stands
// what in the example gives way to what.
var inOrder = strings.Fields(`
	unit.adopt_reference supporting.submit_data supporting.return_data supporting.submit_data
	supporting.verify_data supporting.verify_data:"regency"="province"
	supporting.submit_data:"A"="B",ballot_box=glue supporting.verify_data:"A"="B"
	supporting.verify_data:"A"="B",regency=province supporting.submit_data:"A"="C",ballot_box=box_label
	supporting.verify_data:"A"="C" supporting.verify_data:"A"="C",regency=province need.calculate need.submit
	need.return need.submit need.approve need.amend procurement.set_budget approval.refuse approval.give
	procurement.place_order procurement.record_external_order procurement.amend_order
	procurement.report_production procurement.announce_delivery receipt.count_goods receipt.report_sorting
	receipt.file_claim receipt.settle_claim procurement.accept_delivery procurement.record_payment
	procurement.place_order:ORD-3501-1=ORD-3501-9 procurement.close_order:ORD-3501-1=ORD-3501-9
	approval.revoke packing.pack_boxes packing.pack_kits packing.check_boxes packing.seal_boxes
	packing.unseal_boxes packing.replace_box shipment.plan shipment.load shipment.inspect_vehicle
	shipment.assign_escort shipment.accept_escort shipment.hand_over_escort shipment.dispatch
	shipment.report_checkpoint shipment.report_delay shipment.divert shipment.transfer_load
	shipment.report_arrival handoff.offer handoff.accept handoff.witness handoff.issue_document
	polling.count_ballots incident.raise incident.assess incident.order_action incident.resolve
	incident.reopen incident.report_seal_conflict deadline.pass shipment.plan:SHP-3501-2=SHP-3501-3
	shipment.cancel:SHP-3501-2=SHP-3501-3
`)

// here turns the golden commands of the ledgers, which are about another election, into ones about the small one.
var here = strings.NewReplacer("3578011001001", "3501012001001", "3578011001", "3501012001", "357801", "350101",
	"DPRDK-357802", "DPRDK-350102", "357802", "350102",
	"3578", "3501", `"booth"`, `"glue"`, "P3578B", "P3501A", "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", given.String())

// given is the id of the approval that is given in the story.
var given = commandID("approval.give", 0)

// commandID is a UUIDv7 that follows from a name and a number.
func commandID(name string, n int) uuid.UUID {
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s %d", name, n))
	id[6] = id[6]&0x0f | 0x70
	return id
}

// examples are the data of a good command of every type.
func examples(t rapid.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range ledger.CommandTypes() {
		data, err := os.ReadFile(filepath.Join("../../domain/ledger/testdata/commands", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = []byte(here.Replace(string(bytes.TrimSpace(data))))
	}
	return all
}

// What readers stumble over, and what a command may hold all the same: markup, formulas, wildcards of a feed,
// formats, characters of several bytes, of no width, of private use, and the longest that there may be.
var oddTexts = []string{
	"<&>\"'", "]]><!--", "=1+1", "a.b*>c", "%!s(MISSING)%d%[1]q", "é 漢 👍", "_x0041_\\u0000\\", " ", "null",
	"\u200b\u00ad\u0301", "\ue000\U0010fffd\ufffd", "-0", "1e400",
	strings.Repeat("x", 20), strings.Repeat("漢", 60), strings.Repeat("😀", 120), strings.Repeat("é", 500),
	strings.Repeat("\"", 2000), "dua\nbaris", "'; --",
}

// What a command must not hold, at least not everywhere.
var wrongTexts = []string{
	"", "\x00", "\x1b[2J", "a\r\nb", "\ufffe", "\u202eabc", "\u2028", strings.Repeat("x", 2001),
	"2024-02-13T06:45:00+24:00", "0001-01-01T00:00:00Z", "NaN", "../../x",
}

// Names that mean something in the story, or could.
var names = []string{
	"3501", "350101", "3501012001001", "3501012001001-PPWP", "3501012001001-DPRDK", "3501012001001-KIT",
	"350101-REKAP1", "3501012001001-DPRDK.2", "SHP-3501-2", "SHP-3501-9",
	"SHP-3501-" + strings.Repeat("Z", 20), "HND-3501-2", "HND-3501-" + strings.Repeat("-", 20), "ORD-3501-1",
	"ORD-3501-0--", "DLV-3501-1", "DLV-3501-2", "CLM-3501-1",
	"CLM-3501-2", "DSC-3501-000001", "DSC-3501-000002", "ballot", "glue", "PPWP", "DPRDK-350101", "P3501A",
	"ferry", "accident", "lost", "low", "high", "S1",
	"2024-02-13T06:45:00+07:00", "0001-01-01T00:00:00.000000001Z", "9999-12-31T23:59:59.999999999Z",
	"2099-12-31T23:59:59-23:59",
}

var oddNumbers = []json.Number{"0", "-0", "1", "7", "500", "-1", "2147483648", "9007199254740993",
	"9223372036854775807", "9223372036854775808", "1e2", "1e400", "0.5"}

var oddMoments = []string{
	"2024-01-10T08:00:00+07:00", "2024-01-10T01:00:00.123456789Z", "2000-01-01T00:00:00+23:59",
	"2099-12-31T23:59:59.999999999-23:59", "2024-02-29T23:59:59+14:00",
	"2023-12-31T17:00:00.000000001-00:00", "2000-01-01T00:00:00Z", "2100-01-01T00:00:00+23:59",
	"2024-01-10T08:00:00+24:00", "2024-01-10T08:00:00+07:60",
}

// oddDevices, oddPlaces and oddEvidence are JSON.
var (
	oddDevices = []string{`{"id":"D1","seq":7}`, `{"id":"~","seq":0}`,
		`{"id":"<\"&>","seq":9223372036854775807}`, `{"id":" a.b*>c ","seq":-0}`,
		`{"id":"` + strings.Repeat("~", 100) + `","seq":1e3}`, `{"id":"\u0000","seq":1}`, `{"id":"é","seq":1}`}
	oddPlaces = []string{`{"lat":-7.25,"lon":112.75}`, `{"lat":-0,"lon":-0.0,"accuracy":-0}`,
		`{"lat":1e-400,"lon":5e-324,"accuracy":1e6}`, `{"lat":90,"lon":-180,"accuracy":0.1}`,
		`{"lat":89.99999999999999999999,"lon":1.8e2,"accuracy":4.9e-324}`, `{"lat":1e400,"lon":0}`}
	oddEvidence = []string{`[]`, `[` + piece("image/jpeg", "photo") + `]`, `[` + piece("a/b.c+d-e",
		"k_9") + `,` + piece("a/b.c+d-e", "k_9") + `]`,
		`[` + strings.Repeat(longest+",", 49) + piece("0/0", "z") + `]`, `[{"sha256":"x"}]`}
	longest = piece(strings.Repeat("a", 61)+"/"+strings.Repeat("b", 61), strings.Repeat("k", 40))
)

func piece(media, kind string) string {
	return fmt.Sprintf(`{"sha256":"%s","media_type":"%s","kind":"%s"}`, strings.Repeat("0a", 32), media, kind)
}

// leaf is a text, number or truth in JSON.
type leaf struct {
	key   string // of the object that it stands in
	value any
	set   func(any)
}

// leaves are those of a value in the order of its text. Numbers are json.Number.
func leaves(key string, v any, set func(any)) (all []leaf) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			all = append(all, leaves(k, v[k], func(to any) { v[k] = to })...)
		}
	case []any:
		for i := range v {
			all = append(all, leaves(key, v[i], func(to any) { v[i] = to })...)
		}
	default:
		all = append(all, leaf{key, v, set})
	}
	return all
}

func parsed(t rapid.TB, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func written(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only of what is no JSON
	}
	return string(text)
}

// outer is what a command has around its data.
type outer struct {
	id                      uuid.UUID
	mode                    domain.Mode
	unit                    domain.Code
	occurred                string
	device, place, evidence string // JSON; "": none
}

// command is a command as a client sends it.
func (o outer) command(kind, data string) []byte {
	b := fmt.Appendf(nil, `{"id":"%s","type":"%s","mode":"%s","election":"%s","unit":"%s","occurred_at":"%s"`,
		o.id, kind, o.mode, pemilu, o.unit, o.occurred)
	for _, f := range [][2]string{{"device", o.device}, {"place", o.place}, {"evidence", o.evidence}, {"data", data}} {
		if f[1] != "" {
			b = fmt.Appendf(b, `,"%s":%s`, f[0], f[1])
		}
	}
	return append(b, '}')
}

// cast are people of every role.
var cast = []domain.Actor{
	person(domain.RoleOperator, string(regency)), person(domain.RoleProvince, "35"),
	person(domain.RoleCommitmentOfficer, string(regency)), person(domain.RoleWarehouse, string(regency)),
	person(domain.RoleChecker, string(regency)), person(domain.RoleSupplier, string(regency)),
	person(domain.RoleCarrier, string(regency)), person(domain.RoleEscort, "P3501A"),
	person(domain.RoleDistrict, "350101"), person(domain.RoleVillage, "3501012001"), person(domain.RoleStation,
		"3501012001001"), person(domain.RoleSupervisor, string(regency)),
}

func person(role domain.Role, scope string) domain.Actor {
	return domain.Actor{ID: fmt.Sprintf("usr-%s-%s", role, scope), Role: role, Scope: scope}
}

// senders are those who may send a command to a unit; the program itself where no client does.
func senders(unit domain.Code, cmd domain.Command) (all []domain.Actor) {
	if access.Sendable(cmd.CommandType()) {
		for _, a := range cast {
			if access.Command(a, unit, cmd) == nil {
				all = append(all, a)
			}
		}
	}
	if len(all) == 0 {
		all = append(all, command.System(unit))
	}
	return all
}

// free are the fields of commands that hold free text.
var free = strings.Fields(
	"note reason document finding vehicle how action supplier order_no place placed_by carton approver number")

// tellStory sends a good command of every type with odd texts wherever they may stand, from odd devices, places and
// moments. Each is accepted as a report or as a request of one of those who may send it.
func (h *house) tellStory() {
	h.Helper()
	all := examples(h)
	all["unit.adopt_reference"] = fmt.Appendf(nil, `{"version":%q}`, h.version)
	for n, step := range inOrder {
		kind, data := stepOf(all, step)
		if why := h.insist(step, outer{unit: regency}, kind, data, n); len(why) > 0 {
			h.Fatalf("step %d of the story, %s, is refused:\n%s", n, step, strings.Join(why, "\n"))
		}
	}
	// Of the province what it can do: it has no boxes and no stations.
	for n, step := range inOrder {
		kind, data := stepOf(all, step)
		h.insist("35 "+step, outer{unit: province}, kind, provincial(data), n)
	}
}

func stepOf(all map[string][]byte, step string) (kind string, data []byte) {
	kind, changes, _ := strings.Cut(step, ":")
	data = all[kind]
	for change := range strings.SplitSeq(changes, ",") {
		if from, to, ok := strings.Cut(change, "="); ok {
			data = bytes.ReplaceAll(data, []byte(from), []byte(to))
		}
	}
	return kind, data
}

// provincial turns what a regency says of its documents into what the province says of its own.
func provincial(data []byte) []byte {
	of := strings.NewReplacer("-3501-", "-35-",
		`"leg":"L2","from":"3501","to":"350101"`, `"leg":"L1","from":"35","to":"3501"`)
	return []byte(of.Replace(string(data)))
}

// insist sends a command until it is accepted, and otherwise says why it is not.
func (h *house) insist(step string, o outer, kind string, data []byte, n int) (why []string) {
	h.Helper()
	for try := range 2 * len(cast) {
		o.id, o.mode, o.occurred = commandID(step, 100*n+try), domain.Report, pick(oddMoments, n)
		o.device, o.place, o.evidence = pick(oddDevices, n), pick(oddPlaces, n), pick(oddEvidence, n)
		if kind == "approval.give" && o.unit == regency {
			o.id = given
		}
		if try >= len(cast) {
			o.mode, o.occurred = domain.Request, begin.Format(time.RFC3339)
		}
		refused := h.send(h.odd(o, kind, data, n), try)
		if refused == "" {
			return nil
		}
		if !slices.Contains(why, refused) {
			why = append(why, refused)
		}
	}
	return why
}

func pick[T any](from []T, n int) T { return from[n%len(from)] }

// odd is a good command with as many odd values as its form allows: what of the envelope is refused is put right,
// and a text that may not stand in a field is another.
func (h *house) odd(o outer, kind string, data []byte, n int) []byte {
	h.Helper()
	wrong := func(text string) bool { return malformed(o.command(kind, text)) }
	for _, mend := range []func(){
		func() {}, func() { o.occurred = oddMoments[1] },
		func() { o.device = "" }, func() { o.place = "" }, func() { o.evidence = "" },
	} {
		if mend(); !wrong(string(data)) {
			break
		}
	}
	body := parsed(h, data)
	for j, l := range leaves("", body, nil) {
		if _, text := l.value.(string); !text || !slices.Contains(free, l.key) {
			continue
		}
		for k := range oddTexts {
			if l.set(pick(oddTexts, n+j+k)); !wrong(written(body)) {
				break
			}
			l.set(l.value)
		}
	}
	return o.command(kind, written(body))
}

// malformed tells whether a command's form is refused.
func malformed(body []byte) bool {
	_, violations := envelope.Parse(body, begin)
	return len(violations) > 0
}
