package refdata

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzFile: whatever stands in a file, a table is read to its end without a panic, every line is either given or has a problem that names it, and
// reading it once more says the same.
func FuzzFile(f *testing.F) {
	files := small()
	for name, text := range files {
		f.Add([]byte(firstLines(text, 4)), name == fileStations)
	}
	for _, text := range []string{"", "\ufeffcode,name\n", "code;name\n1;2\n", "code,name\n\"35,x\n", "code,name,name\n", "\xff\xfec\x00", "code,name\n35\n3501,Pacitan,x\n", "code,name\r\n35,\x00\r\n",
		"code,name\n\xff,b\n", "code,name\n35,\"a\nb\"\n36,c", "code,code\n"} {
		f.Add([]byte(text), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, counts bool) {
		read := func() (int, []Problem) {
			problems := &Problems{}
			tab := openTable(folder(map[string]string{"x.csv": string(content)}), "x.csv", problems, "code", "name")
			rows := 0
			if tab != nil {
				for r := range tab.rows {
					rows++
					if r.line < 2 && tab.width > 0 || r.line > 1+strings.Count(string(content), "\n") {
						t.Fatalf("line %d", r.line)
					}
					if _, ok := r.raw("code"); !ok && tab.whole {
						t.Fatal("a whole table without a column")
					}
					before := len(problems.List)
					if code := r.code("code", 4); code != "" && len(code) != 4 {
						t.Fatalf("regency %q", code)
					}
					if n := r.count("code"); n < 0 || counts && n > 0 && len(problems.List) > before+1 {
						t.Fatalf("count %d", n)
					}
					r.decimal("name")
					r.digits("name", 2, 4)
					r.text("name")
					r.one("name", "kota", "kabupaten")
				}
			}
			return rows, problems.List
		}
		rows, problems := read()
		again, same := read()
		if rows != again || !slices.Equal(problems, same) {
			t.Fatalf("%d rows, then %d:\n%s", rows, again, cmp.Diff(problems, same))
		}
		for _, p := range problems {
			if p.File != "x.csv" || p.Line > 1+strings.Count(string(content), "\n") || p.String() == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}

// FuzzDefinition: an election's definition of any form is refused with the place of the fault, or loads.
func FuzzDefinition(f *testing.F) {
	definition := small()["pemilu2024.json"]
	for _, text := range []string{definition, definition[:200], "{}", "null", "[]", `{"election":7}`, strings.Replace(definition, `"value": 2`, `"value": -2`, 1), strings.Repeat("[", 20_000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		problems := &Problems{}
		def, _, own := loadDefinition(folder(map[string]string{"pemilu2024.json": text}), "pemilu2024", problems)
		if def == nil && len(problems.List) == 0 || !own {
			t.Fatalf("neither a definition nor a problem, own %t", own)
		}
		for _, p := range problems.List {
			if !strings.HasPrefix(p.File, "pemilu2024") || p.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("%+v", p)
			}
		}
		if def != nil {
			_ = def.ballotTypes()
			_ = def.uses(levelRegency)
		}
	})
}

func firstLines(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[:min(n, len(lines))], "")
}
