package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// impure lists, by import path, the functions that read a clock, wait, or roll dice.
var impure = map[string][]string{
	"time":                   {"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"},
	"github.com/google/uuid": {"New", "NewDCEGroup", "NewDCEPerson", "NewDCESecurity", "NewRandom", "NewRandomFromReader", "NewString", "NewUUID", "NewV6", "NewV7", "NewV7FromReader"},
}

// TestDomainIsPure finds calls and references to impure functions in the domain's own files, and goroutines.
func TestDomainIsPure(t *testing.T) {
	for _, p := range list(t) {
		if top(p.ImportPath) != "domain" {
			continue
		}
		for _, name := range p.GoFiles {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("parse: %v", err)
				continue
			}
			for _, found := range impurities(set, file) {
				t.Error(found)
			}
		}
	}
}

func impurities(set *token.FileSet, file *ast.File) []string {
	imported := map[string]string{} // name in the file -> import path
	for _, spec := range file.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := filepath.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = importPath
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, set.Position(n.Pos()).String()+": a goroutine in the domain")
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && slices.Contains(impure[imported[id.Name]], n.Sel.Name) {
				found = append(found, set.Position(n.Pos()).String()+": "+id.Name+"."+n.Sel.Name+" in the domain: time and ids come in with the act")
			}
		}
		return true
	})
	return found
}

func TestImpuritiesAreFound(t *testing.T) {
	const source = `package x
import (
	clock "time"
	"github.com/google/uuid"
)
var a = clock.Now()
var f = uuid.NewV7
var fine = clock.Second
func g() { go g() }`
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "x.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if found := impurities(set, file); len(found) != 3 {
		t.Errorf("found %q, want the clock, the id and the goroutine", found)
	}
}
