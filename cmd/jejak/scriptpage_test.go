package main

import (
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"jejak/internal/example"
)

const (
	feedPage   = "../../docs/feed.md"
	feedScript = "testdata/script/feedpage.txtar"
)

// page is the script command of that name.
func page(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2, "page FILE NAME...")
	var script strings.Builder
	for _, name := range args[1:] {
		e, err := example.Read(filepath.Join(ts.Getenv("HERE"), feedPage), name)
		ts.Check(err)
		if e.Language == "go" {
			ts.Check(e.Build(ts.Getenv("HERE"), ts.MkAbs(args[0])))
			return
		}
		script.WriteString(e.Text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(script.String()), 0o666))
}

// TestEveryExampleIsRun: what can be copied from the page stands in the script that runs it, and is formatted.
func TestEveryExampleIsRun(t *testing.T) {
	text, err := os.ReadFile(feedPage)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(feedScript)
	if err != nil {
		t.Fatal(err)
	}
	list, blocks := example.Of(string(text))
	if blocks != len(list) || blocks == 0 {
		t.Errorf("%s has %d blocks of code, of which %d are marked to be run", feedPage, blocks, len(list))
	}
	for _, e := range list {
		if !regexp.MustCompile(`(?m)^page .* `+e.Name+`( |$)`).Match(script) && e.Language != "js" { // a test of internal/broker runs those
			t.Errorf("%s does not run the example %s of %s", feedScript, e.Name, feedPage)
		}
		if formatted, err := format.Source([]byte(e.Text)); e.Language == "go" && (err != nil || string(formatted) != e.Text) {
			t.Errorf("the example %s of %s is not as gofmt has it (%v)", e.Name, feedPage, err)
		}
	}
}
