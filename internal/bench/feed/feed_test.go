package feed

import (
	"testing"
	"time"

	"jejak/internal/bench/harness"
)

// TestTinyRun lets every part come to its end with few escorts, and every event be seen: timing decides nothing.
func TestTinyRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts two servers")
	}
	tables, err := measure(t.Context(), harness.Options{Quick: true, Dir: t.TempDir()}, size{rates: []int{100, 500}, rounds: 1, d: 300 * time.Millisecond, escorts: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		t.Logf("%s\n%q\n%q", table.Title, table.Columns, table.Rows)
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: row %q has other cells than %q", table.Title, row, table.Columns)
			}
		}
	}
}

// TestWhatIsLateCountsFromWhenItWasDue: a pause of the server shows in all that became due in it.
func TestWhatIsLateCountsFromWhenItWasDue(t *testing.T) {
	began := time.Now()
	acts, err := steady(t.Context(), 1000, 400*time.Millisecond, func(int) (string, error) {
		time.Sleep(time.Until(began.Add(300 * time.Millisecond))) // nobody is answered before
		return "", nil
	})
	if err != nil || len(acts) != 400 {
		t.Fatalf("%d acts, %v", len(acts), err)
	}
	late := 0
	for k, a := range acts {
		if want := acts[0].due.Add(time.Duration(k) * time.Millisecond); !a.due.Equal(want) {
			t.Fatalf("the %d-th was due at %s, not %s", k, a.due, want)
		}
		if a.answered.Sub(a.due) > 100*time.Millisecond {
			late++
		}
	}
	if late < 150 {
		t.Errorf("a pause of 300 ms at 1000/s hit %d by more than 100 ms", late)
	}
}
