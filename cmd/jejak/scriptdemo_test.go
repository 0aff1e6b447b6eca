package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// demoQuestion is the command on the auditors' page that plays the demo.
const demoQuestion = "demo"

// demoPlay is the demo of the auditors' page: the first script that asks for it plays it as the page does, and the others have copies.
var demoPlay struct {
	sync.Once
	data   string // the data directory
	output []byte
	err    error
}

// pageDemo returns what the demo of the page has said.
func pageDemo(ts *testscript.TestScript) ([]byte, error) {
	demoPlay.Do(func() {
		text, err := os.ReadFile(filepath.Join(ts.Getenv("HERE"), auditorPage))
		if err != nil {
			demoPlay.err = err
			return
		}
		list := questions(string(text))
		at := slices.IndexFunc(list, func(q question) bool { return q.name == demoQuestion })
		if at < 0 {
			demoPlay.err = fmt.Errorf("%s has no command %s", auditorPage, demoQuestion)
			return
		}
		demoPlay.data = filepath.Join(programs, "demo-data") // as the page calls it
		demoPlay.output, demoPlay.err = shell(ts, programs, "export JEJAK_LISTEN=127.0.0.1:0\n"+list[at].command)
	})
	return demoPlay.output, demoPlay.err
}

// copyDemo copies the data of the page's demo, with the rights of its files.
func copyDemo(ts *testscript.TestScript, dir string) error {
	if out, err := exec.Command("cp", "-a", demoPlay.data, ts.MkAbs(dir)).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the demo: %w\n%s", err, out)
	}
	return nil
}

// givesDemo is the script command of that name.
func givesDemo(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "demo DIR")
	if out, err := pageDemo(ts); err != nil {
		ts.Fatalf("the demo of %s: %v\n%s", auditorPage, err, out)
	}
	ts.Check(copyDemo(ts, args[0]))
}
