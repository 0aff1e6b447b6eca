package province

import (
	"os/exec"
	"path/filepath"
	"testing"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
)

// TestTinyRun measures one regency: timing decides nothing, but every part must come to its end, and its tables have their cells.
func TestTinyRun(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a regency")
	}
	program, err := serving.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	if out, err := exec.CommandContext(t.Context(), program, "demo", "--regency", "3576", "--exit", "--json", "--data", data, "--listen", "127.0.0.1:0").Output(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	opt := harness.Options{Quick: true}
	grown, used, err := growth(t.Context(), opt, program, data, filepath.Join(t.TempDir(), "empty"))
	if err != nil {
		t.Fatal(err)
	}
	rebuilt, err := rebuilds(t.Context(), opt, program, data)
	if err != nil {
		t.Fatal(err)
	}
	audited, err := audits(t.Context(), opt, program, data, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range append([]report.Table{grown, used, rebuilt}, audited...) {
		t.Logf("%s\n%q\n%q\n%q", table.Title, table.Columns, table.Rows, table.Notes)
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: row %q has other cells than %q", table.Title, row, table.Columns)
			}
		}
	}
}
