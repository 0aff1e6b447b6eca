package main

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

const (
	feedPage   = "../../docs/feed.md"
	feedScript = "testdata/script/feedpage.txtar"
)

// example is a fenced block of a page that is marked as one that can be run.
type example struct{ name, language, text string }

var (
	marked = regexp.MustCompile("(?ms)^<!-- run: (\\S+) -->\n```(sh|go)\n(.*?)^```$")
	fenced = regexp.MustCompile("(?m)^```\\S")
)

func examples(page string) (list []example) {
	for _, m := range marked.FindAllStringSubmatch(page, -1) {
		list = append(list, example{name: m[1], language: m[2], text: m[3]})
	}
	return list
}

// page is the script command of that name.
func page(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2, "page FILE NAME...")
	text, err := os.ReadFile(filepath.Join(ts.Getenv("HERE"), feedPage))
	ts.Check(err)
	all := map[string]example{}
	for _, e := range examples(string(text)) {
		all[e.name] = e
	}
	var script strings.Builder
	for _, name := range args[1:] {
		e, known := all[name]
		if !known {
			ts.Fatalf("%s has no example %s", feedPage, name)
		}
		if e.language == "go" {
			ts.Check(buildExample(ts.Getenv("HERE"), ts.MkAbs(args[0]), e.text))
			return
		}
		script.WriteString(e.text)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(script.String()), 0o666))
}

// buildExample builds a program with the modules of this one, which has those that the page names.
func buildExample(here, program, text string) error {
	source := program + ".go"
	if err := os.WriteFile(source, []byte(text), 0o666); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", program, source)
	build.Dir, build.Stderr = here, os.Stderr
	return build.Run()
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
	list := examples(string(text))
	if blocks := len(fenced.FindAll(text, -1)); blocks != len(list) || blocks == 0 {
		t.Errorf("%s has %d blocks of code, of which %d are marked to be run", feedPage, blocks, len(list))
	}
	for _, e := range list {
		if !regexp.MustCompile(`(?m)^page .* ` + e.name + `( |$)`).Match(script) {
			t.Errorf("%s does not run the example %s of %s", feedScript, e.name, feedPage)
		}
		if formatted, err := format.Source([]byte(e.text)); e.language == "go" && (err != nil || string(formatted) != e.text) {
			t.Errorf("the example %s of %s is not as gofmt has it (%v)", e.name, feedPage, err)
		}
	}
}
