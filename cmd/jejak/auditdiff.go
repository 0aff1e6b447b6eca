package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"jejak/internal/exit"
	"jejak/internal/history"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

const diffHelp = `Show what changed in the figures of the regencies between two moments of the recorded clock, or two positions: each figure that changed, from what to
what, and the events at which it did: the first few of each, or all of the one that --figure names.

Figures are the numbers of a regency's row, named as there: boxes.sealed, stations.ready, items.ballot.received, discrepancies.short.

` + pastHelp

const believedHelp = `Show what the province believed at a moment and what was true: the figures as they were known then (recorded clock) against those of what had
occurred by then (occurred clock), as far as it is known today, with the events behind each difference, which were told only later.

` + pastHelp + `

Yang diyakini pada suatu saat, dan yang sebenarnya sudah terjadi.`

// figureFlags are those of the commands about figures.
type figureFlags struct {
	pastFlags
	regency, figure string
}

func (f *figureFlags) flags(cmd *cobra.Command) {
	f.pastFlags.flags(cmd)
	cmd.Flags().StringVar(&f.regency, "regency", "", "only this regency")
	cmd.Flags().StringVar(&f.figure, "figure", "", "only this figure, with all its events")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("regency", completeRegencies)
}

// units are the regencies that a command is about.
func (f *figureFlags) units() ([]string, error) {
	if f.regency != "" {
		return []string{f.regency}, nil
	}
	names, err := regencies()
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// atOnce is how many regencies are asked about at the same time: as many as a history folds ledgers.
const atOnce = 2

// each asks about every regency, some at once, with a bar for whoever watches, and takes the answers in the order of the codes.
func (f *figureFlags) each(cmd *cobra.Command, kind string, query url.Values, take func(body []byte) error) (err error) {
	p, err := f.openPast(cmd.Context(), f.store)
	if err != nil {
		return fmt.Errorf("audit %s: %w", kind, err)
	}
	defer func() { err = errors.Join(err, p.close()) }()
	units, err := f.units()
	if err != nil {
		return err
	}
	live, watched := terminal.NewLive(cmd.ErrOrStderr()), terminal.Watched(cmd.ErrOrStderr()) && len(units) > 1
	type answered struct {
		body []byte
		err  error
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	answers, next := make([]chan answered, len(units)), make(chan int, len(units))
	for i := range units {
		answers[i] = make(chan answered, 1)
		next <- i
	}
	close(next)
	var asking sync.WaitGroup
	defer asking.Wait() // before what answers is closed
	defer cancel()
	for range min(atOnce, len(units)) {
		asking.Go(func() {
			for i := range next {
				body, err := p.get(ctx, fmt.Sprintf("/v1/elections/%s/%s/%s", url.PathEscape(f.election), kind, url.PathEscape(units[i])), maps.Clone(query))
				answers[i] <- answered{body, err}
				if err != nil {
					return
				}
			}
		})
	}
	for i, unit := range units {
		if watched {
			live.Paint(terminal.Sprintf("%s %s", terminal.Bar(int64(i), int64(len(units)), 30), unit))
		}
		a := <-answers[i]
		if a.err != nil {
			return a.err
		}
		if err := take(a.body); err != nil {
			return err
		}
	}
	if watched {
		live.Paint(terminal.Bar(int64(len(units)), int64(len(units)), 30))
		live.Leave()
	}
	return nil
}

func newDiffCommand() *cobra.Command {
	var f figureFlags
	var from, to string
	cmd := &cobra.Command{
		Use: "diff", Short: "Show what changed between two moments, and which events changed it", Long: diffHelp, Args: cobra.NoArgs,
		Example: `  jejak audit diff --from 2024-02-12T18:00WIB --to 2024-02-13T06:45WIB --regency 3578
  jejak audit diff --from 100000 --to 120000 --regency 3578 --figure boxes.in_transit --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var faults []*history.Fault
			for name, text := range map[string]string{"from": from, "to": to} {
				if text == "" {
					return exit.Errorf(exit.Usage, "give both --from and --to: a time with its zone, or a position")
				}
				if _, fault := history.ReadMoment(name, text); fault != nil {
					faults = append(faults, fault)
				}
			}
			if len(faults) > 0 {
				slices.SortFunc(faults, func(a, b *history.Fault) int { return strings.Compare(a.Field, b.Field) })
				return wrongUsage(faults, nil)
			}
			all := []form.Diff{}
			err := f.each(cmd, "diff", url.Values{"from": {from}, "to": {to}, "figure": {f.figure}}, func(body []byte) error {
				var d form.Diff
				if err := json.Unmarshal(body, &d); err != nil {
					return fmt.Errorf("read what changed: %w", err)
				}
				if f.regency != "" || d.Events > 0 {
					all = append(all, d)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if f.asJSON {
				return printJSON(cmd.OutOrStdout(), map[string][]form.Diff{"regencies": all})
			}
			return terminal.Print(cmd.OutOrStdout(), folded(cmd.OutOrStdout(), diffText(all, f.figure)))
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&from, "from", "", "the first moment, with its zone, or a position")
	cmd.Flags().StringVar(&to, "to", "", "the second")
	return cmd
}

// diffText writes what changed for people; figure is the one that was asked for, "" for all.
func diffText(all []form.Diff, figure string) terminal.Text {
	var out terminal.Page
	if len(all) > 1 {
		sums, events := figureSums{}, 0
		for _, d := range all {
			events += d.Events
			for _, c := range d.Figures {
				sums.add(c.Figure, c.From, c.To, c.Changes, c.Types)
			}
		}
		out.Printf("semua / all: %s in %d regencies\n", number(events, "event", "events"), len(all))
		sums.write(&out, changed)
	}
	for _, d := range all {
		out.Printf("%s %s: %s, positions %d to %d\n", d.Code, d.Name, number(d.Events, "event", "events"), d.FromPosition, d.ToPosition)
		for _, c := range d.Figures {
			out.Printf("  %-34s %s %s\n", c.Figure, changed(c.From, c.To), by(c.Changes, c.Types))
			out.Add(eventLines(c.Events, c.Changes))
		}
		switch {
		case len(d.Figures) > 0:
		case figure != "":
			out.Printf("  %s did not change\n", figure)
		default:
			out.Printf("  no figure changed\n")
		}
	}
	if len(all) == 0 {
		out.Printf(nothingBetween)
	}
	return out.Text()
}

// nothingBetween is what is said of two moments without an event between them.
const nothingBetween = "nothing was recorded in between\n"

// by says which kinds of event changed a figure.
func by(changes int, types map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(types)) {
		parts = append(parts, fmt.Sprintf("%s %s", terminal.Number(int64(types[name])), name))
	}
	if changes == 0 {
		return ""
	}
	return number(changes, "change", "changes") + ": " + strings.Join(parts, ", ")
}

func eventLines(events []form.FigureEvent, changes int) terminal.Text {
	var out terminal.Page
	for _, e := range events {
		out.Printf("      %s -> %s  %s  occurred %s  recorded %s  position %d  event %s\n", terminal.Number(e.From), terminal.Number(e.To), e.Type,
			shown(e.OccurredAt), shown(e.RecordedAt), e.Position, e.Event)
	}
	if more := changes - len(events); more > 0 {
		out.Printf("      and %s more: --figure shows all\n", terminal.Number(int64(more)))
	}
	return out.Text()
}

func newBelievedCommand() *cobra.Command {
	var f figureFlags
	var at string
	cmd := &cobra.Command{
		Use: "believed", Short: "Show what was believed at a moment, and what was true", Long: believedHelp, Args: cobra.NoArgs,
		Example: `  jejak audit believed --at 2024-02-13T06:45WIB --data ./demo-data
  jejak audit believed --at 2024-02-13T06:45+07:00 --regency 3578 --figure stations.ready`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if at == "" {
				return exit.Errorf(exit.Usage, "say when: --at TIME, such as 2024-02-13T06:45WIB")
			}
			if _, err := history.ParseTime("at", at); err != nil {
				fault, _ := history.Asks(err)
				return wrongUsage([]*history.Fault{fault}, nil)
			}
			all := []form.Believed{}
			err := f.each(cmd, "believed", url.Values{"at": {at}, "figure": {f.figure}}, func(body []byte) error {
				var b form.Believed
				if err := json.Unmarshal(body, &b); err != nil {
					return fmt.Errorf("read what was believed: %w", err)
				}
				if f.regency != "" || b.Late+len(b.Ahead) > 0 {
					all = append(all, b)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if f.asJSON {
				return printJSON(cmd.OutOrStdout(), map[string][]form.Believed{"regencies": all})
			}
			return terminal.Print(cmd.OutOrStdout(), folded(cmd.OutOrStdout(), believedText(all, at, f.figure)))
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "the moment, with its zone")
	return cmd
}

// believedText writes what was believed and what was true for people; figure is as in diffText.
func believedText(all []form.Believed, at, figure string) terminal.Text {
	var out terminal.Page
	if len(all) > 1 {
		sums, late := figureSums{}, 0
		for _, b := range all {
			late += b.Late
			for _, d := range b.Figures {
				sums.add(d.Figure, d.Believed, d.True, d.Changes, d.Types)
			}
		}
		out.Printf("semua / all: at %s, %s in %d regencies had occurred and were told later\n", shown(all[0].At), number(late, "event", "events"), len(all))
		sums.write(&out, differed)
	}
	for _, b := range all {
		out.Printf("%s %s: at %s, position %d, %s had occurred and were told later\n", b.Code, b.Name, shown(b.At), b.Position, number(b.Late, "event", "events"))
		for _, d := range b.Figures {
			out.Printf("  %-34s %s %s\n", d.Figure, differed(d.Believed, d.True), by(d.Changes, d.Types))
			out.Add(eventLines(d.Events, d.Changes))
		}
		switch {
		case len(b.Figures) > 0:
		case figure != "":
			out.Printf("  what was believed of %s was true\n", figure)
		default:
			out.Printf("  all figures were true\n")
		}
		if len(b.Ahead) > 0 {
			out.Printf("  %s recorded by then had not occurred, or prove what had not:\n", number(len(b.Ahead), "event", "events"))
			for _, e := range b.Ahead[:min(len(b.Ahead), 5)] {
				out.Printf("      %s  occurred %s  recorded %s  position %d  event %s\n", e.Type, shown(e.OccurredAt), shown(e.RecordedAt), e.Position, e.Event)
			}
		}
	}
	if len(all) == 0 {
		out.Printf("at %s everything that had occurred was recorded: what was believed was true\n", at)
	}
	return out.Text()
}
