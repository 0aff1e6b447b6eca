package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/follow"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const watchHelp = `Follow what happens, live over NATS, until Ctrl-C: each event once and in order, also when the signal is lost or the server restarts meanwhile. What
went wrong stands out with !!.

--since last begins now, --since TIME with what was recorded from then on, --since POSITION after a position of the log. A token hears what its role and
scope may: a police unit the shipments that it escorts.

Mengikuti kejadian secara langsung; yang bermasalah ditandai !!.`

type watchFlags struct {
	reach
	nats            string
	areas           []string
	shipment, since string
	asJSON          bool
}

func newWatchCommand() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow what happens, live",
		Long:  watchHelp,
		Example: `  jejak watch --data ./demo-data --area 3578
  jejak watch --data ./demo-data --shipment SHP-3576-D01-1 --since 2024-02-09T00:00:00+07:00
  jejak watch --url https://jejak.example --nats tls://jejak.example:4222 --token-file escort.token --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.url != "" && f.nats == "" {
				return exit.Errorf(exit.Usage, "--url needs --nats too, the address of the feed, such as nats://127.0.0.1:4222")
			}
			return watch(cmd, f)
		},
	}
	flags := cmd.Flags()
	f.reach.flags(flags)
	flags.StringVar(&f.nats, "nats", "", "address of NATS (default: that of the server of --data)")
	flags.StringSliceVar(&f.areas, "area", nil, "only these regions or police units, such as 3578 or P3578A")
	flags.StringVar(&f.shipment, "shipment", "", "only this shipment")
	flags.StringVar(&f.since, "since", "last", "last, a time (RFC 3339) or a position of the log")
	flags.BoolVar(&f.asJSON, "json", false, "print each message as a line of JSON")
	return cmd
}

func watch(cmd *cobra.Command, f watchFlags) error {
	_, token, err := f.reach.find("jejak serve")
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	say := func(t terminal.Text) { _ = terminal.Print(cmd.ErrOrStderr(), t, terminal.Own("\n")) } // who does not read it is not told
	colour := terminal.Watched(out)
	enc := json.NewEncoder(out)
	err = follow.Follow(cmd.Context(), follow.Config{
		Find: f.addresses, Token: token, Query: api.FeedQuery{Areas: f.areas, Shipment: f.shipment, Since: f.since},
		Each: func(m follow.Message) error {
			if f.asJSON {
				return enc.Encode(m)
			}
			line, err := watchLine(m, colour)
			if err != nil {
				return err
			}
			return terminal.Print(out, line, terminal.Own("\n"))
		},
		Gap: func(after, oldest uint64) {
			say(terminal.Sprintf("umpan mulai pada posisi %d: yang sesudah %d sampai itu dibaca lewat HTTP / the feed begins at position %[1]d: read what is after %[2]d over HTTP", oldest, after))
		},
		Trouble: trouble(say),
	})
	var answered *client.StatusError
	if errors.As(err, &answered) && answered.Status == http.StatusUnauthorized {
		return fmt.Errorf("watch: %w: the token is wrong, expired or revoked", err)
	}
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	return nil
}

// trouble tells once why nothing comes, and once that it does again.
func trouble(say func(terminal.Text)) func(error) {
	var since time.Time
	return func(err error) {
		switch {
		case err != nil && since.IsZero():
			since = time.Now()
			say(terminal.Sprintf("terputus, mencoba lagi / cut off, trying again: %v", err))
		case err == nil && !since.IsZero():
			say(terminal.Sprintf("tersambung lagi setelah / back after %s", time.Since(since).Round(time.Second)))
			since = time.Time{}
		}
	}
}

// addresses are where the server and its NATS answer now.
func (f *watchFlags) addresses() (http, nats string, err error) {
	if f.url != "" {
		return f.url, f.nats, nil
	}
	serving, ok, err := server.FindServing(f.dir)
	if err != nil {
		return "", "", err
	}
	if !ok {
		return "", "", fmt.Errorf("no server runs on %s", f.dir)
	}
	if f.nats != "" {
		serving.NATS = f.nats
	}
	return serving.HTTP, serving.NATS, nil
}
