package terminal_test

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

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
		if got := terminal.Bar(c.done, c.total, 10).String(); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.done, c.total, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	got := terminal.Table([]terminal.Column{{Title: "regency"}, {Title: "boxes", Right: true}}, [][]string{{"Kota Surabaya", "8,206"}, {"Jember"}}).String()
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
	live.Paint(terminal.Own("a\nb\n"))
	live.Paint(terminal.Own("c\n"))
	live.Leave()
	live.Paint(terminal.Sprintf("%s", strings.Repeat("x", 100)))
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
	terminal.NewLive(&out).Paint(terminal.Lines(strings.Repeat("line\n", 40)))
	if lines := strings.Count(out.String(), "\n"); lines != 23 {
		t.Errorf("%d lines on a screen of 24", lines)
	}
	if !strings.Contains(out.String(), "... 18 more lines") {
		t.Error("what is hidden is not told")
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two three\n", 0, "one two three\n"},
		{"one two three\n", 13, "one two three\n"},
		{"one two  three\n", 9, "one two\n    three\n"},
		{"  one two three four\n\nfive\n", 12, "  one two\n      three\n      four\n\nfive\n"},
		{"one 0123456789abcdef two", 10, "one\n    0123456789abcdef\n    two"},
		{"0123456789abcdef\n", 4, "0123456789abcdef\n"},
		{"kotak tiba “utuh” lagi\n", 17, "kotak tiba “utuh”\n    lagi\n"},
	} {
		if got := terminal.Fold(terminal.Lines(c.text), c.width).String(); got != c.want {
			t.Errorf("%q in %d:\n%q, want\n%q", c.text, c.width, got, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	columns := []terminal.Column{{Title: "id"}, {Title: "rule"}, {Title: "message"}, {Title: "n", Right: true}}
	rows := [][]string{{"DSC-1", "arrived_unsealed", "kotak 3576021010020-DPD tidak bersegel pada serah terima", "7"}, {"DSC-2", "late"}}
	for _, c := range []struct {
		width     int
		want      string
		left, cut string
	}{
		{0, terminal.Table(columns, rows).String(), "", ""},
		{200, terminal.Table(columns, rows).String(), "", ""},
		{40, "id     message                         n\nDSC-1  kotak 3576021010020-DPD tidak…  7\nDSC-2\n", "rule", "message"},
		{10, "id     n\nDSC-1  7\nDSC-2\n", "rule message", ""},
	} {
		got, left, cut := terminal.Fit(columns, rows, c.width, []string{"id", "message"})
		if got.String() != c.want || strings.Join(left, " ") != c.left || strings.Join(cut, " ") != c.cut {
			t.Errorf("in %d, left %v, cut %v:\n%s\nwant\n%s", c.width, left, cut, got, c.want)
		}
	}
	for width := 10; width < 120; width++ {
		got, left, _ := terminal.Fit(columns, rows, width, nil)
		for line := range strings.Lines(got.String()) {
			if n := utf8.RuneCountInString(line) - 1; n > width {
				t.Errorf("in %d: %d characters: %q", width, n, line)
			}
		}
		head, _, _ := strings.Cut(got.String(), "\n")
		if n := len(strings.Fields(head)) + len(left); n != len(columns) {
			t.Errorf("in %d: %d columns are shown or named: %q, %v", width, n, head, left)
		}
	}
}
