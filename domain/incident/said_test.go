package incident

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jejak/domain"
)

// TestSaid: whatever a case says is read as it was said, in any company.
func TestSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9A-Z.-]{0,9}`), rapid.SampledFrom([]string{"kotak", "box", "HND-3578-1", "3578-PPWP", "A", "\x00", "\n", " ", "|", "ü7"}))
		text := rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "words"), rapid.SampledFrom([]string{" ", "", ", "}).Draw(t, "between"))
		})
		var r Register
		for n := range rapid.IntRange(1, 5).Draw(t, "cases") {
			said := domain.Text{ID: text.Draw(t, "id"), EN: text.Draw(t, "en")}
			key := strings.Join(rapid.SliceOfN(word, 0, 4).Draw(t, "key"), "|")
			r.add(&Case{ID: fmt.Sprint(n), Key: key, Said: r.say(said, key)})
			if got := r.Text(r.Cases[fmt.Sprint(n)]); got != said {
				t.Fatalf("said %q with key %q, read %q: %+v of %q", said, key, got, r.Cases[fmt.Sprint(n)].Said, r.Patterns)
			}
		}
	})
}

// TestSaidIsShort: what says the same of another box takes one pattern a language, and keeps neither the box nor the document.
func TestSaidIsShort(t *testing.T) {
	var r Register
	for n := range 1000 {
		box, handoff := fmt.Sprintf("3578011004%03d-PPWP", n), fmt.Sprintf("HND-3578-%d", n)
		said := r.say(domain.Text{ID: "kotak " + box + " tidak ada pada serah terima " + handoff + ": 5 lembar", EN: "box " + box + " was missing in handoff " + handoff + ": 5 sheets"},
			"box_missing|"+box+"|"+handoff)
		if said.Args != "B\nC\n5" || said.ArgsEN != "" {
			t.Fatalf("%+v", said)
		}
	}
	if len(r.Patterns) != 2 {
		t.Errorf("patterns %q", r.Patterns)
	}
}

// TestPatternsAreBounded: texts that have nothing in common do not fill the memory twice, and are read all the same.
func TestPatternsAreBounded(t *testing.T) {
	var r Register
	odd := func(n int) string { return strings.Repeat("a", 1+n%97) + " " + strings.Repeat("b", n/97) }
	for n := range 2 * mostPatterns {
		text := domain.Text{ID: odd(n), EN: ""}
		if got := r.Text(&Case{Said: r.say(text, "")}); got != text {
			t.Fatalf("said %q, read %q", text, got)
		}
	}
	if len(r.Patterns) > mostPatterns+1 {
		t.Errorf("%d patterns", len(r.Patterns))
	}
}
