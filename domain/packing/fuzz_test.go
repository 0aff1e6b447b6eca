package packing_test

import (
	"strings"
	"testing"

	"jejak/domain"
	. "jejak/domain/packing"
)

// FuzzSeals: a seal number is one short word, whatever is scanned; what is no number is refused with its place.
func FuzzSeals(f *testing.F) {
	for _, s := range []string{"A-000123", "1", "KPU/2024.1", "", " ", "A 1", "-1", "a\n", "٣", strings.Repeat("9", 40), strings.Repeat("9", 41)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		check := &domain.Check{Unit: "3578"}
		ok := CheckSeal(check, "/data/seals/0", s)
		if v := check.Violations(); ok != (len(v) == 0) || !ok && (v[0].Rule != RuleBadSeal || v[0].Path != "/data/seals/0") {
			t.Fatalf("%q: %v, %v", s, ok, v)
		}
		word := s != "" && len(s) <= 40 && !strings.ContainsFunc(s, func(r rune) bool {
			return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./-", r)
		}) && !strings.ContainsAny(s[:1], "./-")
		if ok != word {
			t.Errorf("%q is a seal number: %v", s, ok)
		}
	})
}

// FuzzNext: the next replacement of a box is a box of the same origin, and never the box itself.
func FuzzNext(f *testing.F) {
	for _, s := range []string{"3578011001001-PPWP", "3578011001001-PPWP.2", "3578011001001-PPWP.98", "3578011001001-PPWP.99", "357801-REKAP1", "x", ".", "a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		next := Next(domain.BoxID(s))
		id, err := domain.ParseBoxID(s)
		if err != nil || id.IsKit() || strings.HasSuffix(s, ".99") {
			return
		}
		if _, err := domain.ParseBoxID(string(next)); err != nil || next == id || next.Original() != id.Original() {
			t.Errorf("%s follows %s: %v", next, id, err)
		}
	})
}
