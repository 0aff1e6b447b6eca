// Command bench measures Jejak beside what might be used in its place and writes what it finds as tables.
//
//	go run . --quick                      # a few minutes, to standard output
//	go run . --out RESULTS.md             # all of it
//	go run . --only store --rounds 7
//	go run . --pair /tmp/jejak-before,/tmp/jejak-after --rounds 7   # processor time a command, of two programs
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"jejak/internal/bench/feed"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/province"
	"jejak/internal/bench/report"
	"jejak/internal/bench/store"
	"jejak/internal/bench/web"
)

// remarks say why a target is missed and what would be tried next. They are written by hand, after a full run.
//
//go:embed remarks.md
var remarks string

var sections = []harness.Section{store.Section, web.Section, feed.Section, store.Engine, province.Section}

func main() {
	web.ServeAsChild() // this program is also the servers that it measures
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var opt harness.Options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&opt.Quick, "quick", false, "short rounds")
	flags.IntVar(&opt.Rounds, "rounds", 0, "`number` of rounds (default 5, quick 3)")
	flags.StringVar(&opt.Dir, "dir", "", "`folder` for temporary files, on the disk that is to be measured")
	programs := flags.String("pair", "", "two `programs`, with a comma: the processor time that a command costs the servers of both, and nothing else")
	only := flags.String("only", "", "`names` of sections, with commas")
	asJSON := flags.Bool("json", false, "print JSON")
	out := flags.String("out", "", "`file` for the tables, as Markdown")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		opt.Progress = func(text string) { fmt.Fprintf(os.Stderr, "\r\033[K%s", text) }
	}
	machine := report.Describe(time.Now(), "go run . "+strings.Join(args, " "))
	var measured []report.Section
	if *programs != "" {
		first, second, both := strings.Cut(*programs, ",")
		if !both {
			return fmt.Errorf("--pair %q: give two programs with a comma between", *programs)
		}
		tables, err := web.Pair(ctx, opt, first, second)
		if err != nil {
			return err
		}
		measured = append(measured, report.Section{Name: "pair", Title: "Two programs", Tables: tables})
	}
	for _, s := range sections {
		if *programs != "" {
			break
		}
		if *only != "" && !slices.Contains(strings.Split(*only, ","), s.Name) {
			continue
		}
		tables, err := s.Run(ctx, opt)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		measured = append(measured, report.Section{Name: s.Name, Title: s.Title, Tables: tables})
	}
	if len(measured) == 0 {
		return fmt.Errorf("no section is called %s", *only)
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(report.Report{Machine: machine, Sections: measured})
	}
	said := remarks
	if *programs != "" {
		said = "" // they are about the sections
	}
	text := report.Markdown(machine, measured, said)
	if *out == "" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	return os.WriteFile(*out, []byte(text), 0o644)
}
