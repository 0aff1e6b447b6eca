package envelope

import (
	"regexp"
	"strings"
	"testing"
)

func TestElectionNames(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z0-9]{1,30}$`)
	for _, name := range []string{"pemilu2024", "ab", "a", "", "a1", "1a", "A1", "aB", "a-b", "ab-", "-ab", "a b", "aé", "é1", "ab\n", strings.Repeat("a", 31), strings.Repeat("a", 32)} {
		if got, want := isElection(name), form.MatchString(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}
