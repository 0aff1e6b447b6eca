package access_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/internal/access"
)

var update = flag.Bool("update", false, "write the tables of docs/access.md")

const page = "../../docs/access.md"

// short are the heads of the columns: sixteen names in full do not fit on a page.
func short(r domain.Role) string {
	return strings.ReplaceAll(string(r), "commitment_officer", "officer")
}

// table draws rows under the roles.
func table(first string, rows []string, cell func(row string, role domain.Role) string) string {
	var b strings.Builder
	roles := access.Roles()
	b.WriteString("\n| " + first)
	for _, r := range roles {
		b.WriteString(" | " + short(r))
	}
	b.WriteString(" |\n|" + strings.Repeat("---|", len(roles)+1) + "\n")
	for _, row := range rows {
		b.WriteString("| " + row)
		for _, r := range roles {
			text := cell(row, r)
			if text == "" {
				text = "-"
			}
			b.WriteString(" | " + text)
		}
		b.WriteString(" |\n")
	}
	return b.String() + "\n"
}

func block(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)(<!-- ` + name + `: written by [^\n]*-->)(.*)(<!-- ` + name + `: end -->)`)
}

func TestDocsShowTheTables(t *testing.T) {
	routes := "\n"
	for _, m := range access.Models() {
		if len(m.Routes()) == 0 {
			t.Errorf("model %s has no route", m)
		}
		routes += fmt.Sprintf("- %s: `%s`\n", m, strings.Join(m.Routes(), "`, `"))
	}
	models := make([]string, 0, len(access.Models()))
	for _, m := range access.Models() {
		models = append(models, string(m))
	}
	want := map[string]string{
		"commands": table("command", access.CommandTypes(), func(row string, role domain.Role) string { return access.Granted(row, role).String() }),
		"reading": table("model", models, func(row string, role domain.Role) string {
			return access.Sees(domain.Actor{Role: role}, access.Model(row)).String()
		}) + routes + "\n",
	}
	fields := make([]string, 0, len(access.Fields()))
	for _, f := range access.Fields() {
		fields = append(fields, string(f))
	}
	want["fields"] = table("field", fields, func(row string, role domain.Role) string {
		if access.Sees(domain.Actor{Role: role}, access.Regency) != access.Nothing && access.SeesField(role, access.Field(row)) {
			return "shown"
		}
		return ""
	})
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for name, drawn := range want {
		m := block(name).FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s has no place for the table of %s", page, name)
		}
		if *update {
			text = block(name).ReplaceAll(text, []byte("${1}"+drawn+"${3}"))
			continue
		}
		if diff := cmp.Diff(drawn, string(m[2])); diff != "" {
			t.Errorf("table of %s in %s (-code +page): go test ./internal/access -update\n%s", name, page, diff)
		}
	}
	if *update {
		if err := os.WriteFile(page, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// granted reads a table of the page: row, then role, then word.
func granted(t *testing.T, name string) map[string]map[domain.Role]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var heads []domain.Role
	rows := map[string]map[domain.Role]string{}
	for line := range strings.Lines(string(block(name).FindSubmatch(text)[2])) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) < 2 || strings.HasPrefix(cells[0], "---"):
		case heads == nil:
			for _, head := range cells[1:] {
				i := slices.IndexFunc(access.Roles(), func(r domain.Role) bool { return short(r) == head })
				if i < 0 {
					t.Fatalf("%s: no role is called %q", page, head)
				}
				heads = append(heads, access.Roles()[i])
			}
		default:
			rows[cells[0]] = map[domain.Role]string{}
			for i, word := range cells[1:] {
				rows[cells[0]][heads[i]] = word
			}
		}
	}
	return rows
}
