package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRoomWarnings: a disk with little room and a write-ahead log that another program keeps from being emptied are told, and nothing is told otherwise.
func TestRoomWarnings(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, EventsFile+"-wal"), make([]byte, 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	if all := roomWarnings(dir, 0, 2000); len(all) > 0 {
		t.Errorf("told without a cause: %q", all)
	}
	all := strings.Join(roomWarnings(dir, 1<<62, 1999), "\n")
	if !strings.Contains(all, "another program holds a transaction open") {
		t.Errorf("the write-ahead log is not told: %q", all)
	}
	if _, ok := freeBytes(dir); ok && !strings.Contains(all, "are free on the disk") {
		t.Errorf("the disk is not told: %q", all)
	}
}
