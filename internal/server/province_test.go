package server_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"jejak/internal/server"
)

// A directory may be of another province than the built-in data: its first administrator is of that one, and it stays so for life.
func TestAnotherProvince(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := start(t, server.Config{Dir: dir, Province: "36", NoImport: true})
	if status, body := r.get("/v1/me"); status != http.StatusOK || !strings.Contains(body, `"scope":"36"`) {
		t.Errorf("the first administrator: %d %s", status, body)
	}
	r.stop()
	if got, err := server.ProvinceOf(dir); got != "36" || err != nil {
		t.Errorf("province %s, %v", got, err)
	}
	again := start(t, server.Config{Dir: dir, NoImport: true})
	again.stop()
	if _, err := server.Open(t.Context(), server.Config{Dir: dir, Kind: server.Real, Listen: "127.0.0.1:0", Province: "35", NoImport: true}); err == nil || !strings.Contains(err.Error(), "is of province 36 for life, not of 35") {
		t.Errorf("opened for another province: %v", err)
	}
}
