package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/cache"
	"jejak/internal/client"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/server"
)

// TestStartWithALongLog: a server that was stopped in order and starts again with a long log answers from its snapshots; without them it answers
// the same, later. How long each takes is told, and decides nothing.
func TestStartWithALongLog(t *testing.T) {
	events := 12_000
	if testing.Short() {
		events = 5_000
	}
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	token := operatorOf(t, dir)
	began := time.Now()
	fill(t, dir, events, "3578", "3573", "3525", "3501")
	t.Logf("%d acts recorded in %v", events, time.Since(began).Round(time.Millisecond))
	for _, n := range []string{server.EventsFile, server.CacheFile} {
		if info, err := os.Stat(filepath.Join(dir, n)); err == nil {
			t.Logf("%s has %.1f MB", n, float64(info.Size())/1e6)
		}
	}
	rows := ""
	for i, how := range []string{"with snapshots", "with snapshots again", "without"} {
		if how == "without" {
			if err := os.Remove(filepath.Join(dir, server.CacheFile)); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		r := start(t, server.Config{Dir: dir})
		open := time.Since(began)
		status, body := r.get("/v1/elections/pemilu2024/regencies")
		for status == http.StatusServiceUnavailable { // A ledger is still being folded: come again.
			status, body = r.get("/v1/elections/pemilu2024/regencies")
		}
		listed := time.Since(began)
		if status != http.StatusOK || i > 0 && body != rows {
			t.Errorf("%s: the regencies are different ones: %d %.300s", how, status, body)
		}
		rows = body
		c, err := client.New(r.s.URL(), client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		id, _ := uuid.NewV7()
		order := fmt.Sprintf(`{"id":%q,"type":"procurement.place_order","mode":"request","election":"pemilu2024","unit":"3578","occurred_at":%q,`+
			`"data":{"order":"ORD-3578-1","supplier":"lem","lines":[{"item":"glue","quantity":1,"unit_price":1}]}}`, id, time.Now().Format(time.RFC3339))
		answer, _, err := c.Send(t.Context(), token, []byte(order)) // Refused, so that the ledger stays as it is.
		if err != nil || len(answer.Errors) == 0 || !strings.Contains(fmt.Sprint(answer.Errors), "budget_not_set") && answer.Result != api.Error {
			t.Errorf("%s: %+v, %v", how, answer, err)
		}
		t.Logf("%s: open %v, regencies listed %v, a command answered %v", how, open.Round(time.Millisecond), listed.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
		r.stop()
	}
}

// fill records acts in units of a directory that nobody serves.
func fill(t *testing.T, dir string, acts int, units ...domain.Code) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, server.EventsFile), sqlite.Options{})
	must(err)
	states, err := cache.Open(filepath.Join(dir, server.CacheFile))
	must(err)
	log := slog.New(slog.DiscardHandler)
	handler, err := command.Open(t.Context(), command.Config{
		Store: store, Catalog: command.NewStoreCatalog(store, log), Clock: clock.System{}, Cache: states, Logger: log, Elections: []string{"pemilu2024"},
		SnapshotEvery: 2_000, // and not only at the end
	})
	must(err)
	waiting := make(chan (<-chan api.Answer), 1000)
	done := make(chan int)
	go func() {
		refused := 0
		for answer := range waiting {
			if a := <-answer; a.Result != api.AcceptedWithDiscrepancy {
				refused++
			}
		}
		done <- refused
	}()
	for n := range acts {
		unit := units[n%len(units)]
		waiting <- handler.Submit(t.Context(), command.Command{
			ID: uuid.Must(uuid.NewV7()), Mode: domain.Report, Election: "pemilu2024", Unit: unit, OccurredAt: time.Now(),
			Device: domain.Device{ID: "hp", Seq: int64(n)}, Actor: domain.Actor{ID: "operator", Role: domain.RoleOperator, Scope: string(unit)},
			Data: &incident.Raise{Kind: domain.Accident, Severity: domain.Low, Units: []string{fmt.Sprintf("SHP-%s-%d", unit, n)}, Note: "ban kempis"},
		})
	}
	close(waiting)
	if refused := <-done; refused > 0 {
		t.Fatalf("%d of %d acts were refused", refused, acts)
	}
	must(handler.Close(context.Background()))
	must(states.Close())
	must(store.Close())
}

// TestTheBoardLoadsNoLedger: after a stop in order, the lists are there without any ledger, and say what they said before.
func TestTheBoardLoadsNoLedger(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	withReference(t, dir)
	fill(t, dir, 200, "3578", "3573")
	lists := func(r *running) (all string) {
		for _, path := range []string{"regencies", "custody", "deadlines", "claims"} {
			status, body := r.get("/v1/elections/pemilu2024/" + path)
			if status != http.StatusOK {
				t.Fatalf("%s: %d %.300s", path, status, body)
			}
			all += body
		}
		return all
	}
	first := start(t, server.Config{Dir: dir})
	want := lists(first)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, ready := first.get("/readyz"); strings.Count(ready, `"oldest_seconds":0,`) == 4 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the views do not come: %s", ready)
		}
	}
	first.stop()
	second := start(t, server.Config{Dir: dir})
	if got := lists(second); got != want {
		t.Errorf("another list after the start:\n%.2000s\n%.2000s", want, got)
	}
	_, metrics := second.get("/metrics")
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "jejak_ledger_load_duration_seconds_count") {
			t.Errorf("a ledger was loaded: %s", line)
		}
	}
	second.stop()
	if info, err := os.Stat(filepath.Join(dir, server.ViewsFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", server.ViewsFile, info, err)
	}
}
