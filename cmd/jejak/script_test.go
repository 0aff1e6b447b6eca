package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// programs is the folder of the programs that the tests build.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "jejak-programs-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(programs) // what is left is in the folder for what is temporary
	os.Exit(code)
}

// jejak builds the program, once, as a user would build it and not for the race detector, with which it would take several times as long: a race would show
// between parts, and internal/server and internal/world run all of them together under it. What is lost are the few lines that bind them to flags.
var jejak = sync.OnceValues(func() (string, error) { return buildProgram("jejak", ".") })

func buildProgram(name, path string) (program string, err error) {
	program = filepath.Join(programs, name+exeSuffix)
	if out, err := exec.Command("go", "build", "-o", program, path).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return program, nil
}

// TestScripts runs testdata/script/*.txtar against the real program. What the scripts have beside testscript's own commands stands in scriptcommands_test.go.
func TestScripts(t *testing.T) {
	if _, err := jejak(); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	stockClient(t)
	project, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", programs+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("HERE", here)
			env.Setenv("PROJECT", project)
			env.Setenv("ESC", "\x1b")
			env.Setenv("JEJAK_NATS_LISTEN", "127.0.0.1:0") // other tests on the machine may have the usual port
			return nil
		},
		Cmds:      scriptCommands,
		Condition: tool,
	})
}

// stockClient puts the nats command, which make builds, where scripts find it. Without it those that need it are left out.
func stockClient(t *testing.T) {
	t.Helper()
	made, err := filepath.Abs("../../bin/nats-v0.5.1")
	if err == nil {
		_, err = os.Stat(made)
	}
	if err != nil {
		return
	}
	if err := os.Symlink(made, filepath.Join(programs, "nats")); err != nil && !errors.Is(err, fs.ErrExist) { // the test runs again
		t.Fatal(err)
	}
}

// tool is the scripts' condition [tool:NAME]: whether a program of others is on this machine. Where nothing may be left out, one that is not is an error.
func tool(condition string) (bool, error) {
	name, ok := strings.CutPrefix(condition, "tool:")
	if !ok {
		return false, fmt.Errorf("no such condition: %s", condition)
	}
	if _, err := exec.LookPath(name); err == nil {
		return true, nil
	}
	if _, err := os.Stat(filepath.Join(programs, name)); err == nil {
		return true, nil
	}
	if os.Getenv("CI") != "" {
		return false, fmt.Errorf("the scripts need %s: make tools", name)
	}
	return false, nil
}
