package ledger_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/domain/ledger"
)

const rulesFile = "../../docs/rules.md"

// phases are the chapters of the document, in the order of the work.
var phases = []struct{ name, title string }{
	{"form", "Form, the same for every command"},
	{"unit", "Unit"},
	{"supporting", "Supporting data"},
	{"need", "Need plan"},
	{"procurement", "Procurement"},
	{"receipt", "Receipt, sorting, stock, claims"},
	{"packing", "Packing"},
	{"box", "Boxes, kits and seals: what their facts say, whichever command tells them"},
	{"shipment", "Shipment"},
	{"handoff", "Handoff"},
	{"polling", "Polling"},
	{"incident", "Incident"},
	{"approval", "Approval"},
	{"deadline", "Deadline"},
	{"station", "Station"},
}

const rulesHead = `# Rules

<!-- Made from the code: go test ./domain/ledger -run TestRulesDocument -update -->

What every rule does in each mode (docs/commands.md, docs/decisions/003). *Request* asks before anything happened; *report* tells what has happened and is
recorded whatever it breaks. A broken rule

- **rejects**: nothing is stored but the attempt;
- **is recorded**: the act is recorded and a discrepancy of the kind and severity named here is raised (some findings name another kind: see docs/commands.md);
- **is invalid**: the input is malformed or impossible, in either mode, and nothing is stored.

Every rule is broken by a test in each mode in which it can be broken; the tests fail when one is not. %1, %2, ... stand for what the message names.
`

func rulesDocument() string {
	rules := ledger.Rules()
	var out strings.Builder
	out.WriteString(rulesHead)
	for _, phase := range phases {
		list := rules[phase.name]
		if phase.name != "form" {
			list = slices.DeleteFunc(slices.Clone(list), func(r *domain.Rule) bool { return r == domain.RuleRequestOnly })
		}
		fmt.Fprintf(&out, "\n## %s\n\n| rule | request | report | kind | severity | what is wrong | what mends it | source |\n|---|---|---|---|---|---|---|---|\n", phase.title)
		for _, r := range list {
			fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", r.ID, whatHappens(r, r.OnRequest), whatHappens(r, r.OnReport), code(string(r.Kind)), string(r.Severity),
				both(r.Message), both(r.Remedy), cell(r.Source))
		}
	}
	return out.String()
}

func whatHappens(r *domain.Rule, o domain.Outcome) string {
	if r == domain.RuleRequestOnly && o == r.OnRequest {
		return "rejects (a report only)"
	}
	switch o {
	case domain.Reject:
		return "rejects"
	case domain.Invalid:
		return "is invalid"
	case domain.Record:
		if r.Kind == "" {
			return "is recorded, without a discrepancy"
		}
		return "is recorded"
	}
	return "?"
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func both(t domain.Text) string { return cell(t.ID) + "<br>*" + cell(t.EN) + "*" }

// cell is a text with its arguments as %1, %2 and so on, safe within a table.
func cell(s string) string {
	for i := 1; i < 10; i++ {
		for _, verb := range []string{"v", "q"} {
			s = strings.ReplaceAll(s, fmt.Sprintf("%%[%d]%s", i, verb), fmt.Sprintf("%%%d", i))
		}
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "\n", " ").Replace(s)
}

func TestRulesDocument(t *testing.T) {
	want := rulesDocument()
	if *update {
		if err := os.WriteFile(rulesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/rules.md is stale: go test ./domain/ledger -run TestRulesDocument -update")
	}
}

// TestRules: what a rule must have, and that no two rules share an id.
func TestRules(t *testing.T) {
	rules := ledger.Rules()
	byID := map[string]*domain.Rule{}
	for _, phase := range phases {
		if _, ok := rules[phase.name]; !ok {
			t.Errorf("there is no phase %s", phase.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if !slices.ContainsFunc(phases, func(p struct{ name, title string }) bool { return p.name == name }) {
			t.Errorf("the document leaves out phase %s", name)
		}
		for _, r := range rules[name] {
			if other := byID[r.ID]; other != nil && other != r {
				t.Errorf("two rules are called %s", r.ID)
			}
			byID[r.ID] = r
			for _, text := range []string{r.Message.ID, r.Message.EN, r.Remedy.ID, r.Remedy.EN} {
				if text == "" {
					t.Errorf("rule %s lacks a text", r.ID)
				}
			}
			recorded := r.OnRequest == domain.Record || r.OnReport == domain.Record
			if (r.Kind == "") != (r.Severity == "") || r.Kind != "" && (!recorded || !slices.Contains(domain.Kinds(), r.Kind)) {
				t.Errorf("rule %s: kind %q, severity %q", r.ID, r.Kind, r.Severity)
			}
			if (r.OnRequest == domain.Invalid) != (r.OnReport == domain.Invalid) || r.OnRequest == domain.Record && r.OnReport != domain.Record {
				t.Errorf("rule %s: %s when asked, %s when told", r.ID, r.OnRequest, r.OnReport)
			}
		}
	}
}

// TestContract: docs/commands.md names every command and every event.
func TestContract(t *testing.T) {
	data, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(ledger.CommandTypes(), ledger.EventTypes()) {
		if strings.HasPrefix(name, "discrepancy.") {
			name = "discrepancy.*"
		}
		if !strings.Contains(string(data), name) {
			t.Errorf("docs/commands.md does not name %s", name)
		}
	}
}
