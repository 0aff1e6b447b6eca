package domain_test

import (
	"strings"
	"testing"

	"jejak/domain"
)

func TestCodes(t *testing.T) {
	for s, want := range map[string]domain.Level{"35": domain.Province, "3578": domain.Regency, "357801": domain.District, "3578011001": domain.Village,
		"3578011001001": domain.Station} {
		if c, err := domain.ParseCode(s); err != nil || c.Level() != want || string(c) != s {
			t.Errorf("%s: %v, level %d, %v", s, c, c.Level(), err)
		}
	}
	for _, s := range []string{"", "3", "357", "35.78", "35780", "35780110", "35780110010010", "357A", "٣٥", " 35", "35\n", "3578011001001-PPWP"} {
		if c, err := domain.ParseCode(s); err == nil {
			t.Errorf("%q is code %s", s, c)
		}
	}
	village := domain.Code("3578011001")
	if village.Up(domain.Regency) != "3578" || village.Up(domain.Village) != village || village.Up(domain.Station) != "" {
		t.Error("ancestors")
	}
	for other, want := range map[domain.Code]bool{"3578011001": true, "3578011001001": true, "357801": false, "3578011002": false, "": false} {
		if village.Covers(other) != want {
			t.Errorf("covers %s: %v", other, !want)
		}
	}
	if domain.Code("").Covers(village) {
		t.Error("no place covers a village")
	}
}

func TestBoxIDs(t *testing.T) {
	for _, c := range []struct {
		id         domain.BoxID
		dest       domain.Code
		typ        string
		original   domain.BoxID
		kit, recap bool
	}{
		{"3578011001001-PPWP", "3578011001001", "PPWP", "3578011001001-PPWP", false, false},
		{"3578011001001-DPRDK.2", "3578011001001", "DPRDK", "3578011001001-DPRDK", false, false},
		{"3578011001001-DPRDK.99", "3578011001001", "DPRDK", "3578011001001-DPRDK", false, false},
		{"357801-REKAP1", "357801", "REKAP1", "357801-REKAP1", false, true},
		{"357801-REKAP2.10", "357801", "REKAP2", "357801-REKAP2", false, true},
		{"3578011001001-KIT", "3578011001001", "KIT", "3578011001001-KIT", true, false},
	} {
		id, err := domain.ParseBoxID(string(c.id))
		if err != nil || id != c.id || id.Destination() != c.dest || id.Type() != c.typ || id.Original() != c.original || id.IsKit() != c.kit || id.IsRecap() != c.recap {
			t.Errorf("%s: %v %s %s %s %v %v", c.id, err, id.Destination(), id.Type(), id.Original(), id.IsKit(), id.IsRecap())
		}
	}
	for _, s := range []string{"", "-", "3578011001001", "3578011001001-", "3578011001001-ppwp", "357801100100-PPWP", "3578011001001-PPWP.1", "3578011001001-PPWP.0",
		"3578011001001-PPWP.02", "3578011001001-PPWP.100", "3578011001001-PPWP.2.3", "3578011001001-REKAP1", "357801-PPWP", "357801-REKAP", "357801-REKAP3",
		"357801-REKAPX1", "357801-KIT", "3578011001001-KIT.2", "3578011001001-PPWP\n", " 3578011001001-PPWP", "3578011001001-ABCDEFGHI", "٣578011001001-PPWP"} {
		if id, err := domain.ParseBoxID(s); err == nil {
			t.Errorf("%q is box %s", s, id)
		}
	}
}

func TestDocumentIDs(t *testing.T) {
	for _, c := range []struct {
		id, prefix string
		unit       domain.Code
		want       string // part of what is wrong, "" for nothing
	}{
		{"SHP-3578-000123", "SHP", "3578", ""}, {"SHP-35-A-1", "SHP", "35", ""}, {"HND-3578-1", "", "3578", ""}, {"SHP-3578-" + strings.Repeat("A", 20), "SHP", "3578", ""},
		{"SHP-3578-" + strings.Repeat("A", 21), "SHP", "3578", "expected"}, {"shp-3578-1", "SHP", "3578", "expected"}, {"HND-3578-1", "SHP", "3578", "expected SHP-3578-"},
		{"SHP-3509-1", "SHP", "3578", "names unit 3509"}, {"SHP-35-1", "SHP", "3578", "names unit 35"}, {"SHP-3578-", "SHP", "3578", "expected"},
		{"SHP-3578-a", "SHP", "3578", "expected"}, {"SHP-357-1", "SHP", "3578", "names unit 357,"}, {"SHP-3578-1\n", "SHP", "3578", "expected"}, {"", "", "3578", "expected"},
		{"A-3578-1", "", "3578", "expected"}, {"ABCDEF-3578-1", "", "3578", "expected"},
	} {
		if got := domain.CheckID(c.id, c.prefix, c.unit); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q as %s of %s: %q, expected %q", c.id, c.prefix, c.unit, got, c.want)
		}
	}
}

// FuzzIDs: nothing that is parsed may be anything else than what was written, or make its parts panic.
func FuzzIDs(f *testing.F) {
	for _, s := range []string{"3578011001001-PPWP.2", "357801-REKAP1", "3578011001001-KIT", "3578011001001", "35", "SHP-3578-000123", "", "-", ".", "REKAP"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if code, err := domain.ParseCode(s); err == nil {
			if code.Level() == domain.None || string(code) != s || !code.Covers(code) || !code.Up(domain.Province).Covers(code) {
				t.Errorf("code %q", s)
			}
		} else if err.Error() == "" {
			t.Errorf("%q is wrong without a reason", s)
		}
		id, err := domain.ParseBoxID(s)
		dest, typ, original := id.Destination(), id.Type(), id.Original()
		if err == nil {
			if _, err := domain.ParseCode(string(dest)); err != nil || typ == "" || id.IsRecap() != (dest.Level() == domain.District) || string(id) != s {
				t.Errorf("box %q: %s %s", s, dest, typ)
			}
			if again, err := domain.ParseBoxID(string(original)); err != nil || again.Original() != original || !strings.HasPrefix(s, string(original)) {
				t.Errorf("box %q: original %s, %v", s, original, err)
			}
		}
		raw := domain.BoxID(s) // what was not parsed must not panic either
		_, _, _, _, _ = raw.Destination(), raw.Type(), raw.Original(), raw.IsKit(), raw.IsRecap()
		if why := domain.CheckID(s, "", "3578"); why == "" && (!strings.Contains(s, "-3578-") || strings.ContainsAny(s, " \n\t/.")) {
			t.Errorf("document %q", s)
		}
	})
}
