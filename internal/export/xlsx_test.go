package export

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

func TestTextsFitIntoCells(t *testing.T) {
	for _, c := range []struct {
		text string
		cut  bool
	}{
		{"", false}, {strings.Repeat("a", cellUnits), false}, {strings.Repeat("a", cellUnits+1), true}, {strings.Repeat("é", cellUnits), false},
		{strings.Repeat("👍", cellUnits/2), false}, {strings.Repeat("👍", cellUnits/2+1), true},
	} {
		got := shortened(c.text)
		if n := len(utf16.Encode([]rune(got))); n > cellUnits || strings.HasSuffix(got, cutMark) != c.cut || !c.cut && got != c.text {
			t.Errorf("%d bytes become %d units, which end %q", len(c.text), n, got[max(0, len(got)-20):])
		}
		if head, _, cut := strings.Cut(got, cutMark); cut && !strings.HasPrefix(c.text, head) {
			t.Errorf("%d bytes begin otherwise", len(c.text))
		}
	}
}

func TestTextsAsXML(t *testing.T) {
	for text, want := range map[string]string{
		`"a" & <b> 'c'`: `<t>"a" &amp; &lt;b&gt; 'c'</t>`, " a": `<t xml:space="preserve"> a</t>`, "a\nb": "<t xml:space=\"preserve\">a\nb</t>", "a  b": "<t>a  b</t>",
		"_x0041_ _x41_ __xABCD__": "<t>_x005F_x0041_ _x41_ __x005F_xABCD__</t>",
	} {
		if got := string(appendText(nil, text)); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
	if got := text("a\x00b\x1bc\r\nd\re\xff\uffff").text; got != "a\ufffdb\ufffdc\nd\ne\ufffd\ufffd" {
		t.Errorf("%q", got)
	}
}

// No second of an election is another one in a spreadsheet, which has 15 digits.
func TestDays(t *testing.T) {
	for at := time.Date(2023, 1, 1, 0, 0, 0, 0, wib); at.Year() < 2030; at = at.Add(86399*time.Second + 7*time.Hour) {
		days, err := strconv.ParseFloat(string(appendDays(nil, at)), 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := dayZero.Add(time.Duration(math.Round(days*24*60*60)) * time.Second); got.Format(time.DateTime) != at.Format(time.DateTime) {
			t.Fatalf("%s is day %f, %s", at, days, got)
		}
	}
}

func TestNamesOfSheets(t *testing.T) {
	for _, table := range tables {
		if len(table.name)+len(" 999") > nameUnits {
			t.Errorf("%s has no room for the number of a further sheet", table.name)
		}
	}
	for _, name := range []string{strings.Repeat("a", 32), "a/b", "a[b"} {
		b := &workbook{temp: t.TempDir()}
		if err := b.sheet(&table{name: name}, name); err == nil {
			t.Errorf("a sheet is called %s", name)
		}
	}
}
