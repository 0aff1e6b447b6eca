package telemetry_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jejak/internal/telemetry"
)

func TestMetricsPage(t *testing.T) {
	m := telemetry.New(nil, "1.2.3")
	m.Appended(3*time.Millisecond, 64)
	m.Batch(12)
	m.QueueDepth("3578", 7)
	m.Answered("rejected", []string{"seal_used_twice"}, nil)
	m.Answered("accepted_with_discrepancy", nil, []string{"short"})
	m.Refused("token")
	m.Began("GET")("GET /v1/me", 200)
	page := httptest.NewRecorder()
	m.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`jejak_append_events_sum 64`, `jejak_batch_commands_sum 12`, `jejak_ledger_queue_depth{unit="3578"} 7`,
		`jejak_rejections_total{rule="seal_used_twice"} 1`, `jejak_discrepancies_total{kind="short"} 1`, `jejak_commands_total{result="rejected"} 1`,
		`jejak_refusals_total{reason="token"} 1`, `jejak_build_info{version="1.2.3"} 1`, `go_goroutines`,
		`jejak_http_request_duration_seconds_count{method="GET",route="GET /v1/me",status="200"} 1`,
	} {
		if !strings.Contains(page.Body.String(), line) {
			t.Errorf("metrics have no %s", line)
		}
	}
}

func TestLogsNeverShowATokenOfOurs(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		telemetry.NewLog(&out, asJSON, slog.LevelInfo).Info("hello", "header", "Bearer jjk_abcDEF-_123 and more", "err", errors.New("x"))
		if got := out.String(); strings.Contains(got, "abcDEF") || !strings.Contains(got, "jjk_... and more") {
			t.Errorf("logged %s", got)
		}
	}
}
