package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

const (
	auditorPage   = "../../docs/panduan-auditor.md"
	auditorScript = "testdata/script/auditorpage.txtar"
)

// question is a command on the auditors' page, and the answer that is shown there.
type question struct{ name, command, answer string }

var (
	asking    = regexp.MustCompile("(?ms)^<!-- run: (\\S+) -->\n```sh\n(.*?)^```\n\n<!-- answer -->\n```text\n(.*?)^```$")
	fence     = regexp.MustCompile("(?m)^[ \t]*(```|~~~)")
	indented  = regexp.MustCompile(`(?m)^(\t|    )\S.*$`)
	answered  = regexp.MustCompile(`(?m)^answer (\S+)$`)
	varying   = regexp.MustCompile(`‹[^›]*›|…`)
	quantity  = regexp.MustCompile(`^[0-9][0-9.,]*$`)
	manyLines = "…"
)

func questions(page string) (list []question) {
	for _, m := range asking.FindAllStringSubmatch(page, -1) {
		list = append(list, question{name: m[1], command: m[2], answer: m[3]})
	}
	return list
}

// fit compares an output with the answer on the page, line by line. There ‹…› is what differs in each run, a number for a number and a word for a word; … at
// the end of a line, or in it, is any text, and a line of nothing else any lines.
func fit(shown, got string) error {
	want, have := strings.Split(strings.TrimRight(shown, "\n"), "\n"), strings.Split(strings.TrimRight(got, "\n"), "\n")
	skips := false
	for _, line := range want {
		if line == manyLines {
			skips = true
			continue
		}
		at := slices.IndexFunc(have, pattern(line).MatchString)
		if at < 0 || at > 0 && !skips {
			return fmt.Errorf("the page shows\n\t%s\nand the next lines of the output are\n\t%s", line, strings.Join(have[:min(len(have), 5)], "\n\t"))
		}
		have, skips = have[at+1:], false
	}
	if len(have) > 0 && !skips {
		return fmt.Errorf("the output goes on, the page does not:\n\t%s", strings.Join(have[:min(len(have), 5)], "\n\t"))
	}
	return nil
}

// pattern is a line of an answer as a regular expression. How many spaces stand in a column depends on what stands in the others.
func pattern(line string) *regexp.Regexp {
	var text strings.Builder
	from := 0
	for _, at := range varying.FindAllStringIndex(line, -1) {
		text.WriteString(fixed(line[from:at[0]]))
		switch inner := strings.Trim(line[at[0]:at[1]], "‹›"); {
		case inner == manyLines:
			text.WriteString(".*")
		case quantity.MatchString(inner):
			text.WriteString("[0-9][0-9.,]*")
		default:
			text.WriteString(`\S+( \S+){` + fmt.Sprint(strings.Count(inner, " ")) + `}`)
		}
		from = at[1]
	}
	return regexp.MustCompile("^" + text.String() + fixed(line[from:]) + "[ \t]*$")
}

var spaces = regexp.MustCompile(` {2,}`)

func fixed(text string) string { return spaces.ReplaceAllString(regexp.QuoteMeta(text), " +") }

// readers are the blocks that read exported tables in other languages: internal/export runs each, and holds them to what they read.
var readers = regexp.MustCompile("(?s)<!-- read: (?:R|Python|PHP) -->\n```(?:r|python|php)\n.*?```\n")

// pageFaults tells what of a page nobody runs: blocks that are not marked, or of which the script does not ask for the answer, in the order of the page.
func pageFaults(page, script string) (faults []string) {
	page = readers.ReplaceAllString(page, "")
	list := questions(page)
	if blocks := len(fence.FindAllString(page, -1)); blocks != 4*len(list) || blocks == 0 {
		faults = append(faults, fmt.Sprintf("%d fences for %d commands with their answers: something is not marked", blocks, len(list)))
	}
	for _, line := range indented.FindAllString(fencesOut(page), -1) {
		faults = append(faults, "an indented block: "+line)
	}
	var names, run []string
	for _, q := range list {
		names = append(names, q.name)
	}
	for _, m := range answered.FindAllStringSubmatch(script, -1) {
		run = append(run, m[1])
	}
	if !slices.Equal(names, run) {
		faults = append(faults, fmt.Sprintf("the page asks\n\t%v\nand the script runs\n\t%v", names, run))
	}
	return faults
}

func fencesOut(page string) string { return asking.ReplaceAllString(page, "") }

// answer is the script command of that name: it runs a command of the auditors' page in a shell, as it stands there, and compares what it says.
func answer(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "answer NAME")
	text, err := os.ReadFile(filepath.Join(ts.Getenv("HERE"), auditorPage))
	ts.Check(err)
	list := questions(string(text))
	at := slices.IndexFunc(list, func(q question) bool { return q.name == args[0] })
	if at < 0 {
		ts.Fatalf("%s has no command %s with an answer", auditorPage, args[0])
	}
	var out []byte
	if list[at].name == demoQuestion {
		out, err = pageDemo(ts)
		if err == nil {
			err = copyDemo(ts, "demo-data")
		}
	} else {
		out, err = shell(ts, ts.Getenv("WORK"), list[at].command)
	}
	_, printed := ts.Stdout().Write(out)
	ts.Check(printed)
	if err != nil {
		ts.Fatalf("%s: %v\n%s", args[0], err, out)
	}
	if err := fit(list[at].answer, string(out)); err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
}

// shell runs a command of the page in a folder.
func shell(ts *testscript.TestScript, dir, command string) (output []byte, err error) {
	cmd := exec.Command("sh", "-e", "-c", command)
	cmd.Dir = dir
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "URL", "JEJAK_LISTEN", "JEJAK_NATS_LISTEN"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd.CombinedOutput()
}

// TestEveryQuestionIsAsked: what stands in a block on the auditors' page is run, in its order, and its answer compared.
func TestEveryQuestionIsAsked(t *testing.T) {
	page, err := os.ReadFile(auditorPage)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(auditorScript)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range pageFaults(string(page), string(script)) {
		t.Errorf("%s: %s", auditorPage, fault)
	}
}

func TestPageFaults(t *testing.T) {
	const block = "<!-- run: one -->\n```sh\njejak version\n```\n\n<!-- answer -->\n```text\njejak …\n```\n"
	for name, c := range map[string]struct {
		page, script string
		sound        bool
	}{
		"run":            {block, "answer one\n", true},
		"not run":        {block, "exec jejak version\n", false},
		"gone":           {block, "answer one\nanswer two\n", false},
		"unmarked":       {block + "```sh\njejak need\n```\n", "answer one\n", false},
		"unanswered":     {block + "<!-- run: two -->\n```sh\njejak need\n```\n", "answer one\nanswer two\n", false},
		"read":           {block + "<!-- read: R -->\n```r\nx <- 1\n```\n", "answer one\n", true},
		"read by nobody": {block + "<!-- read: Perl -->\n```perl\nx\n```\n", "answer one\n", false},
		"indented":       {block + "\n    jejak need\n", "answer one\n", false},
		"empty":          {"", "", false},
	} {
		if faults := pageFaults(c.page, c.script); (len(faults) == 0) != c.sound {
			t.Errorf("%s: %q", name, faults)
		}
	}
}

func TestFit(t *testing.T) {
	const got = "box 3576  at_village\n5,794 events of usr-abc\nfirst\nsecond\nlast 3\n"
	for shown, fits := range map[string]bool{
		got:              true,
		"…":              true,
		"…\n" + "last 3": true,
		"box 3576    at_village\n‹1.002› events of ‹usr-x›\n…\nlast 3":   true,
		"box 3576 …\n…\nsecond\n…":                                       true,
		"box 3576 …":                                                     false, // it goes on
		"box ‹3577› at_station\n…":                                       false,
		"box 3576 …\n‹number› events of usr-abd\n…":                      false,
		"box 3576 …\n5,794 events of ‹9›\n…":                             false, // no number
		"box 3576 …\nfirst\n…":                                           false, // a line is missing
		"…\nsecond\nfirst\n…":                                            false, // their order
		"box 3576 …\n…\nlast 3\nlast 3":                                  false,
		"box 3576 …\n5,794 ‹two words›\nfirst\nsecond\nlast 3":           false, // three words
		"box 3576 …\n5,794 events ‹two words›\nfirst\nsecond\nlast ‹10›": true,
	} {
		if err := fit(shown, got); (err == nil) != fits {
			t.Errorf("%q: %v", shown, err)
		}
	}
}
