package server_test

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"jejak/internal/server"
)

// common is the folder of what the tests have in common. It is made by TestMain.
var common string

var reference sync.Once

// withReference makes a data directory as a server leaves it that was started there for the first time and stopped: with the reference data. To import them
// takes longer than most tests, so they are imported once and copied.
func withReference(t *testing.T, dir string) {
	t.Helper()
	made := filepath.Join(common, "data")
	reference.Do(func() { start(t, server.Config{Dir: made}).stop() })
	if t.Failed() {
		t.FailNow()
	}
	if out, err := exec.Command("cp", "-a", made, dir).CombinedOutput(); err != nil {
		t.Fatalf("copy the reference data: %v: %s", err, out)
	}
}
