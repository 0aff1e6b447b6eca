package export_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jejak/internal/export"
	"jejak/internal/outside"
)

// What the auditors' page says of reading CSV reads every row and every character, in each of its languages.
func TestPageReadsTheTables(t *testing.T) {
	page, err := os.ReadFile("../../docs/panduan-auditor.md")
	if err != nil {
		t.Fatal(err)
	}
	h := told(t)
	dir := t.TempDir()
	h.must(os.Mkdir(filepath.Join(dir, "tabel"), 0o700))
	_, err = h.log().CSV(t.Context(), filepath.Join(dir, "tabel"), all(), export.Form{})
	h.must(err)
	rows := readCSV(t, filepath.Join(dir, "tabel", "kejadian.csv"), ',')
	at := map[string]int{}
	for i, head := range rows[0] {
		at[head] = i
	}
	var positions, simulated, characters int
	var newest time.Time
	for _, row := range rows[1:] {
		n, err := strconv.Atoi(row[at["posisi / position"]])
		h.must(err)
		recorded, err := time.Parse(time.RFC3339, row[at["tercatat / recorded"]])
		h.must(err)
		data := row[at["isi / data"]]
		if !json.Valid([]byte(data)) {
			t.Errorf("the data of position %d is no JSON", n)
		}
		if positions, characters = positions+n, characters+utf8.RuneCountInString(data); recorded.After(newest) {
			newest = recorded
		}
		if row[at["simulasi / simulated"]] == "true" {
			simulated++
		}
	}
	want := fmt.Sprint(len(rows)-1, " ", positions, " ", newest.UTC().Format("2006-01-02T15:04:05Z"), " ", simulated, " ", characters)
	for language, program := range map[string]func(*testing.T) string{
		"R":      func(t *testing.T) string { return outside.Program(t, "Rscript") },
		"Python": func(t *testing.T) string { return outside.Python(t) },
		"PHP":    func(t *testing.T) string { return outside.Program(t, "php") },
	} {
		t.Run(language, func(t *testing.T) {
			run := program(t)
			block := regexp.MustCompile("(?s)<!-- read: " + language + " -->\n```[a-z]+\n(.*?)```\n").FindSubmatch(page)
			if block == nil {
				t.Fatal("the page has no such block")
			}
			file := filepath.Join(dir, "read-"+language)
			if err := os.WriteFile(file, block[1], 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(run, file)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != want {
				t.Errorf("%v: %s, want %s", err, got, want)
			}
		})
	}
}
