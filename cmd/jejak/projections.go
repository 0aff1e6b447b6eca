package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/exit"
	"jejak/internal/server"
	"jejak/internal/terminal"
	"jejak/internal/views"
)

const projectionsHelp = `The read models that are asked for across all units (the board of the regencies and others) have one row a unit in DIR/views.db. Every row is made
from the unit's ledger, and so from the log: the file may be deleted at any time, and the server makes it anew.

These commands need the data directory for themselves: while a server has it they end with exit code 5. The server keeps the rows up to the log
by itself, and /readyz and /metrics say how far it is.`

// projections are what the commands are told.
type projectionFlags struct {
	dir, store string
	asJSON     bool
}

func newProjectionsCommand() *cobra.Command {
	return group("projections", "Look at, make and check the kept read models", projectionsHelp,
		newProjectionsListCommand(), newProjectionsRebuildCommand(), newProjectionsVerifyCommand())
}

// projectionCommand is one of the commands, working on the log of a directory.
func projectionCommand(use, short, long, example string, args cobra.PositionalArgs,
	run func(cmd *cobra.Command, log *server.Log, f projectionFlags, args []string) error) *cobra.Command {
	var f projectionFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: args,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := checkStore(f.store); err != nil {
				return err
			}
			if _, unknown := views.Named(views.All(false), args...); len(unknown) > 0 {
				return exit.Errorf(exit.Usage, "there is no projection %q: there are %s", unknown[0], strings.Join(viewNames(), ", "))
			}
			log, err := openLog(cmd.Context(), f.dir, f.store)
			if err != nil {
				return fmt.Errorf("%s: %w", strings.TrimPrefix(cmd.CommandPath(), "jejak "), err)
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			return run(cmd, log, f, args)
		},
	}
	dataFlag(cmd.Flags(), &f.dir)
	storeFlag(cmd.Flags(), &f.store)
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print a JSON object")
	return cmd
}

func viewNames() []string {
	var names []string
	for _, v := range views.All(false) {
		names = append(names, v.Name)
	}
	return names
}

func openLog(ctx context.Context, dir, store string) (*server.Log, error) {
	log, err := server.OpenLog(ctx, dir, store)
	var held *lock.HeldError
	if errors.As(err, &held) {
		return nil, inUse(held)
	}
	return log, storeAway(err)
}

// folding makes what rows are made from, with a bar for whoever watches; end must be called.
func folding(log *server.Log, w io.Writer) (from views.Log, end func()) {
	from = views.Log{Store: log.Store, Catalog: log.Catalog}
	if !terminal.Watched(w) {
		return from, func() {}
	}
	live := terminal.NewLive(w)
	from.Progress = func(done, all uint64) {
		live.Paint(terminal.Sprintf("%s %s of %s events\n", terminal.Bar(int64(done), int64(all), 30), terminal.Number(int64(done)), terminal.Number(int64(all))))
	}
	return from, live.Leave
}

func newProjectionsListCommand() *cobra.Command {
	return projectionCommand("list", "List the kept read models and how far they are", "List the kept read models, how many rows each has, and how far these are.",
		"  jejak projections list --data ./jejak-data\n  jejak projections list --json", cobra.NoArgs,
		func(cmd *cobra.Command, log *server.Log, f projectionFlags, _ []string) error {
			file, err := views.OpenAsIs(log.ViewsPath)
			var rows []views.Row
			switch {
			case errors.Is(err, fs.ErrNotExist): // as good as empty
			case err != nil:
				return damagedViews(err)
			default:
				defer func() { _ = file.Close() }() // only read from
				if rows, err = file.Rows(); err != nil {
					return damagedViews(err)
				}
			}
			all, err := views.List(cmd.Context(), views.Log{Store: log.Store, Catalog: log.Catalog}, views.All(log.Simulated), rows)
			if err != nil {
				return fmt.Errorf("projections list: %w", err)
			}
			return printListed(cmd.OutOrStdout(), all, f.asJSON)
		})
}

// damagedViews is what is said of a file that cannot be read.
func damagedViews(err error) error {
	return exit.Errorf(exit.Mismatch, "%w: the file is damaged: jejak projections rebuild makes it anew, and so does the server", err)
}

func printListed(w io.Writer, all []views.Listed, asJSON bool) error {
	if asJSON {
		return printJSON(w, map[string]any{"projections": all})
	}
	rows := make([][]string, len(all))
	for i, v := range all {
		rows[i] = []string{v.View, fmt.Sprint(v.Version), terminal.Number(int64(v.Rows)), terminal.Number(int64(v.Units)), terminal.Number(int64(v.Behind)),
			terminal.Number(int64(v.Position)), terminal.Number(int64(v.Bytes)), terminal.Number(int64(v.Old))}
	}
	err := terminal.Print(w, terminal.Table([]terminal.Column{
		{Title: "projection"}, {Title: "version", Right: true}, {Title: "rows", Right: true}, {Title: "units", Right: true}, {Title: "behind", Right: true},
		{Title: "position", Right: true}, {Title: "bytes", Right: true}, {Title: "old rows", Right: true},
	}, rows))
	return err
}

func newProjectionsRebuildCommand() *cobra.Command {
	return projectionCommand("rebuild [NAME]", "Make the read models anew from the log",
		"Fold every ledger from its first event and put the rows in place of the old ones: all, or those of one read model. When a ledger cannot be read\n"+
			"nothing is changed. A broken file is deleted first. Two ledgers are in memory at once, the longest first.\n\nRead models: "+strings.Join(viewNames(), " "),
		"  jejak projections rebuild --data ./jejak-data\n  jejak projections rebuild regency --json", cobra.MaximumNArgs(1),
		func(cmd *cobra.Command, log *server.Log, f projectionFlags, args []string) (err error) {
			server.TuneMemory(cmd.Context(), 0)
			chosen, _ := views.Named(views.All(log.Simulated), args...)
			file, err := views.Open(log.ViewsPath)
			if err != nil {
				return fmt.Errorf("projections rebuild: %w", err)
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			if _, err := file.Rows(); err != nil {
				if err := file.Renew(); err != nil {
					return fmt.Errorf("projections rebuild: %w", err)
				}
			}
			from, end := folding(log, cmd.ErrOrStderr())
			done, err := views.Rebuild(cmd.Context(), from, chosen, file)
			end()
			if err != nil {
				return fmt.Errorf("projections %w", err)
			}
			if f.asJSON {
				return errors.Join(printJSON(cmd.OutOrStdout(), map[string]uint64{"ledgers": uint64(done.Ledgers), "events": done.Events, "rows": uint64(done.Rows)}),
					partly(texts(done.Unreadable)))
			}
			err = terminal.Fprintf(cmd.OutOrStdout(), "%s from %s of %s\n", number(done.Rows, "row", "rows"), number(int(done.Events), "event", "events"),
				number(done.Ledgers, "ledger", "ledgers"))
			return errors.Join(err, partly(texts(done.Unreadable)))
		})
}

func texts(errs []error) []string {
	var list []string
	for _, err := range errs {
		list = append(list, err.Error())
	}
	return list
}

// verified is what `projections verify --json` prints.
type verified struct {
	OK          bool               `json:"ok"`
	Rows        int                `json:"rows"`    // compared
	Missing     int                `json:"missing"` // not there: no difference, they are made when the server runs
	Behind      int                `json:"behind"`  // without the newest events: compared as far as they go
	Other       int                `json:"other"`   // of other versions of the program, left alone
	Events      uint64             `json:"events"`  // folded
	Differences []views.Difference `json:"differences"`
}

func newProjectionsVerifyCommand() *cobra.Command {
	return projectionCommand("verify", "Compare the read models with the log, byte by byte",
		"Fold every ledger from its first event up to where its rows are, make them again, and compare byte by byte. Exit code 3 when a row is not what the\n"+
			"log gives, or the file is damaged. Nothing is changed.",
		"  jejak projections verify --data ./jejak-data\n  jejak projections verify --json", cobra.NoArgs,
		func(cmd *cobra.Command, log *server.Log, f projectionFlags, _ []string) (err error) {
			server.TuneMemory(cmd.Context(), 0)
			file, err := views.OpenAsIs(log.ViewsPath)
			if errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("projections verify: there is nothing to compare: %w", err)
			}
			if err != nil {
				return damagedViews(err)
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			if _, err := file.Rows(); err != nil {
				return damagedViews(err)
			}
			from, end := folding(log, cmd.ErrOrStderr())
			done, err := views.Verify(cmd.Context(), from, views.All(log.Simulated), file)
			end()
			if err != nil {
				return fmt.Errorf("projections %w", err)
			}
			return printVerified(cmd.OutOrStdout(), done, f.asJSON)
		})
}

func printVerified(w io.Writer, done views.Verified, asJSON bool) (err error) {
	if asJSON {
		err = printJSON(w, verified{
			OK: len(done.Differences) == 0, Rows: done.Rows, Missing: done.Missing, Behind: done.Behind, Other: done.Other, Events: done.Events,
			Differences: append([]views.Difference{}, done.Differences...),
		})
	} else {
		var out terminal.Page
		for _, d := range done.Differences {
			out.Printf("%v\n", d)
		}
		out.Printf("%s compared with %s: %s\n", number(done.Rows, "row", "rows"), number(int(done.Events), "event", "events"),
			number(len(done.Differences), "difference", "differences"))
		if done.Missing+done.Behind+done.Other > 0 {
			out.Printf("not there %d, without the newest events %d, of another version of the program %d\n", done.Missing, done.Behind, done.Other)
		}
		err = terminal.Print(w, out.Text())
	}
	if err != nil || len(done.Differences) == 0 {
		return err
	}
	return exit.Errorf(exit.Mismatch, "the read models are not what the log gives: %s; jejak projections rebuild makes them anew",
		number(len(done.Differences), "row differs", "rows differ"))
}
