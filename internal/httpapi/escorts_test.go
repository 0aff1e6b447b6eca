package httpapi_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
	"jejak/internal/journal"
	"jejak/projections/feed"
)

// TestEscorts: every command of the escort by a police unit of every standing, asked and told; what it reads of the shipment now and as it was; and whether it
// hears of it. A yes that nobody asked for gives nothing.
func TestEscorts(t *testing.T) {
	const unit, other = "P3501A", "P3509A"
	commands := map[string]string{
		"shipment.accept_escort": `{"shipment":%[1]q}`, "shipment.report_checkpoint": `{"shipment":%[1]q,"place":"Paciran"}`,
		"shipment.report_delay": `{"shipment":%[1]q,"reason":"road"}`, "handoff.witness": `{"handoff":"HND%[2]s","witnesses":[{"role":"police","id":"usr-9"}]}`,
		"incident.raise": `{"kind":"accident","severity":"low","units":[%[1]q],"note":"n"}`, "shipment.hand_over_escort": `{"shipment":%[1]q,"police_unit":"P3509A","order_no":"3"}`,
	}
	// What each standing may ask and tell; what is told of what nobody was asked to escort is kept for later.
	type may struct{ ask, tell, read, hear bool }
	standings := map[string]may{
		"never asked": {}, "only accepted": {}, "assigned": {ask: true, tell: true, read: true, hear: true},
		"handed over to": {ask: true, tell: true, read: true, hear: true}, "former": {tell: true},
	}
	h := newHouse(t)
	h.packed()
	step := time.Second
	tell := func(role domain.Role, scope, mode, command, data string) (answered, api.Answer) {
		h.t.Helper()
		h.pass(step)
		return h.post(h.token(role, scope), text(envelope("3501", command, mode, h.clock.Now(), data)))
	}
	must := func(role domain.Role, scope, mode, command, data string) {
		t.Helper()
		if a, answer := tell(role, scope, mode, command, data); answer.Result != api.Accepted && answer.Result != api.AcceptedWithDiscrepancy {
			t.Fatalf("%s %s: %d %s", command, data, a.StatusCode, a.body)
		}
	}
	n := 0
	for standing, want := range standings {
		for command, data := range commands {
			for _, mode := range []string{"request", "report"} {
				n++
				id := fmt.Sprintf("SHP-3501-E%d", n)
				must(domain.RoleOperator, "3501", "request", "shipment.plan", fmt.Sprintf(
					`{"shipment":%q,"leg":"L2","from":"3501","to":"350101","boxes":[],"kits":[],"lines":[{"item":"booth","quantity":1}]}`, id))
				must(domain.RoleOperator, "3501", "report", "handoff.offer", fmt.Sprintf(`{"handoff":"HND%s","shipment":%q,"to":"350101","boxes":["3501012001001-PPWP"]}`, id[3:], id))
				first := unit
				if want == (may{}) || standing == "handed over to" {
					first = other
				}
				must(domain.RoleOperator, "3501", "request", "shipment.assign_escort", fmt.Sprintf(`{"shipment":%q,"police_unit":%q,"order_no":"1"}`, id, first))
				switch standing {
				case "only accepted":
					must(domain.RoleEscort, unit, "report", "shipment.accept_escort", fmt.Sprintf(`{"shipment":%q}`, id))
				case "handed over to":
					must(domain.RoleEscort, other, "report", "shipment.hand_over_escort", fmt.Sprintf(`{"shipment":%q,"police_unit":%q,"order_no":"2"}`, id, unit))
				case "former":
					must(domain.RoleEscort, unit, "report", "shipment.hand_over_escort", fmt.Sprintf(`{"shipment":%q,"police_unit":%q,"order_no":"2"}`, id, other))
				}
				// Read and hear before the command, which may hand the escort on.
				head := h.get("/v1/elections/pemilu2024/shipments", h.admin()).Header.Get("Jejak-Position")
				for _, query := range []string{"", "?position=" + head, "?as_of=" + h.clock.Now().UTC().Format(time.RFC3339), "?as_of=" + h.clock.Now().UTC().Format(time.RFC3339) + "&clock=occurred"} {
					a := h.get("/v1/elections/pemilu2024/shipments/"+id+query, h.token(domain.RoleEscort, unit))
					if (a.StatusCode == http.StatusOK) != want.read || !want.read && a.StatusCode != http.StatusForbidden {
						t.Errorf("%s: it reads %q: %d", standing, query, a.StatusCode)
					}
				}
				begin := h.heard(unit, id)
				must(domain.RoleOperator, "3501", "report", "shipment.report_checkpoint", fmt.Sprintf(`{"shipment":%q,"place":"Babat"}`, id))
				if got := h.heard(unit, id) > begin; got != want.hear {
					t.Errorf("%s: it hears a checkpoint: %v", standing, got)
				}
				allowed := want.ask
				if mode == "report" {
					allowed = want.tell || command == "shipment.accept_escort" // kept until somebody asks it
				}
				a, _ := tell(domain.RoleEscort, unit, mode, command, fmt.Sprintf(data, id, id[3:]))
				if (a.StatusCode != http.StatusForbidden) != allowed {
					t.Errorf("%s, %s %s: %d %.200s, want it allowed: %v", standing, mode, command, a.StatusCode, a.body, allowed)
				}
				if want == (may{}) {
					if b := h.get("/v1/elections/pemilu2024/shipments/"+id, h.token(domain.RoleEscort, unit)); b.StatusCode != http.StatusForbidden {
						t.Errorf("%s: after %s %s it reads the shipment: %d", standing, mode, command, b.StatusCode)
					}
					if a, _ := tell(domain.RoleEscort, other, "report", "shipment.report_checkpoint", fmt.Sprintf(`{"shipment":%q,"place":"Lamongan"}`, id)); a.StatusCode != http.StatusOK {
						t.Errorf("%s: after %s %s the true escort may not tell: %d", standing, mode, command, a.StatusCode)
					}
				}
			}
		}
	}
	t.Logf("%d cells, each read in 4 ways and heard", n)
}

// heard is how many messages about a shipment the feed has for a police unit, of the log as it is.
func (h *house) heard(policeUnit, shipment string) (n int) {
	h.t.Helper()
	router := feed.NewRouter()
	for rec, err := range h.store.ReadAll(h.t.Context(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			h.t.Fatal(err)
		}
		election, unit, _ := journal.SplitStream(rec.Stream)
		read, err := journal.Decode(&rec, ledger.NewEventOf)
		if err != nil {
			h.t.Fatal(err)
		}
		messages, err := router.Messages(&feed.Record{
			Recorded: read, Election: election, Unit: unit, Position: rec.Position, Schema: rec.Schema, Data: rec.Data, Simulated: true,
		})
		if err != nil {
			h.t.Fatal(err)
		}
		for _, m := range messages {
			if m.Area == policeUnit && bytes.Contains(m.Body, []byte(shipment+`"`)) {
				n++
			}
		}
	}
	return n
}

// TestReportsAboutWhatNobodyKnows: however much a police unit tells of shipments of another regency that are not there, or that nobody has been asked to escort,
// that regency has one discrepancy more, and nothing else on its board moves. When the unit is asked at last, what it told counts.
func TestReportsAboutWhatNobodyKnows(t *testing.T) {
	h := newHouse(t)
	h.packed()
	board := func() (row api.RegencyRow, open []api.DiscrepancyCard) {
		t.Helper()
		h.read("/v1/elections/pemilu2024/regencies/3501", h.operator(), &row)
		h.read("/v1/elections/pemilu2024/discrepancies?status=open&regency=3501&limit=1000", h.operator(), &open)
		return row, open
	}
	h.act(domain.RoleOperator, "3501", "3501", "shipment.plan",
		`{"shipment":"SHP-3501-K","leg":"L2","from":"3501","to":"350101","boxes":[],"kits":[],"lines":[{"item":"booth","quantity":1}]}`)
	before, openBefore := board()
	stranger := h.token(domain.RoleEscort, "P3509A")
	told := 0
	tell := func(command, data string) {
		t.Helper()
		if a, answer := h.post(stranger, text(envelope("3501", command, "report", h.clock.Now(), data))); answer.Result != api.Accepted && answer.Result != api.AcceptedWithDiscrepancy {
			t.Fatalf("%s: %d %s", command, a.StatusCode, a.body)
		}
		told++
	}
	for i := range 100 {
		id := fmt.Sprintf("SHP-3501-INVENTED-%d", i)
		tell("shipment.report_delay", fmt.Sprintf(`{"shipment":%q,"reason":"road"}`, id))
		tell("shipment.accept_escort", fmt.Sprintf(`{"shipment":%q}`, id))
		tell("shipment.hand_over_escort", fmt.Sprintf(`{"shipment":%q,"police_unit":"P3501A","order_no":"1"}`, id))
		tell("incident.raise", fmt.Sprintf(`{"kind":"accident","severity":"high","units":[%q],"note":"n"}`, id))
		tell("shipment.report_delay", `{"shipment":"SHP-3501-K","reason":"road"}`)
	}
	after, open := board()
	if len(open) != len(openBefore)+1 || open[len(open)-1].Rule != "escort_not_assigned" || !open[len(open)-1].Provisional || open[len(open)-1].Severity != "low" {
		t.Errorf("%d reports, %d open discrepancies more", told, len(open)-len(openBefore))
	}
	if fmt.Sprint(after.Shipments) != fmt.Sprint(before.Shipments) {
		t.Errorf("shipments were %v and are %v", before.Shipments, after.Shipments)
	}
	h.act(domain.RoleOperator, "3501", "3501", "shipment.assign_escort", `{"shipment":"SHP-3501-K","police_unit":"P3509A","order_no":"1"}`, api.Accepted, api.AcceptedWithDiscrepancy)
	if _, open := board(); len(open) != len(openBefore)+1+100 {
		t.Errorf("asked at last, its 100 delays make %d open discrepancies more", len(open)-len(openBefore))
	}
	t.Logf("%d reports", told)
}
