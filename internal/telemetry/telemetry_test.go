package telemetry_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jejak/domain"
	"jejak/internal/command"
	"jejak/internal/telemetry"
)

func TestMetricsPage(t *testing.T) {
	m := telemetry.New(nil, "1.2.3")
	var _ command.Metrics = m
	m.Appended(12, 64, 20_000, 3*time.Millisecond)
	m.WatchQueues(func(report func(string, domain.Code, int)) { report("pemilu2024", "3578", 7) })
	m.Answered("rejected", time.Millisecond)
	m.Broken("seal_used_twice")
	m.Found(domain.Short)
	m.Loaded(100, true, time.Second)
	m.Refused("token")
	m.Began("GET")("GET /v1/me", 200)
	page := httptest.NewRecorder()
	m.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`jejak_append_events_sum 64`, `jejak_batch_commands_sum 12`, `jejak_ledger_queue_depth{election="pemilu2024",unit="3578"} 7`,
		`jejak_rejections_total{rule="seal_used_twice"} 1`, `jejak_discrepancies_total{kind="short"} 1`, `jejak_command_duration_seconds_count{result="rejected"} 1`,
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
