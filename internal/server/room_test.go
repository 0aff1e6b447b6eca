package server

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jejak/internal/diskfull"
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
	var all string
	for _, w := range roomWarnings(dir, 1<<62, 1999) {
		all += w.text + "\n"
	}
	if !strings.Contains(all, "another program holds a transaction open") {
		t.Errorf("the write-ahead log is not told: %q", all)
	}
	if _, ok := diskfull.Free(dir); ok && !strings.Contains(all, "are free on the disk") {
		t.Errorf("the disk is not told: %q", all)
	}
}

// TestRoomInTheLog: a warning is one line when it begins and one when it ends, however often it is looked; and the threshold is that of the configuration.
func TestRoomInTheLog(t *testing.T) {
	if _, ok := diskfull.Free(t.TempDir()); !ok {
		t.Skip("nobody tells here how much is free")
	}
	var out strings.Builder
	log, told, dir := slog.New(slog.NewTextHandler(&out, nil)), map[string]bool{}, t.TempDir()
	for _, least := range []uint64{0, 1 << 62, 1 << 62, 1 << 62, 0, 0, 1 << 62} {
		logRoom(log, told, roomWarnings(dir, least, 1<<62))
	}
	const short = "there is little room on the disk of the data directory"
	if began, ended := strings.Count(out.String(), `msg="`+short), strings.Count(out.String(), `msg="over: `+short); began != 2 || ended != 1 {
		t.Errorf("began %d times, ended %d times:\n%s", began, ended, out.String())
	}
	for least, want := range map[uint64]int{1: 0, 1 << 62: 1} {
		s, err := Open(t.Context(), Config{Dir: filepath.Join(dir, fmt.Sprint(want)), Listen: "127.0.0.1:0", NATS: NATS{Off: true}, Kind: Real, NoImport: true, WarnFree: least})
		if err != nil {
			t.Fatal(err)
		}
		warned := len(s.warnings())
		if err := s.Close(); err != nil || warned != want {
			t.Errorf("%d bytes must be free: %d warnings, %v", least, warned, err)
		}
	}
}
