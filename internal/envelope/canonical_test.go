package envelope

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzCanonical: what the fast way writes is what jsontext writes, byte for byte, and only for what jsontext takes. A command whose hash changed
// would be another command for ever.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, ` { "b" : 1 , "a" : [ true , false , null , "x" ] } `, `{"a":1,"a":2}`, `{"b":1,"a":2,"b":3}`, `{"a!":1,"a":2,"a ":3}`, `-0`, `-0.5`, `0.000001`, `0.0000001`,
		`1.10`, `01`, `1e3`, `123456789012345`, `1234567890123456`, `0.123456789012345`, `"é"`, `{"é":1}`, `"\u0041"`, "\"\x7f\"", "\"\xff\"", `"`, `{`, `{"a"`, `{"a":`, `[1,`, `[1,]`, `{"a":1,}`, `1 2`, `-`, `1.`,
		`.5`, `truefalse`, `{"a":{"c":1,"b":[{"z":1,"y":2}]}}`, strings.Repeat("[", 70) + strings.Repeat("]", 70), `{x":1}`, `{"":1}`, `-9.5`, `100`, `100.5`, "\ufeff1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		got, rest, ok := appendCanonical(nil, in, 0)
		if !bytes.Equal(in, before) {
			t.Fatal("the input is changed")
		}
		if !ok || len(trimSpace(rest)) > 0 {
			return
		}
		want := jsontext.Value(bytes.Clone(in))
		if err := want.Canonicalize(); err != nil {
			t.Fatalf("%q is taken, jsontext says %v", in, err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%q is %q, jsontext says %q", in, got, want)
		}
	})
}

// TestCanonicalIsFast: the form in which clients send commands takes the fast way.
func TestCanonicalIsFast(t *testing.T) {
	body := `{"type":"incident.raise","id":"018d4f2e","place":{"lon":112.7,"lat":-7.25,"accuracy":5},"data":{"note":"ombak tinggi – 2 m","units":["SHP-3501-1"]},"device":{"seq":7,"id":"D1"}}`
	if _, _, ok := appendCanonical(nil, []byte(body), 0); !ok {
		t.Error("it takes the slow way")
	}
}

func BenchmarkHash(b *testing.B) {
	body := []byte(`{"id":"018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40","type":"incident.raise","mode":"report","election":"pemilu2024","unit":"3501","occurred_at":"2024-02-01T06:45:00+07:00",` +
		`"device":{"id":"D1","seq":7},"data":{"kind":"delay","severity":"low","units":["SHP-3501-1"],"note":"ombak"}}`)
	b.Run("one pass", func(b *testing.B) {
		for b.Loop() {
			if _, err := hash(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("jsontext", func(b *testing.B) {
		for b.Loop() {
			canonical := jsontext.Value(bytes.Clone(body))
			if err := canonical.Canonicalize(); err != nil {
				b.Fatal(err)
			}
			_ = sha256.Sum256(canonical)
		}
	})
}
