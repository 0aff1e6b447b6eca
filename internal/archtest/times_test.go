package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestTimesAreReadInOnePlace: only domain/time.go asks the standard library to read a time, which takes more than any reader of the log does.
func TestTimesAreReadInOnePlace(t *testing.T) {
	const root, place = "../..", "domain/time.go"
	found := map[string]int{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && strings.HasPrefix(name, ".") && name != ".." {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := s.X.(*ast.Ident); ok && of.Name == "time" && (s.Sel.Name == "Parse" || s.Sel.Name == "ParseInLocation") {
				found[filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))]++
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found[place] == 0 {
		t.Errorf("%s reads no time: this test looks in the wrong place", place)
	}
	for path, n := range found {
		if path != place {
			t.Errorf("%s reads times by itself (%d): domain.ParseTime reads what comes from outside, domain.StoredTime what Jejak has written", path, n)
		}
	}
}
