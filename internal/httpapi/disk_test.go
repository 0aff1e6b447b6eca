package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/eventstore/faultvfs"
	"jejak/internal/api"
	"jejak/internal/views"
)

// TestAnswersWhileViewsCannotBeKept: with a full or a read-only disk under views.db commands are answered, and every list and row has what was just
// recorded, made of the ledgers; the readiness of the views tells how many stand still. When the disk can again, the rows catch up and are the answer.
func TestAnswersWhileViewsCannotBeKept(t *testing.T) {
	for name, breaks := range map[string]func(*faultvfs.Disk){
		"read-only": func(disk *faultvfs.Disk) { disk.SetReadOnly(true) },
		"full": func(disk *faultvfs.Disk) {
			disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
				if op.Kind == faultvfs.Write {
					return faultvfs.Fault{Err: syscall.ENOSPC}
				}
				return faultvfs.Fault{}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			disk, err := faultvfs.New()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = disk.Close() })
			h := houseOf(t, plan{views: true, disk: disk.Name()})
			h.sent()
			h.shown("3501")
			h.shown("3509")
			before := h.delays()

			breaks(disk)
			for i := range 10 {
				answer := h.act(domain.RoleOperator, "3501", "3501", "incident.raise", `{"kind":"delay","severity":"low","units":["3501012001001-PPWP"],"note":"hujan"}`,
					api.AcceptedWithDiscrepancy)
				if n := h.delays("Jejak-Min-Position", fmt.Sprint(answer.Position)); n != before+int64(i)+1 {
					t.Errorf("after %d: %d delays, before there were %d", i+1, n, before)
				}
			}
			h.stopped(func(n int) bool { return n == 1 })
			for path, view := range boards {
				made := h.get("/v1/elections/pemilu2024/"+path+"/3501", h.admin())
				row, _ := h.views.Row(view, "pemilu2024", "3501")
				if at, err := strconv.ParseUint(made.Header.Get("Jejak-Position"), 10, 64); made.StatusCode != 200 || err != nil || at <= uint64(row.At.Position) {
					t.Errorf("%s: %d, position %d (%v), the row that was kept has %d", path, made.StatusCode, at, err, row.At.Position)
				}
			}

			disk.SetPlan(nil)
			disk.SetReadOnly(false)
			h.shown("3501")
			h.stopped(func(n int) bool { return n == 0 })
			looks := h.looks.n.Load()
			row, _ := h.views.Row(views.Regency, "pemilu2024", "3501")
			one := h.get("/v1/elections/pemilu2024/regencies/3501", h.admin())
			if diff := cmp.Diff(string(row.Body), string(one.body)); diff != "" || h.looks.n.Load() != looks {
				t.Errorf("afterwards, with %d looks at ledgers (-row +answer):\n%s", h.looks.n.Load()-looks, diff)
			}
			if n := h.delays(); n != before+10 {
				t.Errorf("%d delays at the end", n)
			}
		})
	}
}

// delays are those that the list says are open in 3501.
func (h *house) delays(headers ...string) int64 {
	h.t.Helper()
	var rows []api.RegencyRow
	if err := json.Unmarshal(h.get("/v1/elections/pemilu2024/regencies", h.admin(), headers...).body, &rows); err != nil {
		h.t.Fatal(err)
	}
	return rows[0].Discrepancies["delay"]
}

// stopped waits until so many units of every view stand still, and the metrics say so too.
func (h *house) stopped(so func(n int) bool) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		var health api.Health
		h.read("/readyz", "", &health)
		all := true
		for _, v := range health.Views {
			all = all && so(v.Stopped)
		}
		if all {
			break
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("%+v: %v", health.Views, h.views.Trouble())
		}
	}
	if metrics := string(h.get("/metrics", "").body); !strings.Contains(metrics, "jejak_view_failures_total{") {
		h.t.Error("the metrics have no failures of views")
	}
}
