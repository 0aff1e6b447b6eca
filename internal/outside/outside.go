// Package outside finds the tools of others that tests run: Debian's programs, modules of Python and R, packages of npm, and programs that make builds.
//
// A test that asks for a tool which is not there is skipped and says how to get it; where the variable CI is set, it fails instead, so that nothing is left out
// unseen where all must run. `make tools` installs everything that this package knows.
package outside

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	_ "embed"
)

// packages names, for a program, the package of Debian that has it.
var packages = map[string]string{
	"chromium":  "chromium",
	"curl":      "curl",
	"node":      "nodejs",
	"nginx":     "nginx-light",
	"npm":       "npm",
	"pdftoppm":  "poppler-utils",
	"pdftotext": "poppler-utils",
	"php":       "php-cli",
	"python3":   "python3",
	"Rscript":   "r-base-core",
	"soffice":   "libreoffice-calc-nogui",
	"sqlite3":   "sqlite3",
	"tar":       "tar",
	"zbarimg":   "zbar-tools",
	"zstd":      "zstd",
}

// modules names, for a module of Debian's python3, the package that has it.
var modules = map[string]string{
	"openpyxl": "python3-openpyxl",
}

// rPackages names, for a package of R, the package of Debian that has it.
var rPackages = map[string]string{
	"openxlsx": "r-cran-openxlsx",
}

// Missing lists the packages of Debian that tests may ask for and that this machine lacks, each once.
func Missing() []string {
	var all []string
	for program, debian := range packages {
		if find(program) == "" {
			all = append(all, debian)
		}
	}
	for name, debian := range modules {
		if pythonWith(name) == "" {
			all = append(all, debian)
		}
	}
	for name, debian := range rPackages {
		if rscript := find("Rscript"); rscript == "" || !loads(rscript, name) {
			all = append(all, debian)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// find returns the path of a program, "" if it is not there. Programs for administrators are not on everybody's path.
func find(name string) string {
	for _, place := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	return ""
}

// pythonWith returns an interpreter that can import these modules, "" if there is none. Debian's own is asked first: its modules are there.
func pythonWith(names ...string) string {
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import "+strings.Join(append([]string{"sys"}, names...), ", ")).Run() == nil {
			return python
		}
	}
	return ""
}

// loads tells whether R can load a package.
func loads(rscript, name string) bool {
	return exec.Command(rscript, "-e", "library("+name+")").Run() == nil
}

// Program returns the path of a program of Debian's.
func Program(t testing.TB, name string) string {
	t.Helper()
	debian, known := packages[name]
	if !known {
		t.Fatalf("package outside does not know where the program %s comes from: add it there", name)
	}
	if path := find(name); path != "" {
		return path
	}
	Lacking(t, name, "apt-get install "+debian)
	return ""
}

// Python returns an interpreter of Python 3 that can import all these modules.
func Python(t testing.TB, names ...string) string {
	t.Helper()
	install := []string{"python3"}
	for _, name := range names {
		debian, known := modules[name]
		if !known {
			t.Fatalf("package outside does not know where Python's %s comes from: add it there", name)
		}
		install = append(install, debian)
	}
	if python := pythonWith(names...); python != "" {
		return python
	}
	Lacking(t, strings.Join(install, " with "), "apt-get install "+strings.Join(install, " "))
	return ""
}

// R returns Rscript, if it can load all these packages of R.
func R(t testing.TB, names ...string) string {
	t.Helper()
	rscript := Program(t, "Rscript")
	for _, name := range names {
		debian, known := rPackages[name]
		if !known {
			t.Fatalf("package outside does not know where R's %s comes from: add it there", name)
		}
		if !loads(rscript, name) {
			Lacking(t, "R with "+name, "apt-get install "+debian)
		}
	}
	return rscript
}

// pinned is what npm installs: the packages that tests run, each at one version.
//
//go:embed package.json
var pinned []byte

// NPM returns a folder in which node finds all these packages of npm, each at the version of package.json beside this file. Programs that require
// them are run with this folder as working directory, or named by NODE_PATH with "node_modules" behind it.
func NPM(t testing.TB, names ...string) string {
	t.Helper()
	Program(t, "node")
	var want struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(pinned, &want); err != nil {
		t.Fatalf("read internal/outside/package.json: %v", err)
	}
	folder := filepath.Join(root(t), "bin", "_npm")
	for _, name := range names {
		version, known := want.Dependencies[name]
		if !known {
			t.Fatalf("internal/outside/package.json has no %s: add it there", name)
		}
		if got := installed(filepath.Join(folder, "node_modules", name)); got != version {
			Lacking(t, fmt.Sprintf("the npm package %s %s (found: %s)", name, version, cmp.Or(got, "none")), "make tools")
		}
	}
	return folder
}

// installed is the version of a package in its folder, "" if there is none.
func installed(folder string) string {
	raw, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		return ""
	}
	var is struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(raw, &is) != nil {
		return ""
	}
	return is.Version
}

// Built returns the path of a program that make builds into bin/.
func Built(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root(t), "bin", name)
	if _, err := os.Stat(path); err != nil {
		Lacking(t, name, "make bin/"+name)
	}
	return path
}

// root is the folder of go.mod. Tests run in the folder of their package, which lies below it.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			t.Fatalf("find the folder of go.mod: %v", err)
		}
	}
}

// Lacking skips a test that lacks something of this machine, and says how to get it. Where CI is set the test fails.
func Lacking(t testing.TB, what, install string) {
	t.Helper()
	text := fmt.Sprintf("needs %s (%s): %s", what, runtime.GOOS, install)
	if os.Getenv("CI") != "" {
		t.Fatal(text)
		return
	}
	t.Skip(text)
}
