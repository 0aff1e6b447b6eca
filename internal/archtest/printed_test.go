package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// rawOutputs are the functions that write something else than a terminal.Text where a person may see it, and what that is. Nothing else may.
var rawOutputs = map[string]string{
	"printRaw":    "JSON that was asked for, as the API answers",
	"printJSON":   "JSON that was asked for",
	"watch":       "JSON that was asked for, a message a line",
	"Write":       "writers that pass on what goes into a file: a backup, the log of a demo",
	"add":         "the body of a request",
	"runBAST":     "the file of minutes",
	"writeTokens": "the file of new tokens",
}

// TestNothingIsPrintedButTexts holds the source to the one way to print: terminal.Print and what is beside it, whose type lets no foreign text pass that
// is not cleaned.
func TestNothingIsPrintedButTexts(t *testing.T) {
	for _, p := range printing(t, os.DirFS("../../cmd/jejak"), ".") {
		t.Error(p)
	}
	for _, p := range printing(t, os.DirFS("../exit"), ".") {
		if !strings.Contains(p, "Print: NewEncoder") { // the JSON of an error
			t.Errorf("internal/exit: %s", p)
		}
	}
	found := printing(t, os.DirFS("testdata"), "printing")
	if len(found) != 8 {
		t.Errorf("of 8 ways to print past the terminal these were noticed: %q", found)
	}
}

// printing lists where the source of a folder writes past package terminal.
func printing(t *testing.T, folder fs.FS, dir string) (found []string) {
	t.Helper()
	files, err := fs.Glob(folder, dir+"/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source in %s: %v", dir, err)
	}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(set, name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			in := ""
			if f, ok := decl.(*ast.FuncDecl); ok {
				in = f.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if what := pastTerminal(n); what != "" && rawOutputs[in] == "" {
					found = append(found, fmt.Sprintf("%s: %s: %s", set.Position(n.Pos()), in, what))
				}
				return true
			})
		}
	}
	return found
}

// pastTerminal says what of a node could show a text that is not cleaned.
func pastTerminal(n ast.Node) string {
	if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && strings.Contains(text.Value, "%c") {
		return "%c makes a control of a number"
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	of := ""
	if x, ok := f.X.(*ast.Ident); ok {
		of = x.Name
	}
	switch name := f.Sel.Name; {
	case of == "terminal":
		return ""
	case of == "fmt" && (strings.HasPrefix(name, "Fprint") || strings.HasPrefix(name, "Print")), of == "io" && (name == "Copy" || name == "CopyN" || name == "WriteString"),
		of == "cmd" && strings.HasPrefix(name, "Print"), of == "log" && strings.HasPrefix(name, "Print"), name == "Write", name == "WriteString", name == "WriteTo", name == "NewEncoder", name == "Execute" && of != "cmd":
		return name
	}
	return ""
}
