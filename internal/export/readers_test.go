package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/internal/export"
	"jejak/internal/outside"
)

// awkward are texts that people send and that a file for a spreadsheet may lose or change.
var awkward = []string{
	`kotak "utuh", katanya`, `<b>&amp;</b> & 'x'`, " blanks around ", "dua\nbaris", "tab\tdi tengah", "_x0041_ _x000d_", "007", "1e5", "2024-02-13", "True", "'petik",
	"=HYPERLINK(\"http://x\")", "+62 812", "-1+2", "@a", "é 漢 👍 \u202e", strings.Repeat("panjang ", 240), `\"`, "a;b,c|d",
}

// told is a house in which somebody has said every one of these.
func told(t *testing.T) *house {
	h := played(t)
	for _, note := range awkward {
		h.act("3501", domain.Report, &incident.Raise{Kind: domain.Lost, Severity: domain.High, Units: []string{string(president)}, Note: note})
	}
	return h
}

// sheets are the tables in their order.
var sheets = []string{"kabupaten-kota", "tps", "kotak", "pengiriman", "serah-terima", "selisih", "kejadian"}

// reader is a program of others that reads a workbook. It prints {"sheet": [[cell, ...], ...]} with the cells as text: a number in digits, a truth as true or
// false, a time as 2024-02-13T06:45:00, an empty cell as "".
type reader struct {
	name string
	// times are the headings of the columns of times: R's reader tells numbers and times apart only if it is told.
	command func(t *testing.T, book string, times []string) *exec.Cmd
	// unread is how the reader gives a text that it does not read as it should; nil where it reads everything.
	unread func(string) string
}

func node(script string, packages ...string) func(*testing.T, string, []string) *exec.Cmd {
	return func(t *testing.T, book string, _ []string) *exec.Cmd {
		folder := outside.NPM(t, packages...)
		source, err := filepath.Abs("testdata/" + script)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(outside.Program(t, "node"), source, book)
		cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(folder, "node_modules"), "TZ=UTC")
		return cmd
	}
}

var readers = []reader{
	{name: "exceljs", command: node("exceljs.cjs", "exceljs")},
	{name: "SheetJS", command: node("sheetjs.cjs", "xlsx")},
	{name: "openpyxl", command: func(t *testing.T, book string, _ []string) *exec.Cmd {
		return exec.Command(outside.Python(t, "openpyxl"), "testdata/openpyxl_read.py", book)
	}},
	{name: "R", command: func(t *testing.T, book string, times []string) *exec.Cmd {
		return exec.Command(outside.R(t, "openxlsx"), append([]string{"testdata/openxlsx.R", book}, times...)...)
	}, unread: func(s string) string {
		// It knows no escapes within texts, and makes one word of truth of a text that is one.
		if s == "True" {
			return "TRUE"
		}
		return escapeLike.ReplaceAllString(s, "_x005F_x${1}_")
	}},
	{name: "LibreOffice", command: func(t *testing.T, book string, _ []string) *exec.Cmd {
		return exec.Command("testdata/soffice.sh", outside.Program(t, "soffice"), book, t.TempDir())
	}},
}

var escapeLike = regexp.MustCompile("_x([0-9A-Fa-f]{4})_")

// Every cell of the workbook, read by the programs that people read workbooks with, is what the CSV has.
func TestReadersOfWorkbooks(t *testing.T) {
	h := told(t)
	dir, book := t.TempDir(), filepath.Join(t.TempDir(), "book.xlsx")
	_, err := h.log().CSV(t.Context(), dir, all(), export.Form{})
	h.must(err)
	file, err := os.Create(book)
	h.must(err)
	_, err = h.log().XLSX(t.Context(), file, "", all(), export.Form{})
	h.must(err)
	h.must(file.Close())
	want, times := map[string][][]string{}, []string{}
	for _, name := range sheets {
		want[name] = readCSV(t, filepath.Join(dir, name+".csv"), ',')
		for _, row := range want[name][1:] {
			for i, c := range row {
				if _, err := time.Parse(time.RFC3339, c); err == nil && !slices.Contains(times, want[name][0][i]) {
					times = append(times, want[name][0][i])
				}
			}
		}
	}
	for _, r := range readers {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			cmd := r.command(t, book, times)
			var out, trouble bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &trouble
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, trouble.Bytes())
			}
			var got map[string][][]string
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%v: %.300s", err, out.Bytes())
			}
			for _, name := range sheets {
				if diff := cmp.Diff(asRead(want[name], r.unread), filled(got[name])); diff != "" {
					t.Errorf("%s (-csv +%s):\n%s", name, r.name, diff)
				}
			}
		})
	}
}

// readCSV reads a table back, with the apostrophes taken off that stand before what looks like a formula.
func readCSV(t *testing.T, name string, comma rune) [][]string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text, marked := bytes.CutPrefix(text, []byte("\ufeff"))
	if !marked || bytes.Contains(text, []byte{0}) {
		t.Errorf("%s has no byte order mark, or a NUL", name)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, row := range rows {
		for i, c := range row {
			if rest, quoted := strings.CutPrefix(c, "'"); quoted && rest != "" && strings.ContainsRune("=+-@\t", rune(rest[0])) {
				row[i] = rest
			}
		}
	}
	return rows
}

// asRead are the rows of CSV as a reader of the workbook gives them: times by East Java's clock, without an offset, which is in its own column.
func asRead(rows [][]string, unread func(string) string) [][]string {
	var list [][]string
	for _, row := range rows {
		var cells []string
		for _, c := range row {
			if at, err := time.Parse(time.RFC3339, c); err == nil {
				c = at.Format("2006-01-02T15:04:05")
			} else if unread != nil {
				c = unread(c)
			}
			cells = append(cells, c)
		}
		list = append(list, cells)
	}
	return filled(list)
}

// filled are rows of the same length, without those at the end that are empty.
func filled(rows [][]string) [][]string {
	for len(rows) > 0 && strings.Join(rows[len(rows)-1], "") == "" {
		rows = rows[:len(rows)-1]
	}
	var list [][]string
	for _, row := range rows {
		cells := make([]string, len(rows[0]))
		copy(cells, row)
		list = append(list, cells)
	}
	return list
}

// What tells a program which zip entries there are names a day that there is.
func TestEntriesOfAWorkbookAreDated(t *testing.T) {
	h := played(t)
	var book bytes.Buffer
	_, err := h.log().XLSX(t.Context(), &book, "", all(), export.Form{})
	h.must(err)
	z, err := zip.NewReader(bytes.NewReader(book.Bytes()), int64(book.Len()))
	h.must(err)
	for _, f := range z.File {
		if at := f.ModifiedDate; at != 1<<5|1 {
			t.Errorf("%s is dated %04x", f.Name, at)
		}
	}
}

// A program that makes a record of a row, by the columns' names, loses nothing: every name is there once in its table, in either language and together, also for
// one that does not tell capitals from small letters.
func TestColumnsHaveNamesOfTheirOwn(t *testing.T) {
	h := played(t)
	dir := t.TempDir()
	_, err := h.log().CSV(t.Context(), dir, all(), export.Form{})
	h.must(err)
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	h.must(err)
	if len(files) != len(sheets) {
		t.Errorf("%d tables, of which %d are known here", len(files), len(sheets))
	}
	for _, name := range files {
		seen := map[string]bool{}
		for _, head := range readCSV(t, name, ',')[0] {
			id, en, both := strings.Cut(head, " / ")
			if !both || seen["id "+strings.ToLower(id)] || seen["en "+strings.ToLower(en)] {
				t.Errorf("%s: the column %q is there before, or has one name only", filepath.Base(name), head)
			}
			seen["id "+strings.ToLower(id)], seen["en "+strings.ToLower(en)] = true, true
		}
	}
}

// The same tables for people, and for Excel in Indonesian.
func TestFormsOfCSV(t *testing.T) {
	h := told(t)
	read := func(f export.Form, comma rune) map[string][][]string {
		dir, tables := t.TempDir(), map[string][][]string{}
		_, err := h.log().CSV(t.Context(), dir, all(), f)
		h.must(err)
		for _, name := range sheets {
			tables[name] = readCSV(t, filepath.Join(dir, name+".csv"), comma)
		}
		return tables
	}
	plain := read(export.Form{}, ',')
	if diff := cmp.Diff(plain, read(export.Form{Comma: ';'}, ';')); diff != "" {
		t.Errorf("with a semicolon (-comma +semicolon):\n%s", diff)
	}
	for name, rows := range read(export.Form{Human: true}, ',') {
		for i, row := range rows {
			for j, c := range row {
				want := plain[name][i][j]
				if at, err := time.Parse(time.RFC3339, want); err == nil {
					want = at.Format("2006-01-02 15:04:05") + " WIB"
				} else if truth := map[string]string{"true": "ya", "false": "tidak"}[want]; truth != "" {
					want = truth
				}
				if c != want {
					t.Errorf("%s, row %d: %q, want %q", name, i, c, want)
				}
			}
		}
	}
}
