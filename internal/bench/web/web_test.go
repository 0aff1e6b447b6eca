package web

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/serving"
)

func TestMain(m *testing.M) {
	ServeAsChild()
	os.Exit(m.Run())
}

func TestCommandsHaveIDsOfTheirOwn(t *testing.T) {
	var m maker
	seen := map[string]bool{}
	var buf []byte
	for range 5000 {
		buf = m.append(buf, "3578")
		var c struct{ ID string }
		if err := json.Unmarshal(bytes.Clone(buf), &c); err != nil {
			t.Fatal(err)
		}
		id, err := uuid.Parse(c.ID)
		if err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%q: version %d, %v", c.ID, id.Version(), err)
		}
		if seen[c.ID] {
			t.Fatalf("%s twice", c.ID)
		}
		seen[c.ID] = true
	}
}

// TestTinyPair lets a program be compared with itself.
func TestTinyPair(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and starts two servers")
	}
	program, err := serving.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := pairSize{pairs: 1, clients: 256, each: 2, lanes: 2, lines: 100, small: 2, rest: func(context.Context, int) error { return nil }}
	tables, err := pair(t.Context(), harness.Options{Dir: t.TempDir()}, s, program, program)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 1 || len(tables[0].Rows) != 3 || len(tables[0].Rows[0]) != len(tables[0].Columns) {
		t.Errorf("%+v", tables)
	}
}

// TestTinyRun lets all contenders answer, and every answer be right: timing decides nothing.
func TestTinyRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server for every contender")
	}
	s := size{rounds: 1, clients: []int{1, 256}, d: 50 * time.Millisecond, lines: 400, lanes: []int{1, 3}}
	tables, err := measure(t.Context(), harness.Options{Quick: true, Dir: t.TempDir()}, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 4 {
		t.Fatalf("%d tables, want 4", len(tables))
	}
	for _, table := range tables {
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: row %q has other cells than %q", table.Title, row, table.Columns)
			}
		}
	}
}
