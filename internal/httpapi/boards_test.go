package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/journal"
	"jejak/internal/views"
)

// shown waits until the rows of a unit are at the head of its ledger.
func (h *house) shown(unit domain.Code) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		version, _, err := h.store.StreamHead(h.t.Context(), journal.LedgerStream("pemilu2024", unit))
		if err != nil {
			h.t.Fatal(err)
		}
		all := true
		for _, v := range views.All(true) {
			row, _ := h.views.Row(v.Name, "pemilu2024", unit)
			all = all && row.Ledger == uint64(version)
		}
		if all {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("the rows of %s do not come: %v", unit, h.views.Trouble())
		}
	}
}

var boards = map[string]string{"regencies": views.Regency, "custody": views.Custody, "deadlines": views.Deadlines, "claims": views.Claims}

// TestListsAreAnsweredFromRows: rows that are at the head of their ledgers are the answer, to the byte, and no ledger is looked at; a house without
// views answers the same; and what has just been answered is in the next list, whether its row is made yet or not.
func TestListsAreAnsweredFromRows(t *testing.T) {
	h := houseOf(t, plan{views: true})
	h.sent()
	for _, unit := range []domain.Code{"35", "3501", "3509"} {
		h.shown(unit)
	}
	looks := h.looks.n.Load()
	for path, view := range boards {
		list := h.get("/v1/elections/pemilu2024/"+path, h.admin())
		var joined []string
		for _, unit := range []domain.Code{"3501", "3509"} {
			row, _ := h.views.Row(view, "pemilu2024", unit)
			one := h.get("/v1/elections/pemilu2024/"+path+"/"+string(unit), h.admin())
			if diff := cmp.Diff(string(row.Body), string(one.body)); one.StatusCode != 200 || diff != "" {
				t.Errorf("%s of %s (-row +answer): %d\n%s", path, unit, one.StatusCode, diff)
			}
			if one.Header.Get("Jejak-Position") != fmt.Sprint(uint64(row.At.Position)) {
				t.Errorf("%s of %s: position %s of %d", path, unit, one.Header.Get("Jejak-Position"), row.At.Position)
			}
			joined = append(joined, strings.TrimSuffix(string(row.Body), "\n"))
		}
		if diff := cmp.Diff("["+strings.Join(joined, ",")+"]\n", string(list.body)); diff != "" {
			t.Errorf("%s (-rows +list):\n%s", path, diff)
		}
	}
	if n := h.looks.n.Load() - looks; n != 0 {
		t.Errorf("%d looks at ledgers", n)
	}
	for i := range 50 {
		answer := h.act(domain.RoleOperator, "3501", "3501", "incident.raise", `{"kind":"delay","severity":"low","units":["3501012001001-PPWP"],"note":"hujan"}`,
			api.AcceptedWithDiscrepancy)
		var headers []string
		if i%2 == 0 {
			headers = []string{"Jejak-Min-Position", fmt.Sprint(answer.Position)}
		}
		var rows []api.RegencyRow
		if err := json.Unmarshal(h.get("/v1/elections/pemilu2024/regencies", h.admin(), headers...).body, &rows); err != nil {
			t.Fatal(err)
		}
		if rows[0].Position != answer.Position || rows[0].Discrepancies["delay"] != int64(i+2) {
			t.Errorf("after %d: position %d of %d, %d delays", i, rows[0].Position, answer.Position, rows[0].Discrepancies["delay"])
		}
	}
}

func TestReadinessTellsHowFarTheViewsAre(t *testing.T) {
	h := houseOf(t, plan{views: true})
	h.act(domain.RoleOperator, "3501", "3501", "need.calculate", `{}`)
	h.shown("3501")
	var health api.Health
	h.read("/readyz", "", &health)
	if len(health.Views) != len(views.All(true)) {
		t.Fatalf("%+v", health)
	}
	for i, v := range views.All(true) {
		if got := health.Views[i]; got.View != v.Name || got.Head == 0 || got.Position > got.Head || got.Stopped != 0 || got.Building {
			t.Errorf("%+v", got)
		}
	}
	metrics := string(h.get("/metrics", "").body)
	for _, want := range []string{"jejak_view_rows_total ", "jejak_view_row_duration_seconds_count "} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics have no %s", want)
		}
	}
}

// TestASealIsFound: in which boxes it is or was, only for those who may see the box.
func TestASealIsFound(t *testing.T) {
	h := newHouse(t)
	h.sent()
	var card api.SealCard
	h.read("/v1/elections/pemilu2024/seals/S1", h.admin(), &card)
	if len(card.Uses) != 1 || card.Uses[0].Box != "3501012001001-PPWP" || card.Uses[0].Unit != "3501" || !card.Uses[0].On || card.Uses[0].Until != "" || !card.Simulated {
		t.Errorf("%+v", card)
	}
	for scope, want := range map[string]int{"350101": 1, "350102": 0, "350901": 0} {
		card = api.SealCard{}
		if a := h.read("/v1/elections/pemilu2024/seals/S1", h.token(domain.RoleDistrict, scope), &card); len(card.Uses) != want || !strings.Contains(string(a.body), `"uses":[`) {
			t.Errorf("%s sees %s", scope, a.body)
		}
	}
	h.read("/v1/elections/pemilu2024/seals/NONE", h.admin(), &card)
	if len(card.Uses) != 0 {
		t.Errorf("%+v", card)
	}
}
