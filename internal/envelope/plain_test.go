package envelope

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzPlain: what is read from the canonical form is what the general decoder reads from the command as it was sent, and both take the same.
func FuzzPlain(f *testing.F) {
	head := `{"id":"018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40","type":"incident.raise","mode":"report","election":"pemilu2024","unit":"3501","occurred_at":"2024-02-01T06:45:00+07:00"`
	data := `,"data":{"kind":"delay","severity":"low","units":["SHP-3501-1"],"note":"ombak, {tinggi} [2 m]"}}`
	for _, middle := range []string{``, `,"device":{"id":"D1","seq":7}`, `,"device":{"seq":7.5,"id":"D1"}`, `,"device":{"seq":9223372036854775808}`, `,"device":{"seq":"7"}`, `,"device":{}`, `,"device":[]`,
		`,"device":7`, `,"device":{"id":7}`, `,"device":{"x":7}`, `,"place":{"lat":-7.25,"lon":112.75,"accuracy":5}`, `,"place":{"lat":"x"}`, `,"place":{"x":1}`, `,"place":{}`, `,"place":{"lat":true}`,
		`,"evidence":[{"sha256":"00","media_type":"image/jpeg","kind":"photo"}]`, `,"evidence":{}`, `,"evidence":[]`, `,"signature":{}`, `,"signature":7`, `,"x":1`, `,"id":"twice"`, `,"mode":true`, `,"":1`} {
		f.Add([]byte(head + middle + data))
	}
	f.Add([]byte(head + `}`))
	f.Add([]byte(head + `,"data":{}}`))
	f.Add([]byte(head + `,"data":7}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		room := new([]byte)
		canonical, plain, err := canonicalize(room, body)
		if err != nil || !plain || bytes.Contains(body, []byte("null")) {
			return
		}
		var got, want wire
		gotData, gotErr := decodePlain(canonical, &got)
		wantData, wantErr := decode(body, &want)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%s: error %v, of the general decoder %v", body, gotErr, wantErr)
		}
		if gotErr != nil {
			return
		}
		want.Data = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-general +plain):\n%s", body, diff)
		}
		if diff := cmp.Diff(wantData, gotData); diff != "" {
			t.Fatalf("%s: data (-general +plain):\n%s", body, diff)
		}
	})
}
