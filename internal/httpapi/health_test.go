package httpapi_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"jejak/domain"
	"jejak/internal/api"
)

func TestHealth(t *testing.T) {
	var why atomic.Pointer[string]
	h := houseOf(t, plan{ready: func(context.Context) []string {
		if reason := why.Load(); reason != nil {
			return []string{*reason}
		}
		return nil
	}})
	ask := func(path string) (int, api.Health) {
		a := h.get(path, "")
		var health api.Health
		if err := json.Unmarshal(a.body, &health); err != nil {
			t.Fatal(err)
		}
		return a.StatusCode, health
	}
	if status, health := ask("/readyz"); status != 200 || health.Status != "ok" || health.Version != "test" {
		t.Errorf("%d %+v", status, health)
	}
	reason := "the disk is full"
	why.Store(&reason)
	if status, health := ask("/readyz"); status != 503 || len(health.Problems) != 1 || health.Problems[0] != reason {
		t.Errorf("%d %+v", status, health)
	}
	if status, _ := ask("/livez"); status != 200 {
		t.Errorf("livez while not ready: %d", status)
	}
	why.Store(nil)
	h.api.BeginClose()
	if status, health := ask("/readyz"); status != 503 || !strings.Contains(health.Problems[0], "closing") {
		t.Errorf("%d %+v", status, health)
	}
}

// What an operator is to watch is there after real work, and none of it names a person, a token or a box.
func TestMetricsAfterWork(t *testing.T) {
	h := newHouse(t)
	h.sent()
	h.post(h.token(domain.RoleWarehouse, "3501"), text(envelope("3501", "packing.seal_boxes", "request", h.clock.Now(), seal("3501012001001-DPRDK", "S1"))))
	h.post(h.operator(), []byte(`{"id":`))
	h.get("/v1/nothing/3501012001001-PPWP", h.operator())
	metrics := string(h.get("/metrics", "").body)
	for _, want := range []string{
		`jejak_append_duration_seconds_count \d+`, `jejak_append_events_sum \d+`, `jejak_batch_commands_bucket\{le="1"\} \d+`,
		`jejak_ledger_queue_depth\{election="pemilu2024",unit="3501"\} 0`, `jejak_rejections_total\{rule="seal_used_twice"\} 1`,
		`jejak_rejections_total\{rule="not_json"\} 1`, `jejak_discrepancies_total\{kind="delay"\} 1`, `jejak_command_duration_seconds_count\{result="accepted"\} \d+`,
		`jejak_command_duration_seconds_count\{result="rejected"\} 1`, `jejak_http_request_duration_seconds_count\{method="GET",route="none",status="404"\} 1`,
		`jejak_http_request_duration_seconds_count\{method="POST",route="POST /v1/commands",status="409"\} 1`, `jejak_build_info\{version="test"\} 1`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(metrics) {
			t.Errorf("no metric %s", want)
		}
	}
	for _, secret := range append(mapped(h.tokens), "3501012001001-PPWP", "usr-") {
		if strings.Contains(metrics, secret) {
			t.Errorf("the metrics name %s", secret)
		}
	}
}
