package export_test

import (
	"testing"

	"jejak/internal/export"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Budi": "Budi", "3 = 3": "3 = 3", " Budi": " Budi", "=1+1": "'=1+1", "+62": "'+62", "-1": "'-1", "@a": "'@a", "\tx": "'\tx", "\rx": "'\rx",
		" =1+1": "' =1+1", "\u00a0 =1": "'\u00a0 =1", "＝1+1": "'＝1+1", "  ＠a": "'  ＠a", "   ": "   ",
	} {
		if got := export.Plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
