package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/epcis"
	"jejak/internal/export"
	"jejak/internal/server"
	"jejak/internal/unreadable/planted"
	"jejak/internal/views"
	"jejak/projections/form"
)

// plant puts a record into the log of a directory that nobody serves.
func plant(t *testing.T, dir string, unit domain.Code, kind planted.Kind) eventstore.Record {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, server.EventsFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rec := planted.Put(t, store, "pemilu2024", unit, kind, time.Now())
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return rec
}

// send posts a command as the admin of the province.
func (r *running) send(unit domain.Code, n int) (status int, answer api.Answer) {
	r.t.Helper()
	token, err := os.ReadFile(r.s.TokenFile())
	if err != nil {
		r.t.Fatal(err)
	}
	_, body := report(n)
	body = bytes.ReplaceAll(body, []byte(`"unit":"3578"`), []byte(`"unit":"`+string(unit)+`"`))
	body = bytes.ReplaceAll(body, []byte("SHP-3578"), []byte("SHP-"+unit))
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.s.URL()+"/v1/commands", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// until asks again and again until an answer is as wanted.
func (r *running) until(path string, wanted func(body string) bool) (body string) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, body := r.get(path)
		if status == http.StatusOK && wanted(body) {
			return body
		}
		if time.Now().After(end) {
			r.t.Fatalf("%s stays %d %s", path, status, body)
		}
	}
}

// TestOneRecordStopsOneUnit: a record that cannot be read is named everywhere, and stops its own unit alone: commands, lists, exports and rebuilds of the others
// go on.
func TestOneRecordStopsOneUnit(t *testing.T) {
	for _, kind := range planted.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			withReference(t, dir)
			fill(t, dir, 40, "3578", "3573")
			before := time.Now()
			bad := plant(t, dir, "3573", kind)

			r := start(t, server.Config{Dir: dir})
			name := fmt.Sprintf(`"position":%d`, bad.Position)
			ready := r.until("/readyz", func(body string) bool { return strings.Contains(body, name) })
			for _, part := range []string{`"status":"ok"`, bad.ID.String(), `"stream":"ledger-pemilu2024.3573"`, fmt.Sprintf(`"version":%d`, bad.Version), `"reason":"`} {
				if !strings.Contains(ready, part) {
					t.Errorf("/readyz has no %s: %s", part, ready)
				}
			}
			if _, metrics := r.get("/metrics"); !strings.Contains(metrics, "\njejak_unreadable_records 1\n") {
				t.Error("the metric does not count it")
			}
			for n := range 3 {
				status, answer := r.send("3573", n)
				if status != http.StatusServiceUnavailable || len(answer.Errors) != 1 || answer.Errors[0].Rule != command.RuleUnreadable.ID ||
					!strings.Contains(answer.Errors[0].MessageEN, bad.ID.String()) || answer.Errors[0].Remedy == "" {
					t.Errorf("a command of the unit: %d %+v", status, answer)
				}
				if status, answer := r.send("3578", n); status != http.StatusOK {
					t.Errorf("a command of another unit: %d %+v", status, answer)
				}
			}
			past := "?as_of=" + before.UTC().Format(time.RFC3339Nano)
			for _, list := range []string{"regencies", "custody", "deadlines", "claims", "supporting"} {
				for _, when := range []string{"", past, past + "&clock=occurred"} {
					status, body := r.get("/v1/elections/pemilu2024/" + list + when)
					var rows []form.CustodyRow
					if err := json.Unmarshal([]byte(body), &rows); status != http.StatusOK || err != nil || len(rows) != 38 {
						t.Errorf("%s%s: %d, %d rows: %.300s", list, when, status, len(rows), body)
						continue
					}
					for _, row := range rows {
						// What was known before the record came is known still; what had occurred may be told by it.
						if unreadable := row.Code == "3573" && when != past; (row.Unreadable != "") != unreadable {
							t.Errorf("%s%s: %s is unreadable: %q", list, when, row.Code, row.Unreadable)
						}
					}
				}
			}
			for _, path := range []string{"discrepancies", "shipments", "seals/S1"} {
				if status, body := r.get("/v1/elections/pemilu2024/" + path); status != http.StatusOK {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
			for _, path := range []string{"discrepancies?regency=3573", "regencies/3573", "custody/3573"} {
				if status, body := r.get("/v1/elections/pemilu2024/" + path); status != http.StatusServiceUnavailable || !strings.Contains(body, command.RuleUnreadable.ID) {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
			if status, body := r.get("/readyz"); status != http.StatusOK {
				t.Errorf("/readyz: %d %s", status, body)
			}
			r.stop()

			report, err := server.VerifyLog(t.Context(), dir, "", server.VerifyConfig{})
			if err != nil || report.OK() || !slices.ContainsFunc(report.Problems, func(p string) bool {
				return strings.Contains(p, bad.ID.String()) && strings.Contains(p, fmt.Sprint(bad.Position)) && strings.Contains(p, bad.Stream)
			}) {
				t.Errorf("verify: %v, %v", report.Problems, err)
			}
			if len(report.Problems) != 1 {
				t.Errorf("verify has other problems: %v", report.Problems)
			}
			log, err := server.OpenLog(t.Context(), dir, "")
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			rebuilt, err := views.Rebuild(t.Context(), views.Log{Store: log.Store, Catalog: log.Catalog}, views.All(false), nil)
			if err != nil || len(rebuilt.Unreadable) != 1 || rebuilt.Rows < 4 {
				t.Errorf("rebuilt: %+v, %v", rebuilt, err)
			}
			all := export.Log{Store: log.Store, Catalog: log.Catalog}
			names, err := epcis.NewNamer(epcis.DefaultBase)
			if err != nil {
				t.Fatal(err)
			}
			choice := export.Choice{Election: "pemilu2024"}
			for how, write := range map[string]func() (export.Summary, error){
				"EPCIS": func() (export.Summary, error) { return all.EPCIS(t.Context(), io.Discard, choice, names) },
				"CSV":   func() (export.Summary, error) { return all.CSV(t.Context(), t.TempDir(), choice, export.Form{}) },
			} {
				s, err := write()
				if err != nil || len(s.Unreadable) != 1 || !strings.Contains(s.Unreadable[0], bad.ID.String()) || s.Records < 40 {
					t.Errorf("%s: %+v, %v", how, s, err)
				}
			}
		})
	}
}
