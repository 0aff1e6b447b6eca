package envelope_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/api"
	"jejak/internal/envelope"
)

var now = time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)

const good = `{"id":"018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40","type":"unit.adopt_reference","mode":"request","election":"pemilu2024","unit":"3578",
"occurred_at":"2024-02-01T06:45:00.25+07:00","device":{"id":"D1","seq":7},"place":{"lat":-7.2,"lon":112.7,"accuracy":5},
"evidence":[{"sha256":"` + sha + `","media_type":"image/jpeg","kind":"photo"}],"data":{"version":"v1"}}`

const sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParseReadsEverything(t *testing.T) {
	p, violations := envelope.Parse([]byte(good), now)
	if len(violations) > 0 {
		t.Fatal(violations)
	}
	if p.RawID != p.ID.String() || p.Mode != domain.Request || p.Election != "pemilu2024" || p.Unit != "3578" || p.Device != (domain.Device{ID: "D1", Seq: 7}) {
		t.Errorf("%+v", p)
	}
	if got := p.OccurredAt.Format(time.RFC3339Nano); got != "2024-02-01T06:45:00.25+07:00" {
		t.Errorf("occurred at %s", got)
	}
	if diff := cmp.Diff(&api.Place{Lat: -7.2, Lon: 112.7, Accuracy: 5}, p.Place); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]api.Evidence{{SHA256: sha, MediaType: "image/jpeg", Kind: "photo"}}, p.Evidence); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&ledger.AdoptReference{Version: "v1"}, p.Data); diff != "" {
		t.Error(diff)
	}
}

// edit changes fields of the good command; nil takes a field away.
func edit(t *testing.T, changes map[string]any) []byte {
	t.Helper()
	var c map[string]any
	if err := json.Unmarshal([]byte(good), &c); err != nil {
		t.Fatal(err)
	}
	for k, v := range changes {
		if v == nil {
			delete(c, k)
		} else {
			c[k] = v
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHashIgnoresSpacesAndOrder(t *testing.T) {
	a, _ := envelope.Parse([]byte(good), now)
	b, violations := envelope.Parse(edit(t, nil), now) // other order, no spaces
	if len(violations) > 0 || a.Hash != b.Hash || a.Hash == [32]byte{} {
		t.Errorf("hashes %x and %x, violations %v", a.Hash, b.Hash, violations)
	}
	c, _ := envelope.Parse(edit(t, map[string]any{"unit": "3501"}), now)
	if c.Hash == a.Hash {
		t.Error("another unit, the same hash")
	}
}

func TestViolations(t *testing.T) {
	object := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	evidence := func(sha, media, kind string) []any {
		return []any{object("sha256", sha, "media_type", media, "kind", kind)}
	}
	tests := []struct {
		name string
		body []byte
		want []string
	}{
		{"empty", nil, []string{" not_json"}},
		{"no object", []byte(`[1]`), []string{" not_json"}},
		{"cut", []byte(good[:50]), []string{" not_json"}},
		{"trailing", []byte(good + "{}"), []string{" not_json"}},
		{"bad UTF-8", []byte(`{"id":"` + "\xff" + `"}`), []string{" not_json"}},
		{"too large", []byte(good + strings.Repeat(" ", 256<<10)), []string{" body_too_large"}},
		{"nothing", []byte(`{}`), []string{"/data field_missing", "/election field_missing", "/id field_missing", "/mode field_missing",
			"/occurred_at field_missing", "/type field_missing", "/unit field_missing"}},
		{"id no UUID", edit(t, object("id", "x")), []string{"/id id_not_uuid"}},
		{"id in braces", edit(t, object("id", "{018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40}")), []string{"/id id_not_uuid"}},
		{"id version 4", edit(t, object("id", "018d4f2e-5b7c-4c3a-9f10-2b6d1c5e8a40")), []string{"/id id_not_v7"}},
		{"type", edit(t, object("type", "unit.adopt_referense")), []string{"/type not_one_of"}},
		{"type and data", edit(t, object("type", "x", "data", 3)), []string{"/data field_type", "/type not_one_of"}},
		{"mode", edit(t, object("mode", "ask")), []string{"/mode not_one_of"}},
		{"election", edit(t, object("election", "Pemilu 2024")), []string{"/election bad_election"}},
		{"unit a district", edit(t, object("unit", "357801")), []string{"/unit wrong_level"}},
		{"unit", edit(t, object("unit", "35.78")), []string{"/unit not_a_code"}},
		{"no zone", edit(t, object("occurred_at", "2024-02-01T06:45:00")), []string{"/occurred_at date_without_zone"}},
		{"day only", edit(t, object("occurred_at", "2024-02-01")), []string{"/occurred_at date_without_zone"}},
		{"no time", edit(t, object("occurred_at", "kemarin")), []string{"/occurred_at bad_time"}},
		{"year 1", edit(t, object("occurred_at", "0001-02-01T06:45:00Z")), []string{"/occurred_at bad_time"}},
		{"device", edit(t, object("device", object("id", "", "seq", -1))), []string{"/device/id field_missing", "/device/seq negative"}},
		{"device without seq", edit(t, object("device", object("id", "D\n"))), []string{"/device/id bad_text", "/device/seq field_missing"}},
		{"place", edit(t, object("place", object("lat", 91, "accuracy", -1))), []string{"/place/accuracy out_of_range", "/place/lat out_of_range", "/place/lon field_missing"}},
		{"evidence", edit(t, object("evidence", evidence("ABC", "photo", "A photo"))), []string{"/evidence/0/kind bad_text", "/evidence/0/media_type bad_text", "/evidence/0/sha256 bad_sha256"}},
		{"signature", edit(t, object("signature", object("key_id", "k", "sig", "s"))), []string{"/signature signature_unsupported"}},
		{"data", edit(t, object("data", object("version", ""))), []string{"/data/version field_missing"}},
		{"no data", edit(t, object("data", nil)), []string{"/data field_missing"}},
		{"data a list", edit(t, object("data", []any{})), []string{"/data field_type"}},
		{"case counts", edit(t, object("data", object("Version", "v1"))), []string{"/data/Version field_unknown", "/data/version field_missing"}},
		{"everywhere", edit(t, object("color", "red", "mode", 1, "unit", "x", "device", object("id", true, "seq", "1", "x/y", 1), "data", object("version", []any{}, "a", 1))), []string{
			"/color field_unknown", "/data/a field_unknown", "/data/version field_type", "/device/id field_type", "/device/seq field_type",
			"/device/x~1y field_unknown", "/mode field_type", "/unit not_a_code"}},
		{"null", []byte(strings.Replace(good, `"v1"`, `null`, 1)), []string{"/data/version null_value"}},
		{"null device", []byte(strings.Replace(good, `{"id":"D1","seq":7}`, `null`, 1)), []string{"/device null_value"}},
		{"twice", []byte(strings.Replace(good, `"mode"`, `"unit":"3501","mode"`, 1)), []string{"/unit field_repeated"}},
		{"twice in data", []byte(strings.Replace(good, `{"version"`, `{"version":"a","version"`, 1)), []string{"/data/version field_repeated"}},
		{"seq a fraction", []byte(strings.Replace(good, `"seq":7`, `"seq":7.5`, 1)), []string{"/device/seq field_type"}},
		{"seq too big", []byte(strings.Replace(good, `"seq":7`, `"seq":92233720368547758070`, 1)), []string{"/device/seq field_type"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, violations := envelope.Parse(tt.body, now)
			var got []string
			for _, v := range violations {
				got = append(got, v.Path+" "+v.Rule.ID)
				if text := v.Message() + v.MessageEN() + v.Remedy() + v.RemedyEN(); strings.Contains(text, "%!") {
					t.Errorf("%s: a text lacks an argument: %s", v.Rule.ID, text)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			if strings.HasPrefix(tt.name, "seq") && p.RawID == "" {
				t.Error("the id is lost")
			}
		})
	}
}

func TestNullWithinATextIsNoNull(t *testing.T) {
	p, violations := envelope.Parse(edit(t, map[string]any{"data": map[string]any{"version": "null"}}), now)
	if len(violations) > 0 || p.Hash == [32]byte{} || p.Data.(*ledger.AdoptReference).Version != "null" {
		t.Errorf("%+v %v", p, violations)
	}
}

func TestStatus(t *testing.T) {
	for body, want := range map[string]int{"": 400, "{}": 422, strings.Repeat(" ", 300<<10): 413} {
		if _, v := envelope.Parse([]byte(body), now); envelope.Status(v) != want {
			t.Errorf("status %d, want %d", envelope.Status(v), want)
		}
	}
}

func TestNearTypes(t *testing.T) {
	_, v := envelope.Parse(edit(t, map[string]any{"type": "unit.adopt_ref"}), now)
	if len(v) != 1 || !strings.Contains(v[0].RemedyEN(), "unit.adopt_reference") {
		t.Errorf("%v", v)
	}
}

func TestManyFaultsAreSoonFound(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"data":{`)
	for i := range 20_000 {
		fmt.Fprintf(&b, `"f%d":1,`, i)
	}
	b.WriteString(`"z":1},"type":"unit.adopt_reference"}`)
	_, v := envelope.Parse([]byte(b.String()), now)
	if len(v) < 1000 || len(v) > 1100 {
		t.Errorf("%d violations", len(v))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{good, `{}`, `[]`, good[:80], strings.Replace(good, `"v1"`, `null`, 1), strings.Replace(good, `"D1"`, `"\ud800"`, 1),
		`{"type":"packing.seal_boxes","data":{"boxes":[{"box":"3578010001001-PPWP","seals":["A",1,null]}]}}`,
		`{"type":"receipt.report_sorting","data":{"damaged":{"torn":-1,"torn":2}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, violations := envelope.Parse(body, now)
		if len(violations) > 0 {
			for _, v := range violations {
				_ = v.Message() + v.MessageEN() + v.Remedy() + v.RemedyEN()
			}
			return
		}
		if p.Data == nil || p.ID.Version() != 7 || p.OccurredAt.IsZero() || p.Hash == [32]byte{} {
			t.Fatalf("accepted, but not whole: %+v", p)
		}
		if _, err := json.Marshal(p.Data); err != nil {
			t.Fatalf("accepted, but cannot be written: %v", err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body := []byte(good)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, v := envelope.Parse(body, now); len(v) > 0 {
			b.Fatal(v)
		}
	}
}
