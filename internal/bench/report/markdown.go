package report

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Machine says where, when and with what was measured.
type Machine struct {
	Date, CPU, System, Go, Commit, Command string
	Cores                                  int
	MemoryGiB                              float64
	Modules                                []string
}

// Section is the tables of a group of measurements.
type Section struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Tables []Table `json:"tables"`
}

// Report is all of a run.
type Report struct {
	Machine  Machine   `json:"machine"`
	Sections []Section `json:"sections"`
}

// Describe looks at the machine. What it cannot find stays empty.
func Describe(now time.Time, command string) Machine {
	m := Machine{Date: now.Format("2006-01-02"), Go: runtime.Version(), Cores: runtime.NumCPU(), Command: command, System: runtime.GOOS + "/" + runtime.GOARCH}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib float64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %f", &kib); err == nil {
			m.MemoryGiB = kib / (1 << 20)
		}
	}
	if out, err := exec.Command("uname", "-sr").Output(); err == nil {
		m.System += ", " + strings.TrimSpace(string(out))
	}
	if out, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		m.Commit = strings.TrimSpace(string(out))
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if slices.Contains([]string{"github.com/ncruces/go-sqlite3", "github.com/nats-io/nats-server/v2", "github.com/jackc/pgx/v5", "github.com/EventStore/EventStore-Client-Go/v4"}, d.Path) {
				m.Modules = append(m.Modules, d.Path+" "+d.Version)
			}
		}
	}
	return m
}

// TargetNote begins the notes that say whether a target is met.
const TargetNote = "Target: "

// Markdown writes a run for people: first all targets, with what a person has to say about them, then the tables.
func Markdown(m Machine, sections []Section, remarks string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Measurements\n\nWritten by `%s` in `internal/bench` on %s, commit %s.\n\n", strings.TrimSpace(m.Command), m.Date, m.Commit)
	fmt.Fprintf(&b, "%s, %d cores, %.0f GiB, %s, %s; %s.\n", m.CPU, m.Cores, m.MemoryGiB, m.System, m.Go, strings.Join(m.Modules, ", "))
	b.WriteString("Absolute figures are those of this machine; the ratios within a run are what compares.\n")
	if targets := targetsOf(sections); len(targets) > 0 {
		b.WriteString("\n## Targets\n\n- " + strings.Join(targets, "\n- ") + "\n")
	}
	if remarks != "" {
		b.WriteString("\n" + strings.TrimSpace(remarks) + "\n")
	}
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n", s.Title)
		for _, t := range s.Tables {
			fmt.Fprintf(&b, "\n### %s\n\n| %s |\n|%s\n", t.Title, strings.Join(t.Columns, " | "), strings.Repeat("---|", len(t.Columns)))
			for _, r := range t.Rows {
				fmt.Fprintf(&b, "| %s |\n", strings.Join(r, " | "))
			}
			for i, n := range t.Notes {
				if i == 0 {
					b.WriteString("\n")
				}
				fmt.Fprintf(&b, "- %s\n", n)
			}
		}
	}
	return b.String()
}

func targetsOf(sections []Section) []string {
	var targets []string
	for _, s := range sections {
		for _, t := range s.Tables {
			for _, n := range t.Notes {
				if text, is := strings.CutPrefix(n, TargetNote); is {
					targets = append(targets, t.Title+": "+text)
				}
			}
		}
	}
	return targets
}
