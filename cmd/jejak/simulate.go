package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/refdata"
	"jejak/internal/simulation"
	"jejak/internal/telemetry"
)

const simulateHelp = `Play the people of the province against a running server whose clock is driven: suppliers, warehouses, drivers, police, committees and
crews, with everything that goes wrong among them. At the end what the server says is compared with what was played: every injected
failure must be an open discrepancy, every open discrepancy must have a cause, every count must be equal.

The server is that of the data directory DIR, or the one at --url with the admin's token from --token-file. The state of the simulation
(simulation.json) and the outcome (verdict.json) are kept in DIR or in --state; started again after being cut off, it goes on.

Exit code 3 when the comparison fails, 4 when the server does not answer.`

const defaultSeed = 1

// played are the flags that say what is played.
type played struct {
	regencies []string
	all       bool
	seed      uint64
}

func (p *played) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&p.regencies, "regency", nil, "play these regencies in full, by their codes (default "+strings.Join(simulation.Default(), ",")+")")
	flags.BoolVar(&p.all, "all", false, "play all 38 regencies in full")
	flags.Uint64Var(&p.seed, "seed", defaultSeed, "from which ids, times and failures follow")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("regency", completeRegencies)
}

// check tells everything that is wrong with the flags before anything is touched.
func (p *played) check() error {
	var errs []error
	if p.all && len(p.regencies) > 0 {
		errs = append(errs, errors.New("--all and --regency exclude each other"))
	}
	known, err := regencies()
	if err != nil {
		return err
	}
	for _, code := range p.regencies {
		if _, ok := known[code]; !ok {
			errs = append(errs, fmt.Errorf("--regency %q: there is no such regency: use codes of 4 digits, such as 3578", code))
		}
	}
	return exit.With(exit.Usage, errors.Join(errs...))
}

// inFull are the regencies that are played in full; all of them where the map is nil.
func (p *played) inFull() map[string]bool {
	if p.all {
		return nil
	}
	list := p.regencies
	if len(list) == 0 {
		list = simulation.Default()
	}
	set := make(map[string]bool, len(list))
	for _, code := range list {
		set[code] = true
	}
	return set
}

// simulateFlags are what simulate is told.
type simulateFlags struct {
	played
	reach
	state         string
	again, asJSON bool
	workers       int
	patience      time.Duration
}

func newSimulateCommand() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play the people of the province against a running server",
		Long:  simulateHelp,
		Example: `  jejak serve --data ./training --clock driven &
  jejak simulate --data ./training --regency 3576
  jejak simulate --url http://127.0.0.1:8080 --token-file admin.token --state ./run1 --all --json
  jejak simulate --data ./training --regency 3576 --again   # sends everything a second time: nothing may be added`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return simulate(cmd, f)
		},
	}
	flags := cmd.Flags()
	f.reach.flags(flags)
	flags.StringVar(&f.state, "state", "", "folder of simulation.json and verdict.json (default: --data)")
	f.played.flags(cmd)
	flags.BoolVar(&f.again, "again", false, "send everything from the beginning, although it was sent before")
	flags.IntVar(&f.workers, "workers", 24, "requests under way at once")
	flags.DurationVar(&f.patience, "patience", 2*time.Minute, "how long to wait in the middle for a server that does not answer")
	flags.BoolVar(&f.asJSON, "json", false, "print the verdict as a JSON object")
	return cmd
}

func (f *simulateFlags) check(flags *pflag.FlagSet) error {
	errs := []error{f.played.check()}
	if f.workers < 1 || f.workers > 1000 {
		errs = append(errs, exit.Errorf(exit.Usage, "--workers %d: give 1 to 1000", f.workers))
	}
	if f.url != "" && !flags.Changed("data") {
		if f.tokenFile == "" {
			errs = append(errs, exit.Errorf(exit.Usage, "--url needs --token-file, the file with the admin's token"))
		}
		if f.state == "" {
			errs = append(errs, exit.Errorf(exit.Usage, "--url needs --state, a folder for simulation.json and verdict.json"))
		}
	}
	return errors.Join(errs...)
}

func simulate(cmd *cobra.Command, f simulateFlags) error {
	c, url, token, err := f.connect("jejak serve --clock driven")
	if err != nil {
		return err
	}
	defer c.Close()
	if err := mayBePlayedOn(cmd.Context(), c, url, token); err != nil {
		return err
	}
	show := newShow(cmd.ErrOrStderr(), nil)
	verdict, err := simulation.Run(cmd.Context(), simulation.Config{
		URL: url, AdminToken: token, Seed: f.seed, Regencies: f.regencies, All: f.all, Reference: refdata.Files(), StateDir: f.stateDir(),
		Again: f.again, Workers: f.workers, Patience: f.patience, Progress: show.progress,
		Logger: telemetry.NewLog(cmd.ErrOrStderr(), f.asJSON, slog.LevelWarn),
	})
	show.end()
	if err != nil {
		return cutOff(cmd, "jejak simulate", err)
	}
	if f.asJSON {
		err = printJSON(cmd.OutOrStdout(), verdict)
	} else {
		err = printVerdict(cmd.OutOrStdout(), verdict)
	}
	return errors.Join(err, disagrees(verdict, filepath.Join(f.stateDir(), simulation.VerdictFile)))
}

func (f *simulateFlags) stateDir() string {
	if f.state != "" {
		return f.state
	}
	return f.dir
}

// mayBePlayedOn refuses a server that is not there, does not know the token, or holds real records.
func mayBePlayedOn(ctx context.Context, c *client.Client, url, token string) error {
	var now api.Clock
	_, err := c.Get(ctx, token, "/v1/clock", nil, 0, &now)
	var status *client.StatusError
	if errors.As(err, &status) && status.Status == http.StatusUnauthorized {
		return fmt.Errorf("%w: give the admin's token of this server with --token-file", err)
	}
	if err != nil {
		return reached(err)
	}
	if !now.Simulated {
		return fmt.Errorf("the server at %s holds real records: a simulation plays on a data directory of its own, served with --clock driven", url)
	}
	return nil
}

// cutOff explains why a simulation did not come to its end.
func cutOff(cmd *cobra.Command, program string, err error) error {
	var other *simulation.OtherError
	switch {
	case cmd.Context().Err() != nil:
		return fmt.Errorf("stopped: starting %s again with the same flags goes on from here", program)
	case errors.As(err, &other):
		return exit.With(exit.Usage, err)
	}
	return reached(err)
}

// disagrees is the error of a comparison that failed.
func disagrees(v *simulation.Verdict, file string) error {
	if v.OK {
		return nil
	}
	return exit.Errorf(exit.Mismatch, "the server does not agree with what was played: %s, %s, %s, %s; see %s",
		number(v.MissingCount, "injected failure not found", "injected failures not found"), number(v.FalseAlarmsCount, "false alarm", "false alarms"),
		number(v.MismatchesCount, "figure differs", "figures differ"), number(v.SurprisesCount, "unexpected answer", "unexpected answers"), file)
}
