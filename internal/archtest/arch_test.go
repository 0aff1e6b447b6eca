// Package archtest holds the rules about who may import whom, what the pure domain may not do, and how commands print.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	module = "jejak"
	forms  = module + "/projections/form"
)

// layers lists, for every top folder, the top folders that it may import beside itself.
var layers = map[string][]string{
	"cmd":         {"internal", "projections", "domain", "eventstore"},
	"internal":    {"projections", "domain", "eventstore"},
	"projections": {"domain", "eventstore"},
	"domain":      {},
	"eventstore":  {},
}

// domainMayImport are the packages outside the standard library that the domain may use.
var domainMayImport = []string{"github.com/google/uuid"}

// domainMayNotImport are packages of the standard library, with all below them, that do I/O, know the time of day, or roll dice.
var domainMayNotImport = []string{
	"context", "crypto/rand", "database", "io/ioutil", "log", "math/rand", "net", "os", "os/exec", "os/signal", "plugin", "runtime", "syscall", "unsafe",
}

// forTests are packages of the domain that only tests import: they may use what tests use.
var forTests = []string{module + "/domain/given"}

// toolFinder finds programs of others for tests: it imports nothing of Jejak, and tests of every layer may use it.
const toolFinder = module + "/internal/outside"

// emptyNames are package names that say nothing.
var emptyNames = []string{"base", "common", "helper", "helpers", "lib", "misc", "shared", "util", "utils"}

// pkg is what `go list` tells of a package.
type pkg struct {
	ImportPath   string
	Name         string
	Dir          string
	Standard     bool
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Dir,Standard,GoFiles,Imports,TestImports,XTestImports,Deps", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("go list: %v: %s", err, failed.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return pkgs
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
}

// top is the top folder of one of this module's packages, "" for others.
func top(importPath string) string {
	rest, ok := strings.CutPrefix(importPath, module+"/")
	if !ok {
		return ""
	}
	folder, _, _ := strings.Cut(rest, "/")
	return folder
}

func below(importPath, folder string) bool {
	return importPath == folder || strings.HasPrefix(importPath, folder+"/")
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range list(t) {
		from := top(p.ImportPath)
		allowed, known := layers[from]
		if !known {
			t.Errorf("%s is in no known layer: the top folders with Go code are cmd, internal, projections, domain, eventstore", p.ImportPath)
			continue
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if imported == toolFinder && !slices.Contains(p.Imports, imported) {
				continue
			}
			if to := top(imported); to != "" && to != from && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may import only %v", p.ImportPath, imported, from, allowed)
			}
		}
	}
}

func TestSimulationDoesNotKnowTheDomain(t *testing.T) {
	for _, p := range list(t) {
		if !below(p.ImportPath, module+"/internal/simulation") {
			continue
		}
		for _, dep := range p.Deps {
			if dep == forms {
				continue // only the forms of answers, nothing that makes them
			}
			if below(dep, module+"/domain") || below(dep, module+"/projections") {
				t.Errorf("%s depends on %s: the simulation must not mark its own homework", p.ImportPath, dep)
			}
		}
	}
}

func TestDomainImports(t *testing.T) {
	for _, p := range list(t) {
		if top(p.ImportPath) != "domain" || slices.Contains(forTests, p.ImportPath) {
			continue
		}
		for _, imported := range p.Imports {
			standard := !strings.Contains(strings.Split(imported, "/")[0], ".")
			switch {
			case top(imported) != "":
			case !standard && !slices.Contains(domainMayImport, imported):
				t.Errorf("%s imports %s: outside the standard library the domain may import only %v", p.ImportPath, imported, domainMayImport)
			case standard && slices.ContainsFunc(domainMayNotImport, func(folder string) bool { return below(imported, folder) }):
				t.Errorf("%s imports %s: the domain does no I/O, knows no clock and no randomness", p.ImportPath, imported)
			}
		}
	}
}

func TestHelpersOfTestsAreOnlyInTests(t *testing.T) {
	for _, p := range list(t) {
		for _, imported := range p.Imports {
			if slices.Contains(forTests, imported) && !slices.Contains(forTests, p.ImportPath) {
				t.Errorf("%s imports %s outside its tests", p.ImportPath, imported)
			}
		}
	}
}

func TestPackageNames(t *testing.T) {
	for _, p := range list(t) {
		if slices.Contains(emptyNames, p.Name) || slices.Contains(emptyNames, path.Base(p.ImportPath)) {
			t.Errorf("%s: a package is named for what it is about", p.ImportPath)
		}
	}
}
