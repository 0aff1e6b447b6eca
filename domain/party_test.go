package domain_test

import (
	"strings"
	"testing"

	"jejak/domain"
)

func TestAPartysForm(t *testing.T) {
	for _, good := range []string{"a", "PT-TEMPRINA", "cv-2", "9", strings.Repeat("x", 40)} {
		if !domain.IsParty(good) {
			t.Errorf("%q is no party", good)
		}
	}
	for _, bad := range []string{"", "PT Temprina", "pt_temprina", "pt.temprina", "é", "a\n", strings.Repeat("x", 41), "a/b", "a*", "a>"} {
		if domain.IsParty(bad) {
			t.Errorf("%q is a party", bad)
		}
	}
}
