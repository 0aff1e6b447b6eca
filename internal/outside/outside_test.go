package outside_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"jejak/internal/outside"
)

// watched is a test that says how it ended instead of ending.
type watched struct {
	testing.TB

	ended string
}

func (w *watched) Helper()          {}
func (w *watched) Skip(args ...any) { w.ended = "skipped: " + args[0].(string) }
func (w *watched) Fatal(args ...any) {
	w.ended = "failed: " + args[0].(string)
}

func TestWhatIsLackingSkipsAndFailsWhereAllMustRun(t *testing.T) {
	for ci, want := range map[string]string{"": "skipped: ", "true": "failed: "} {
		t.Setenv("CI", ci)
		w := &watched{TB: t}
		outside.Lacking(w, "a loom", "apt-get install loom")
		if !strings.HasPrefix(w.ended, want) || !strings.Contains(w.ended, "apt-get install loom") {
			t.Errorf("CI=%q: %s", ci, w.ended)
		}
	}
}

// Every package of npm is pinned to one version, and the lock has that very one and no address of where it came from.
func TestPinned(t *testing.T) {
	var asked struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	var locked struct {
		Packages map[string]struct{ Version, Resolved string } `json:"packages"`
	}
	for name, into := range map[string]any{"package.json": &asked, "package-lock.json": &locked} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	if len(asked.Dependencies) == 0 {
		t.Fatal("no packages")
	}
	for name, version := range asked.Dependencies {
		if got := locked.Packages["node_modules/"+name].Version; got != version {
			t.Errorf("%s: %s is asked for, %q is locked", name, version, got)
		}
	}
	for name, pkg := range locked.Packages {
		if pkg.Resolved != "" {
			t.Errorf("%s names where it was fetched from", name)
		}
	}
}
