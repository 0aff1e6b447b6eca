package main

import (
	"bytes"
	"testing"
	"unicode/utf16"
)

func FuzzProofText(f *testing.F) {
	const proof = "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\norigin\n1\nAAAA\n\n— origin AAAA\n"
	for _, s := range []string{"", proof, proof + "\n\n", "\ufeff" + proof, "\xff\xfea", "a\rb\r\nc"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		once := proofText(text)
		if again := proofText(once); !bytes.Equal(again, once) && !bytes.HasPrefix(once, []byte("\ufeff")) {
			t.Errorf("%q becomes %q, and that %q", text, once, again)
		}
	})
	for name, text := range map[string]string{
		"as written": proof, "a newline more": proof + "\n", "none": proof[:len(proof)-1], "CR LF": string(bytes.ReplaceAll([]byte(proof), []byte("\n"), []byte("\r\n"))),
		"CR": string(bytes.ReplaceAll([]byte(proof), []byte("\n"), []byte("\r"))), "a byte order mark": "\ufeff" + proof, "UTF-16": wide(proof, 0), "UTF-16, turned": wide(proof, 8),
	} {
		if got := string(proofText([]byte(text))); got != proof {
			f.Errorf("%s: %q", name, got)
		}
	}
}

// wide is a text in UTF-16 with its mark; with turn 8 the high byte stands first.
func wide(s string, turn int) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		b = append(b, byte(u>>turn), byte(u>>(8-turn)))
	}
	return string(b)
}
