package feed_test

import (
	"os/exec"
	"strings"
	"testing"

	"jejak/internal/outside"
	"jejak/projections/feed"
)

// judge prints what the parser finds: severity 0 is an error, 1 a warning, 2 and 3 are advice (that there is a newer version of AsyncAPI).
const judge = `
const { Parser } = require("@asyncapi/parser");
const text = require("fs").readFileSync(0, "utf8");
new Parser().parse(text).then(({ document, diagnostics }) => {
	for (const d of diagnostics) if (d.severity < 2) console.log(d.code, d.path.join("/"), d.message);
	console.log(document ? document.allMessages().length + " messages" : "no document");
});`

// TestTheOfficialParserTakesTheContract: AsyncAPI's own parser reads the document without an error or a warning, and finds what is in it.
func TestTheOfficialParserTakesTheContract(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), outside.Program(t, "node"), "-e", judge)
	cmd.Dir = outside.NPM(t, "@asyncapi/parser")
	cmd.Stdin = strings.NewReader(string(feed.AsyncAPI()))
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "5 messages\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
