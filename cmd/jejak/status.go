package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

const statusHelp = `The board of the regencies, worst first: which are late, which say nothing, where something is open. Every figure of a line is of one moment, whose
age stands beside it. A regency that has recorded nothing for --silent-after is "unknown", whatever its last figures say.

On a terminal the board is live until Ctrl-C; --once prints it once, as does a pipe. --regency shows one regency in full.

Papan kabupaten/kota, yang terburuk di atas. Yang diam lebih lama dari --silent-after keadaannya "tidak diketahui".`

// statusEvery is how often a live board is read.
const statusEvery = 2 * time.Second

type statusFlags struct {
	reach
	election, regency string
	silentAfter       time.Duration
	once, asJSON      bool
}

func newStatusCommand() *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the board of the regencies, worst first",
		Long:  statusHelp,
		Example: `  jejak status --data ./demo-data
  jejak status --regency 3578 --data ./demo-data
  jejak status --url https://jejak.example --token-file token --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.silentAfter <= 0 {
				return exit.Errorf(exit.Usage, "--silent-after %s: give a time above 0, such as 12h", f.silentAfter)
			}
			return status(cmd, f)
		},
	}
	flags := cmd.Flags()
	f.reach.flags(flags)
	electionFlag(cmd, &f.election)
	flags.StringVar(&f.regency, "regency", "", "only this regency, in full")
	flags.DurationVar(&f.silentAfter, "silent-after", 12*time.Hour, "a regency that records nothing for so long is unknown")
	flags.BoolVar(&f.once, "once", false, "print once, also on a terminal")
	flags.BoolVar(&f.asJSON, "json", false, "print a JSON object once")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("regency", completeRegencies)
	return cmd
}

// board is what status shows: rows of one moment of reading.
type board struct {
	Election  string       `json:"election"`
	Now       time.Time    `json:"now"` // the server's time
	Simulated bool         `json:"simulated"`
	Rows      []boardEntry `json:"rows"` // worst first
}

func status(cmd *cobra.Command, f statusFlags) error {
	c, _, token, err := f.connect("jejak serve")
	if err != nil {
		return err
	}
	defer c.Close()
	b, err := f.read(cmd.Context(), c, token)
	switch {
	case err != nil:
		return statusError(err)
	case f.asJSON:
		return printJSON(cmd.OutOrStdout(), b)
	case f.once || !terminal.Watched(cmd.OutOrStdout()):
		return terminal.Print(cmd.OutOrStdout(), f.paint(b, false))
	}
	f.follow(cmd, c, token, b)
	return nil
}

// follow keeps the board on the terminal until Ctrl-C. What cannot be read is said under the last board, which grows old in sight.
func (f *statusFlags) follow(cmd *cobra.Command, c *client.Client, token string, b board) {
	live := terminal.NewLive(cmd.OutOrStdout())
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	read, trouble := time.Now(), terminal.Text{}
	for {
		live.Paint(terminal.Sprintf("%s%s", f.paint(b, true), trouble))
		select {
		case <-cmd.Context().Done():
			live.Leave()
			return
		case <-tick.C:
		}
		next, err := f.read(cmd.Context(), c, token)
		if err == nil {
			b, read, trouble = next, time.Now(), terminal.Text{}
			continue
		}
		trouble = terminal.Sprintf("\n!! tidak terbaca selama / not read for %s: %v\n", time.Since(read).Round(time.Second), err)
	}
}

// read asks the server for its time and the rows.
func (f *statusFlags) read(ctx context.Context, c *client.Client, token string) (board, error) {
	var now api.Clock
	if _, err := c.Get(ctx, token, "/v1/clock", nil, 0, &now); err != nil {
		return board{}, err
	}
	at, err := domain.StoredTime(now.Now)
	if err != nil {
		return board{}, fmt.Errorf("read the server's time: %w", err)
	}
	var rows []form.RegencyRow
	path := "/v1/elections/" + f.election + "/regencies"
	if f.regency != "" {
		rows = make([]form.RegencyRow, 1)
		_, err = c.Get(ctx, token, path+"/"+f.regency, nil, 0, &rows[0])
	} else {
		_, err = c.Get(ctx, token, path, nil, 0, &rows)
	}
	if err != nil {
		return board{}, err
	}
	b := board{Election: f.election, Now: at, Simulated: now.Simulated, Rows: make([]boardEntry, len(rows))}
	for i, row := range rows {
		if b.Rows[i], err = judge(row, at, f.silentAfter); err != nil {
			return board{}, err
		}
	}
	worstFirst(b.Rows)
	return b, nil
}

func (f *statusFlags) paint(b board, colour bool) terminal.Text {
	var out terminal.Page
	if b.Simulated {
		out.Printf("SIMULASI: semuanya rekaan / SIMULATION: all of it is made up\n")
	}
	out.Printf("%s, %s\n", b.Election, b.Now.Format("2006-01-02 15:04:05 -07:00"))
	if f.regency != "" {
		out.Add(details(b.Rows[0], colour))
	} else {
		out.Add(statusTable(b.Rows, colour))
	}
	return out.Text()
}

// statusError gives the errors of a first reading their exit codes.
func statusError(err error) error {
	var answered *client.StatusError
	if errors.As(err, &answered) && answered.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w: give a token of this server with --token-file", err)
	}
	return reached(err)
}
