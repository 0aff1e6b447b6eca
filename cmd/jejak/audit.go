package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/exit"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const verifyHelp = `Read the whole log of a data directory and say all that is wrong with its form: pages that the disk has changed, positions and versions that
are missing or there twice, events that are recorded twice, commands and streams that lead elsewhere than the log says. Nothing is changed.
With a problem the exit code is 3.

No server may have the directory meanwhile. What this cannot know is whether somebody has replaced the log as a whole by another that holds
by itself.`

func newAuditCommand() *cobra.Command {
	return group("audit", "Check what the log holds", "Commands of those who check.", newVerifyCommand(), newExportCommand())
}

func newVerifyCommand() *cobra.Command {
	var dir, store string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "Check that the log is whole and nothing is in it twice",
		Long:    verifyHelp,
		Example: "  jejak audit verify --data ./jejak-data\n  jejak audit verify --data ./demo-data --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkStore(store); err != nil {
				return err
			}
			return verifyLog(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), dir, store, asJSON)
		},
	}
	dataFlag(cmd.Flags(), &dir)
	storeFlag(cmd.Flags(), &store)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// logVerified is what `audit verify --json` prints.
type logVerified struct {
	OK       bool     `json:"ok"`
	Events   uint64   `json:"events"`
	Streams  uint64   `json:"streams"`
	Commands uint64   `json:"commands"`
	Position uint64   `json:"position"` // up to which the log was read
	Problems []string `json:"problems"`
}

func verifyLog(ctx context.Context, out, progress io.Writer, dir, store string, asJSON bool) error {
	report, err := server.VerifyLog(ctx, dir, store, reading(progress))
	var held *lock.HeldError
	if errors.As(err, &held) {
		return inUse(held)
	}
	if err != nil {
		return storeAway(fmt.Errorf("verify the log: %w", err))
	}
	if asJSON {
		err = printJSON(out, logVerified{
			OK: len(report.Problems) == 0, Events: report.Events, Streams: report.Streams, Commands: report.Commands,
			Position: uint64(report.Head), Problems: append([]string{}, report.Problems...),
		})
	} else {
		for _, p := range report.Problems {
			fmt.Fprintln(out, p)
		}
		_, err = fmt.Fprintf(out, "%s events of %s commands in %s streams were read, up to position %d: %s\n", terminal.Number(int64(report.Events)),
			terminal.Number(int64(report.Commands)), terminal.Number(int64(report.Streams)), report.Head, number(len(report.Problems), "problem", "problems"))
	}
	if err != nil || len(report.Problems) == 0 {
		return err
	}
	return exit.Errorf(exit.Mismatch, "the log does not hold: %s", number(len(report.Problems), "problem", "problems"))
}

// reading shows how far a check has come to a person who watches; nil where nobody does.
func reading(w io.Writer) func(done, total uint64) {
	if !terminal.Watched(w) {
		return nil
	}
	live := terminal.NewLive(w)
	var last time.Time
	return func(done, total uint64) {
		if done < total && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		live.Paint("reading the log " + terminal.Bar(int64(done), int64(total), 40))
	}
}
