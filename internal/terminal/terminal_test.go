package terminal_test

import (
	"math"
	"strings"
	"testing"

	"jejak/internal/terminal"
)

func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        string
	}{
		{0, 0, "[..........]   -%"},
		{0, 10, "[..........]   0%"},
		{5, 10, "[#####.....]  50%"},
		{999, 1000, "[#########.]  99%"},
		{10, 10, "[##########] 100%"},
		{11, 10, "[##########] 100%"},
		{-1, 10, "[..........]   0%"},
	} {
		if got := terminal.Bar(c.done, c.total, 10); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.done, c.total, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	got := terminal.Table([]terminal.Column{{Title: "regency"}, {Title: "boxes", Right: true}}, [][]string{{"Kota Surabaya", "8,206"}, {"Jember"}})
	want := "regency        boxes\nKota Surabaya  8,206\nJember\n"
	if got != want {
		t.Errorf("table\n%s\nwant\n%s", got, want)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 604594: "604,594", -1234567: "-1,234,567", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := terminal.Number(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

func TestLivePaintsOverItself(t *testing.T) {
	var out strings.Builder
	live := terminal.NewLive(&out)
	live.Paint("a\nb\n")
	live.Paint("c\n")
	live.Leave()
	live.Paint(strings.Repeat("x", 100))
	want := "\r\x1b[2Ka\n\r\x1b[2Kb\n" + "\x1b[2A\r\x1b[2Kc\n\x1b[J" + "\r\x1b[2K" + strings.Repeat("x", 80) + "\n"
	if out.String() != want {
		t.Errorf("painted %q, want %q", out.String(), want)
	}
	if terminal.Watched(&out) {
		t.Error("a buffer is watched by nobody")
	}
}

func TestLiveFitsTheScreen(t *testing.T) {
	var out strings.Builder
	terminal.NewLive(&out).Paint(strings.Repeat("line\n", 40))
	if lines := strings.Count(out.String(), "\n"); lines != 23 {
		t.Errorf("%d lines on a screen of 24", lines)
	}
	if !strings.Contains(out.String(), "... 18 more lines") {
		t.Error("what is hidden is not told")
	}
}
