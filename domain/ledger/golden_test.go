package ledger_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jejak/domain/given"
	"jejak/domain/ledger"
)

var update = flag.Bool("update", false, "write docs/rules.md, and the sums of golden files that are new")

func TestGoldenEvents(t *testing.T) {
	given.Golden(t, ledger.NewEventOf, &ledger.ReferenceAdopted{Version: "2024-02-01.8df51da3"})
}

const sums = "testdata/golden.sum"

// Every type of event and every schema of it has a golden file in its room, and none was ever changed: golden.sum has the SHA-256 of each. A new
// one is added with -update, which never changes the line of another.
func TestGoldenFilesAreNeverEdited(t *testing.T) {
	files, err := filepath.Glob("../*/testdata/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	now := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		now[filepath.Base(file)] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	data, err := os.ReadFile(sums)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(data)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		known[name] = sum
	}
	for name, sum := range known {
		if now[name] != sum {
			t.Errorf("golden file %s was edited or deleted: events of this form lie in logs; write a new schema instead", name)
		}
	}
	added := false
	for name, sum := range now {
		if _, ok := known[name]; ok {
			continue
		}
		if !*update {
			t.Errorf("golden file %s is new: go test ./domain/ledger -run Golden -update", name)
		}
		known[name], added = sum, true
	}
	for _, eventType := range ledger.EventTypes() {
		for schema := 1; schema <= ledger.NewEventOf(eventType, 0).Schema(); schema++ {
			if name := eventType + ".v" + strconv.Itoa(schema) + ".json"; now[name] == "" {
				t.Errorf("%s has no golden file", name)
			}
		}
	}
	if !added || !*update {
		return
	}
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(&out, "%s  %s\n", known[name], name)
	}
	if err := os.WriteFile(sums, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
