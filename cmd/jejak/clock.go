package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/client"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const clockHelp = `What is recorded bears the time of the server's clock for ever. So a clock that cannot be right is not believed: while a server runs, one that was set by
more than a day at once (commands are answered 503 server_clock); at a start, one that is more than 2 minutes before the newest record of the log, or more than
400 days after it (the server does not start).

Set the machine's clock right (NTP), and all goes on. If it is right now,  jejak clock accept  says so.`

const clockAcceptHelp = `Say that the machine's clock is right, although it was set by more than a day while the server ran, or a start is refused because of it.

While a server has the data directory, it is asked, with the token of the province's administrator: it takes commands again from then on, by the new time.
Otherwise the word is kept in the data directory: it holds for one start within an hour, for the log as it is. A clock with which nothing is wrong is left alone.`

func newClockCommand() *cobra.Command {
	return group("clock", "Look at the server's clock, or say that it is right", clockHelp, newClockShowCommand(), newClockAcceptCommand())
}

// clockShown is what `clock show --json` prints.
type clockShown struct {
	Server    bool   `json:"server"`            // a running server says so; else it is how a start would go
	Now       string `json:"now"`               // the server's time, or the machine's
	Simulated bool   `json:"simulated"`         // the clock is driven
	Believed  bool   `json:"believed"`          // commands are taken, or a start is not refused
	Machine   string `json:"machine,omitempty"` // what the machine's clock says, while the server does not believe it
	Newest    string `json:"newest,omitempty"`  // when the newest record was recorded; not asked of a server
}

func newClockShowCommand() *cobra.Command {
	var a clockAsker
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Tell the server's time, and whether its clock is believed",
		Long:    "Tell the server's time, and whether its clock is believed. Where no server has the data directory: whether one would start by the machine's clock.",
		Example: "  jejak clock show --data ./jejak-data\n  jejak clock show --url https://jejak.example.org --token-file token --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, shown := cmd.Context(), clockShown{}
			err := a.ask(ctx, func(c *client.Client, token string) error {
				state, err := c.ClockState(ctx, token)
				shown = clockShown{Server: true, Now: state.Now, Simulated: state.Simulated, Believed: state.Machine == "", Machine: state.Machine}
				return err
			}, func(now time.Time) error {
				start, err := server.LookAtClock(ctx, a.dir, a.store, now)
				shown = clockShown{Now: stamped(start.Now), Simulated: start.Simulated, Believed: !start.Refused || start.Word, Newest: stamped(start.Newest)}
				return err
			})
			switch {
			case err != nil:
				return fmt.Errorf("look at the clock: %w", err)
			case asJSON:
				return printJSON(cmd.OutOrStdout(), shown)
			}
			return printClock(cmd.OutOrStdout(), &shown)
		},
	}
	a.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"server", "now", "simulated", "believed", "machine", "newest"}`)
	return cmd
}

func printClock(w io.Writer, c *clockShown) error {
	state := "believed"
	switch {
	case c.Simulated:
		state = "driven: the directory is a simulation"
	case !c.Believed && c.Server:
		state = "the machine's clock was set and is not believed: commands are refused. If it is right now: jejak clock accept"
	case !c.Believed:
		state = "too far from the newest record: no server starts. If the clock is right now: jejak clock accept"
	}
	var out terminal.Page
	out.Printf("now      %s\n", c.Now)
	if c.Machine != "" {
		out.Printf("machine  %s\n", c.Machine)
	}
	if c.Newest != "" {
		out.Printf("newest   %s\n", c.Newest)
	}
	out.Printf("clock    %s\n", state)
	return terminal.Print(w, out.Text())
}

// clockAccepted is what `clock accept --json` prints.
type clockAccepted struct {
	Accepted bool   `json:"accepted"`         // false: there was nothing to accept, and nothing was done
	Before   string `json:"before,omitempty"` // the server's time until then, or of the newest record
	Now      string `json:"now"`              // the time that is believed
	Start    bool   `json:"start"`            // it is for the next start; else the running server goes by it
}

func newClockAcceptCommand() *cobra.Command {
	var a clockAsker
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "accept",
		Short:   "Say that the machine's clock is right although it was set",
		Long:    clockAcceptHelp,
		Example: "  jejak clock accept --data ./jejak-data\n  jejak clock accept --url https://jejak.example.org --token-file token --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, done := cmd.Context(), clockAccepted{}
			err := a.ask(ctx, func(c *client.Client, token string) error {
				answer, err := c.AcceptClock(ctx, token)
				done = clockAccepted{Accepted: answer.Accepted, Before: answer.Before, Now: answer.Now}
				return err
			}, func(now time.Time) error {
				start, accepted, err := server.AcceptClock(ctx, a.dir, a.store, now)
				done = clockAccepted{Accepted: accepted, Before: stamped(start.Newest), Now: stamped(start.Now), Start: true}
				return err
			})
			switch {
			case err != nil:
				return fmt.Errorf("accept the clock: %w", err)
			case asJSON:
				return printJSON(cmd.OutOrStdout(), done)
			}
			return printClockAccepted(cmd.OutOrStdout(), &done)
		},
	}
	a.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"accepted", "before", "now", "start"}`)
	return cmd
}

func printClockAccepted(w io.Writer, c *clockAccepted) error {
	switch {
	case !c.Accepted:
		return terminal.Fprintf(w, "nothing to accept: with the clock (%s) nothing is wrong, and nothing was done\n", c.Now)
	case c.Start:
		return terminal.Fprintf(w, "accepted: the clock says %s, the newest record is of %s; start the server within an hour, the word holds for one start\n", c.Now, c.Before)
	default:
		return terminal.Fprintf(w, "accepted: the server's time was %s and is %s from now on\n", c.Before, c.Now)
	}
}

// stamped writes a time, "" for none.
func stamped(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// clockAsker asks about a clock where it can be asked: the server at --url, the one that has the data directory, or, where
// none has it, the directory itself.
type clockAsker struct {
	reach
	store string
}

func (a *clockAsker) flags(cmd *cobra.Command) {
	a.reach.flags(cmd.Flags())
	storeFlag(cmd.Flags(), &a.store)
}

// ask asks a server, or by the machine's clock the directory.
func (a *clockAsker) ask(ctx context.Context, running func(*client.Client, string) error, stopped func(time.Time) error) error {
	if err := checkStore(a.store); err != nil {
		return err
	}
	if a.url != "" {
		c, _, token, err := a.connect("jejak serve")
		if err != nil {
			return err
		}
		defer c.Close()
		return reached(running(c, token))
	}
	err := stopped(time.Now())
	var held *lock.HeldError
	if !errors.As(err, &held) {
		return storeAway(err)
	}
	t, ok, err := askServer(a.dir, a.tokenFile)
	if err != nil {
		return err
	}
	if !ok { // not a server, or one that is still starting
		return inUse(held)
	}
	defer t.client.Close()
	return reached(running(t.client, t.token))
}
