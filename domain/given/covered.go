package given

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"jejak/domain"
)

// seen are the rules that the tests of this package have asked about, with the modes in which they were broken.
var seen = struct {
	sync.Mutex
	modes map[string][]domain.Mode
	form  map[string]bool
}{modes: map[string][]domain.Mode{}, form: map[string]bool{}}

// saw notes that a test has asked whether the last command breaks a rule.
func (s *Scene) saw(rule string) {
	seen.Lock()
	defer seen.Unlock()
	if !slices.Contains(seen.modes[rule], s.mode) {
		seen.modes[rule] = append(seen.modes[rule], s.mode)
	}
}

func sawForm(rule string) {
	seen.Lock()
	defer seen.Unlock()
	seen.form[rule] = true
}

// Saw notes a rule that a test asks about in its own way.
func (s *Scene) Saw(rule *domain.Rule) *Scene {
	s.saw(rule.ID)
	return s
}

// Main runs the tests of a room, and fails unless they have asked about every rule in each mode in which it can be broken. With -run or
// -fuzz, when not all tests run, it asks for nothing more than they do.
func Main(m *testing.M, rules ...*domain.Rule) {
	code := m.Run()
	for _, name := range []string{"test.run", "test.skip", "test.fuzz", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			os.Exit(code)
		}
	}
	if code == 0 {
		for _, gap := range gaps(rules) {
			fmt.Println("FAIL:", gap)
			code = 1
		}
	}
	os.Exit(code)
}

// gaps are the rules that no test has asked about. A rule of form is asked about once, as it knows no modes; so is one that only the decoder
// of commands applies, by its own tests.
func gaps(rules []*domain.Rule) []string {
	var gaps []string
	for _, r := range rules {
		if seen.form[r.ID] {
			continue
		}
		for _, mode := range []domain.Mode{domain.Request, domain.Report} {
			if r == domain.RuleRequestOnly && mode == domain.Request {
				continue // a request is never a report
			}
			if !slices.Contains(seen.modes[r.ID], mode) {
				gaps = append(gaps, fmt.Sprintf("no test breaks rule %s in mode %s", r.ID, mode))
			}
		}
	}
	return gaps
}
