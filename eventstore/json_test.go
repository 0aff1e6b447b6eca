package eventstore

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzValidJSON: it tells what encoding/json tells.
func FuzzValidJSON(f *testing.F) {
	for _, seed := range []string{``, ` `, `{}`, `[]`, `{ }`, `[ ]`, ` {"a" : [1, -0.5e+3 , true,false,null, "x\n\u00e9\\\""] } `, `{"a":1,"a":2}`, `{"a"}`, `{"a":}`, `{a:1}`, `{,}`, `[,]`, `[1,]`, `{"a":1,}`, `[1 2]`, `{]`, `[}`,
		`01`, `-`, `-01`, `1.`, `.5`, `1e`, `1e+`, `1E5`, `0`, `-0`, `0.0`, `+1`, `tru`, `true1`, `nul`, `"`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"\x01\"", "\"\x7f\"", "\"\xff\"", "\ufeff1", `1 2`, `{} {}`, `"a" b`, "[1]\x00",
		`[` + strings.Repeat(`1,`, 50) + `1]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := validJSON(b), json.Valid(b); got != want {
			t.Fatalf("%q: %t, encoding/json says %t", b, got, want)
		}
	})
}

func TestValidJSONIsAsDeep(t *testing.T) {
	for _, deep := range []int{9_999, 10_000, 10_001, 1_000_000} {
		for _, b := range []string{strings.Repeat("[", deep) + strings.Repeat("]", deep), strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep), strings.Repeat("[", deep)} {
			if got, want := validJSON([]byte(b)), json.Valid([]byte(b)); got != want {
				t.Errorf("%d deep: %t, encoding/json says %t", deep, got, want)
			}
		}
	}
}

func BenchmarkValidJSON(b *testing.B) {
	text := []byte(`{"command_id":"018d9f5e-5b7c-7c3e-9b1a-0123456789ab","actor":{"id":"u-1","role":"warehouse","unit":"3578"},"mode":"report","device":{"id":"D1","seq":7}}`)
	for name, valid := range map[string]func([]byte) bool{"by hand": validJSON, "encoding/json": json.Valid} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				valid(text)
			}
		})
	}
}
