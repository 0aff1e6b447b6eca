package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// forged begins the lines that a foreign text of hostile.txtar would have on a screen by its line break.
const forged = "FORGED"

// shows is the script command of that name.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 1 || len(args) > 2, "shows [FILE] TEXT")
	text := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	if len(args) == 2 {
		text = ts.ReadFile(args[0])
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		for i, r := range line {
			if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) {
				ts.Fatalf("byte %d of the line %q is %U", i, line, r)
			}
		}
		if strings.HasPrefix(strings.TrimLeft(line, " !"), forged) {
			ts.Fatalf("a foreign text has begun the line %q", line)
		}
	}
	if want := args[len(args)-1]; !strings.Contains(text, want) {
		ts.Fatalf("%q is not in\n%s", want, text)
	}
}
