package envelope_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jejak/internal/envelope"
)

// commands are a whole command of every type, made of the golden data of the ledger.
func commands(t testing.TB) [][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../domain/ledger/testdata/commands/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("commands: %v", err)
	}
	var all [][]byte
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(good, `"data":`)
		head = strings.Replace(head, "unit.adopt_reference", strings.TrimSuffix(filepath.Base(path), ".json"), 1)
		all = append(all, append([]byte(head+`"data":`), append(bytes.TrimSpace(data), '}')...))
	}
	return all
}

// FuzzAgain: a command is accepted exactly when the same JSON written otherwise is, and is the same command with the same hash then; what is
// wrong has a place that is a JSON pointer.
func FuzzAgain(f *testing.F) {
	for _, c := range commands(f) {
		f.Add(c)
	}
	for _, seed := range []string{good, good[:80], `{"data":null}`, `{"\u0069d":"x"}`, strings.Replace(good, `"seq":7`, `"seq":7e0`, 1), strings.Replace(good, `"seq":7`, `"seq":-0`, 1),
		strings.Replace(good, `5}`, `5E0}`, 1), strings.Replace(good, `"D1"`, `"D\u0031"`, 1), strings.Replace(good, `"v1"`, `"null"`, 1)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, violations := envelope.Parse(body, now)
		for _, v := range violations {
			if v.Path != "" && v.Path[0] != '/' || v.Path == "" && v.Rule != envelope.RuleNotJSON && v.Rule != envelope.RuleTooLarge {
				t.Fatalf("%s is at %q", v.Rule.ID, v.Path)
			}
		}
		spaced, canonical := jsontext.Value(bytes.Clone(body)), jsontext.Value(bytes.Clone(body))
		if canonical.Canonicalize() != nil || spaced.Indent(jsontext.WithIndent("\t")) != nil {
			if len(violations) == 0 {
				t.Fatal("accepted, though it is no JSON")
			}
			return
		}
		for name, other := range map[string][]byte{"with spaces": spaced, "canonical": canonical} {
			if len(other) > envelope.MaxBytes {
				continue
			}
			q, wrong := envelope.Parse(other, now)
			if name == "canonical" && len(wrong) == 0 && len(violations) > 0 {
				continue // a number that is no integer as it was written may be one in canonical form, as 7.0 is
			}
			if len(violations) != len(wrong) && (len(violations) == 0 || len(wrong) == 0) {
				t.Fatalf("%v as it came, %v %s", violations, wrong, name)
			}
			if len(violations) > 0 {
				continue
			}
			if name == "canonical" && !bytes.Equal(mustJSON(t, p.Data), mustJSON(t, q.Data)) && bytes.ContainsAny(body, ".eE-0123456789") {
				continue // numbers beyond 2^53 lose digits in canonical form
			}
			if diff := cmp.Diff(p.Data, q.Data, cmpopts.EquateEmpty()); diff != "" || p.Hash != q.Hash || p.ID != q.ID || !p.OccurredAt.Equal(q.OccurredAt) ||
				p.Mode != q.Mode || p.Unit != q.Unit || p.Election != q.Election || p.Device.ID != q.Device.ID {
				t.Fatalf("another command %s: %+v and %+v\n%s", name, p, q, diff)
			}
		}
	})
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("accepted, but cannot be written: %v", err)
	}
	return text
}

// FuzzLong: what a command costs is bounded by its size, however often or deep something stands in it.
func FuzzLong(f *testing.F) {
	head := `{"type":"packing.seal_boxes","data":{"boxes":[`
	for _, c := range [][3]string{{head, `null,`, `1]}}`}, {head, `{"box":null},`, `1]}}`}, {head, `{},`, `{}]}}`}, {``, `[`, ``}, {`{"data":`, `{"a":`, `1`},
		{`{"data":{`, `"a":1,`, `"b":2}}`}, {`{"type":"packing.seal_boxes","data":`, `[[],{"a":[]}],`, `1]}}`}, {`{"evidence":[`, `{"a":1},`, `{}]}`}, {`{"id":"`, `\u0041`, `"}`},
		{`{"type":"receipt.report_sorting","data":{"damaged":{`, `"x":null,`, `"torn":2}}}`}, {`{"type":"`, `packing.`, `x"}`}} {
		f.Add(c[0], c[1], c[2], uint16(60_000))
	}
	f.Fuzz(func(t *testing.T, head, part, tail string, n uint16) {
		if len(part) == 0 {
			return
		}
		body := []byte(head + strings.Repeat(part, max(0, min(int(n), (envelope.MaxBytes-len(head)-len(tail))/len(part)))) + tail)
		if len(body) > envelope.MaxBytes {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, violations := envelope.Parse(body, now)
		runtime.ReadMemStats(&after)
		const most = 5_000 // of the form and of the values
		if len(violations) > most {
			t.Errorf("%d violations", len(violations))
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20+1000*uint64(len(body)) {
			t.Errorf("%d bytes of memory for %d bytes", used, len(body))
		}
	})
}
