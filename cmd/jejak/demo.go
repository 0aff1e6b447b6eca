package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/refdata"
	"jejak/internal/server"
	"jejak/internal/simulation"
	"jejak/internal/telemetry"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

const demoHelp = `Serve a made-up Pemilu 2024 of East Java and play it: the real 38 regencies, 666 districts, 8,494 villages and 120,666 polling stations, with
made-up people, acts and failures on a driven clock. Every step is a command over HTTP. In full are played a few regencies (--regency
others, --all the whole province); all 38 have their supporting data and need plans.

At the end what the server says is compared with what was played (exit code 3 when it differs). Then it keeps serving, so that you can look
around, until Ctrl-C; --exit ends instead.

Everything lies in DIR. Stopped in the middle and started again it goes on; --fresh starts over. ` + storeHelp + `

` + natsHelp + `

Voters per station are derived, not official.`

// demoFlags are what demo is told.
type demoFlags struct {
	played
	dir, listen, store  string
	nats                natsFlags
	fresh, exit, asJSON bool
	anyPort             bool         // the address was not asked for: another port will do
	log                 *slog.Logger // into a file, because the screen is for the play
}

func newDemoCommand() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play the election of East Java on this machine, and look around",
		Long:  demoHelp,
		Example: `  jejak demo
  jejak demo --regency 3576 --exit --fresh
  jejak demo --all --data ./province --listen 127.0.0.1:8090
  jejak demo --exit --json
  jejak demo --store 'esdb://127.0.0.1:2113?tls=false' --data ./demo-on-eventstore`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(f.check(), f.checkListen(), f.checkStore(), f.nats.check()); err != nil {
				return err
			}
			f.anyPort = !cmd.Flags().Changed("listen")
			return demo(cmd, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "data", defaultDemo, "data directory")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address on this machine; when it is not given and taken, a free port")
	storeFlag(flags, &f.store)
	f.nats.flags(flags)
	f.flags(cmd)
	flags.BoolVar(&f.fresh, "fresh", false, "start over: delete what an earlier demo left in the data directory")
	flags.BoolVar(&f.exit, "exit", false, "end after the verdict")
	flags.BoolVar(&f.asJSON, "json", false, `print {"http", "nats"} first, and {"verdict", "measured"} at the end`)
	return cmd
}

// demoMemory is what the demo's heap is kept to while that can be done: the whole province, server and simulation together, needs about 1 GiB.
const demoMemory = 1150 << 20

func demo(cmd *cobra.Command, f demoFlags) (err error) {
	began := time.Now()
	server.TuneMemory(cmd.Context(), demoMemory)
	if showsPassword(cmd.Flags()) {
		_ = terminal.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", storePassword) // the demo goes on without anybody who reads it
	}
	if err := f.prepare(); err != nil {
		return err
	}
	s, err := f.open(cmd)
	if err != nil {
		if cmd.Context().Err() != nil {
			return cutOff(cmd, "jejak demo", err)
		}
		return fmt.Errorf("demo: %w", err)
	}
	h := run(cmd.Context(), s)
	defer func() { err = errors.Join(err, h.stop()) }()
	ctx, cancel := h.with(cmd.Context())
	defer cancel()
	if err := f.begin(cmd, s); err != nil {
		return err
	}
	verdict, err := f.play(ctx, cmd, h)
	if err != nil {
		return err
	}
	if err := f.tell(ctx, cmd, s, verdict, began); err != nil {
		return err
	}
	if !f.exit {
		<-ctx.Done()
		if err := h.failed(); err != nil {
			return err
		}
	}
	return disagrees(verdict, filepath.Join(f.dir, simulation.VerdictFile))
}

// checkStore refuses what demo cannot do with a log that lies elsewhere.
func (f *demoFlags) checkStore() error {
	if f.store != "" && f.fresh {
		return exit.Errorf(exit.Usage, "--fresh cannot empty the log on EventStoreDB: start it on an empty one, and name another --data")
	}
	return checkStore(f.store)
}

// checkListen keeps a demo on this machine: its tokens are no secrets.
func (f *demoFlags) checkListen() error {
	host, _, err := net.SplitHostPort(f.listen)
	if ip := net.ParseIP(host); err != nil || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil // what is no address at all is told when it is opened
	}
	return exit.Errorf(exit.Usage, "--listen %s: a demo serves this machine alone; for others:  jejak serve --clock driven --allow-remote --data %s --listen %s", f.listen, f.dir, f.listen)
}

// prepare looks whether the directory may be played in, and empties it when that is asked for.
func (f *demoFlags) prepare() error {
	kind, err := server.KindOf(f.dir)
	if err != nil {
		return err
	}
	if kind == server.Real {
		return exit.Errorf(exit.Usage, "data directory %s holds real records: a demo needs a directory of its own (--data)", f.dir)
	}
	if f.fresh {
		return startOver(f.dir)
	}
	return nil
}

// open opens the server, on another port when nobody asked for the one that is taken.
func (f *demoFlags) open(cmd *cobra.Command) (*server.Server, error) {
	f.log = telemetry.NewLog(&lazyFile{name: filepath.Join(f.dir, demoLog)}, false, slog.LevelInfo)
	cfg := server.Config{Dir: f.dir, Store: f.store, Listen: f.listen, NATS: f.nats.config(), Kind: server.Simulated, Demo: true, Version: thisBuild().Version, Log: f.log}
	s, err := openServer(cmd, cfg)
	if _, nats := natsAddress(err); errors.Is(err, syscall.EADDRINUSE) && !nats && f.anyPort {
		cfg.Listen = "127.0.0.1:0"
		s, err = openServer(cmd, cfg)
	}
	if _, nats := natsAddress(err); errors.Is(err, syscall.EADDRINUSE) && nats && f.nats.listen == "" {
		cfg.NATS.Listen = "127.0.0.1:0"
		s, err = openServer(cmd, cfg)
	}
	return s, err
}

// begin says where the server is.
func (f *demoFlags) begin(cmd *cobra.Command, s *server.Server) error {
	if f.asJSON {
		return printJSON(cmd.OutOrStdout(), map[string]string{"http": s.URL(), "nats": s.NATS()})
	}
	err := terminal.Fprintf(cmd.ErrOrStderr(), "Jejak plays Pemilu 2024 of East Java at %s, feed at %s; data in %s, all of it made up\n", s.URL(), cmp.Or(s.NATS(), "none"), f.dir)
	return err
}

// play plays, and compares.
func (f *demoFlags) play(ctx context.Context, cmd *cobra.Command, h *host) (*simulation.Verdict, error) {
	token, err := readToken(h.server.TokenFile())
	if err != nil {
		return nil, err
	}
	c, err := client.New(h.server.URL(), client.Options{Connections: 1, Patience: -1})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	inFull := f.inFull()
	show := newShow(cmd.ErrOrStderr(), func() (terminal.Text, error) {
		var rows []form.RegencyRow
		_, err := c.Get(ctx, token, electionPath+"/regencies", nil, 0, &rows)
		return boardTable(rows, inFull), err
	})
	verdict, err := simulation.Run(ctx, simulation.Config{
		URL: h.server.URL(), AdminToken: token, Seed: f.seed, Regencies: f.regencies, All: f.all, Reference: refdata.Files(), StateDir: f.dir,
		Progress: show.progress, Logger: f.log,
	})
	show.end()
	if err == nil {
		return verdict, nil
	}
	var other *simulation.OtherError
	switch ended := h.failed(); {
	case ended != nil:
		return nil, errors.Join(ended, err)
	case errors.As(err, &other):
		return nil, exit.Errorf(exit.Usage, "%s was played with --seed %d --regency %s: go on with these, start over with --fresh, or name another --data",
			f.dir, other.Seed, strings.Join(other.Regencies, ","))
	}
	return nil, cutOff(cmd, "jejak demo", err)
}

// tell shows the verdict, what it cost, and where to look next.
func (f *demoFlags) tell(ctx context.Context, cmd *cobra.Command, s *server.Server, v *simulation.Verdict, began time.Time) error {
	events := v.Position // the embedded store counts without gaps
	if f.store != "" {
		events = 0
	}
	cost, err := measure(f.dir, began, v.Acts, events)
	if err != nil {
		return err
	}
	if f.asJSON {
		return printJSON(cmd.OutOrStdout(), map[string]any{"verdict": v, "measured": cost})
	}
	if err := printVerdict(cmd.OutOrStdout(), v); err != nil {
		return err
	}
	if err := cost.print(cmd.OutOrStdout()); err != nil {
		return err
	}
	return f.printNext(ctx, cmd.OutOrStdout(), s, v.Regencies)
}

func readToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
