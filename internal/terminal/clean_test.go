package terminal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"jejak/internal/terminal"
)

func TestCleanShowsWhatActsOnAScreen(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"truk “L 1234 AB” – 3½ t, é, 漢, 👍", "truk “L 1234 AB” – 3½ t, é, 漢, 👍"},
		{"\x1b[2J\x1b]0;title\a", `\x1b[2J\x1b]0;title\a`},
		{"baris\nbaris\r\nlagi\t|\v\f\b\x00\x7f", `baris\nbaris\r\nlagi\t|\v\f\b\x00\x7f`},
		{"\u009b2J\u0085\u0090", `\u009b2J\u0085\u0090`},
		{"\x9b2J\xff", `\x9b2J\xff`},
		{"\u202eBA 4321 L\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c", `\u202eBA 4321 L\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c`},
		{"a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u2028h\u2029i", `a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u2028h\u2029i`},
		{"\U000e0041\ufe0f\u3164\u2800\u115f\ue000\ufffd", `\U000e0041\ufe0f\u3164\u2800\u115f\ue000\ufffd`},
		{`C:\new`, `C:\new`},
	} {
		if got := terminal.Clean(c.text); got != c.want {
			t.Errorf("%q is shown as %q, want %q", c.text, got, c.want)
		}
	}
}

// harmless tells what of a text that is shown may act on a screen: all but visible characters, and the isolates around letters that are written leftward.
func harmless(text string) error {
	for i, r := range text {
		switch {
		case r == utf8.RuneError:
			return fmt.Errorf("byte %d of %q is no UTF-8, or stands for such", i, text)
		case r != '\u2068' && r != '\u2069' && (!unicode.IsGraphic(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)):
			return fmt.Errorf("byte %d of %q is %U", i, text, r)
		}
	}
	return nil
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "\x1b[2J", "\u202e\xff", "kotak 1\n!! kotak 2", "שלום\u2069 12"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := terminal.Clean(s)
		if err := harmless(got); err != nil {
			t.Error(err)
		}
		if again := terminal.Clean(got); again != got {
			t.Errorf("cleaned again, %q becomes %q", got, again)
		}
		for _, shown := range []terminal.Text{terminal.Sprintf("%s", s), terminal.Sprintf("%-9s|", s), terminal.Lines(strings.ReplaceAll(s, "\n", " "))} {
			if err := harmless(shown.String()); err != nil {
				t.Error(err)
			}
		}
	})
}

type named string

type told struct{ text string }

func (t told) String() string { return t.text }

func TestSprintfCleansEveryOperand(t *testing.T) {
	const bad = "\x1b[2J\n"
	for _, got := range []terminal.Text{
		terminal.Sprintf("%s", bad), terminal.Sprintf("%v", named(bad)), terminal.Sprintf("%s", told{bad}), terminal.Sprintf("%v", &told{bad}),
		terminal.Sprintf("%v", errors.New(bad)), terminal.Sprintf("%s", []string{bad}), terminal.Sprintf("%v", map[string]string{bad: bad}),
		terminal.Sprintf("%s", []byte(bad)), terminal.Sprintf("%v", struct{ A any }{bad}), terminal.Sprintf("%5.30s|", bad), terminal.Sprintf("%c", rune(0x41)),
	} {
		if err := harmless(got.String()); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct {
		got  terminal.Text
		want string
	}{
		{terminal.Sprintf("%*s|%-4d|%05.1f|%t|%x|%q", 4, "a", 7, 2.5, true, "hi", "b\x1b"), `   a|7   |002.5|true|6869|"b\\x1b"`},
		{terminal.Sprintf("%s %v", 90*time.Second, []int{1, 2}), "1m30s [1 2]"},
		{terminal.Sprintf("%s\n", terminal.Own("own\n")), "own\n\n"},
		{terminal.Sprintf("%s 12", "שלום"), "\u2068שלום\u2069 12"},
		{terminal.Lines("a\x1b\nb\n"), "a\\x1b\nb\n"},
	} {
		if c.got.String() != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestTablesCleanTheirCells(t *testing.T) {
	columns := []terminal.Column{{Title: "na\x1bma"}, {Title: "n", Right: true}}
	rows := [][]string{{"a\x1b[31m\nb", "7"}, {"שלום", "8"}}
	want := "na\\x1bma      n\na\\x1b[31m\\nb  7\n\u2068שלום\u2069          8\n"
	if got := terminal.Table(columns, rows).String(); got != want {
		t.Errorf("table\n%q\nwant\n%q", got, want)
	}
	fitted, _, _ := terminal.Fit(columns, [][]string{{strings.Repeat("ש", 60), "7"}}, 40, nil)
	if want := "\u2068" + strings.Repeat("ש", 36) + "…\u2069  7\n"; !strings.HasSuffix(fitted.String(), want) {
		t.Errorf("a cell that is cut is %q, want the end %q", fitted, want)
	}
}
