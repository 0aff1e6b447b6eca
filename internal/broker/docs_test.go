package broker

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/people"
)

var update = flag.Bool("update", false, "write the section about NATS of docs/access.md")

func code(subjects []string) string {
	if len(subjects) == 0 {
		return "-"
	}
	return "`" + strings.Join(subjects, "`, `") + "`"
}

// section draws what the code grants.
func section() string {
	var b strings.Builder
	b.WriteString("\n| role | scope | events (live and in consumers) | status |\n|---|---|---|---|\n")
	for _, role := range access.Roles() {
		for _, scope := range scopesOf(role) {
			if scope == "3501" || scope == "P3578B" {
				continue
			}
			grant, refusal := Permissions(people.User{ID: "ID", Role: role, Scope: scope}, "35")
			if refusal != "" {
				fmt.Fprintf(&b, "| %s | %s | refused: `%s` | |\n", role, scope, refusal)
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", role, scope, code(grant.Events), code(grant.Status))
		}
	}
	for _, of := range []struct {
		who  string
		user people.User
	}{
		{"an escort", people.User{ID: "ID", Role: domain.RoleEscort, Scope: "P3578A"}},
		{"an operator of a regency", people.User{ID: "ID", Role: domain.RoleOperator, Scope: "3578"}},
	} {
		grant, _ := Permissions(of.user, "35")
		fmt.Fprintf(&b, "\nAll that %s with the id `ID` may do:\n\n", of.who)
		for _, s := range grant.Subscribe {
			fmt.Fprintf(&b, "- subscribe `%s`\n", s)
		}
		for _, s := range grant.Publish {
			fmt.Fprintf(&b, "- publish `%s`\n", s)
		}
	}
	return b.String() + "\n"
}

func TestDocsShowTheRights(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)(<!-- nats: written by [^\n]*-->)(.*)(<!-- nats: end -->)`)
	m := block.FindSubmatchIndex(text)
	if m == nil {
		t.Fatalf("%s has no place for the rights over NATS", page)
	}
	want, got := section(), string(text[m[4]:m[5]])
	if *update {
		drawn := string(text[:m[4]]) + want + string(text[m[5]:])
		if err := os.WriteFile(page, []byte(drawn), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rights over NATS in %s (-code +page): go test ./internal/broker -update\n%s", page, diff)
	}
}
