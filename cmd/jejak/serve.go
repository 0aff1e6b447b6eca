package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/lock"
	"jejak/internal/exit"
	"jejak/internal/httpapi"
	"jejak/internal/notary"
	"jejak/internal/refdata"
	"jejak/internal/server"
	"jejak/internal/share"
	"jejak/internal/telemetry"
	"jejak/internal/terminal"
)

const serveHelp = `Serve the HTTP API of one data directory until SIGINT or SIGTERM; a second signal ends at once. Either way nothing is lost that was answered.

A new directory gets the built-in elections of East Java, and the token of its first administrator in DIR/admin.token (mode 0600).

With --clock driven the directory is a simulation for life: its time comes from POST /v1/clock. Without, it holds real records for life.

` + storeHelp + `

` + natsHelp + `

The log is signed once a second while something is new (docs/notary.md). --witness names a file of witnesses who cosign, one a line:
  witness <name> <verifier key> <URL>

The server speaks plain HTTP on this machine. Before others may reach it, put a proxy with TLS in front; --allow-remote is for an
address on a network that is your own.

With --json the first line of the output is {"http": URL, "nats": URL}; "nats" is "" where there is no feed. The log goes to the error output.`

// serveFlags are what serve is told.
type serveFlags struct {
	dir, listen, clock  string
	store               string
	nats                natsFlags
	signEvery           time.Duration
	witness             string
	pastMemory          byteSize
	warnFree            byteSize
	allowRemote, asJSON bool
	noImport            bool
	limits, proxies     []string
	province            string
}

func newServeCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the HTTP API of a data directory",
		Long:  serveHelp,
		Example: `  jejak serve --data ./jejak-data
  jejak serve --data ./training --clock driven --listen 127.0.0.1:0 --json
  JEJAK_STORE='esdb://jejak:PASSWORD@db.example:2113' jejak serve --data ./jejak-data
  jejak serve --data ./jejak-data --nats tls://nats.example:4222 --nats-creds /etc/jejak/nats.seed
  JEJAK_DATA=/var/lib/jejak JEJAK_LISTEN=127.0.0.1:8080 jejak serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd, f) },
	}
	flags := cmd.Flags()
	dataFlag(flags, &f.dir)
	storeFlag(flags, &f.store)
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address; port 0 takes a free one")
	flags.StringVar(&f.clock, "clock", "system", "system: the machine's time; driven: set by a simulator")
	f.nats.flags(flags)
	flags.DurationVar(&f.signEvery, "sign-every", time.Second, "time between two signed checkpoints while something is new")
	flags.StringVar(&f.witness, "witness", "", "file of the witnesses who cosign the checkpoints")
	f.pastMemory = server.PastMemory
	flags.Var(&f.pastMemory, "past-memory", "memory for ledgers as they were, from which questions about other moments go on")
	f.warnFree = server.WarnFree
	flags.Var(&f.warnFree, "warn-free", "bytes free on the disk of --data, below which the log and /readyz warn")
	flags.BoolVar(&f.allowRemote, "allow-remote", false, "permit an address that other machines reach, without TLS")
	flags.StringSliceVar(&f.limits, "limit", nil, "another limit than usual, as NAME=EACH or NAME=EACH/ALL; the names are in docs/operations.md")
	flags.StringSliceVar(&f.proxies, "trusted-proxy", nil, "addresses (CIDR) of proxies whose X-Forwarded-For is believed")
	flags.BoolVar(&f.noImport, "no-import", false, "leave the built-in elections out of a new directory")
	flags.StringVar(&f.province, "province", "", "two digits of the province of a new directory (default: that of the built-in elections, 35)")
	flags.BoolVar(&f.asJSON, "json", false, `print {"http", "nats"} first, and log as JSON`)
	return cmd
}

// checkProvince refuses what is no province, and built-in elections in a directory of another.
func (f *serveFlags) checkProvince() error {
	switch p := domain.Code(f.province); {
	case f.province == "":
		return nil
	case p.Level() != domain.Province:
		return exit.Errorf(exit.Usage, "--province %q is no province: give the two digits of its code, such as 35", f.province)
	case p != refdata.Province() && !f.noImport:
		return exit.Errorf(exit.Usage, "the built-in elections are those of province %s: give --no-import with --province %s, and bring your own with jejak import", refdata.Province(), f.province)
	}
	return nil
}

func serve(cmd *cobra.Command, f serveFlags) (err error) {
	kind, err := kindOfClock(f.clock)
	signing, errSigning := f.signing()
	limits, proxies, errShares := f.shares()
	if err := errors.Join(err, checkStore(f.store), f.nats.check(), errSigning, errShares, f.checkProvince()); err != nil {
		return err
	}
	server.TuneMemory(cmd.Context(), 0)
	log := telemetry.NewLog(cmd.ErrOrStderr(), f.asJSON, slog.LevelInfo)
	if showsPassword(cmd.Flags()) {
		log.Warn(storePassword)
	}
	s, err := openServer(cmd, server.Config{
		Dir: f.dir, Store: f.store, Listen: f.listen, NATS: f.nats.config(), Notary: signing, AllowRemote: f.allowRemote, Kind: kind, NoImport: f.noImport, Province: domain.Code(f.province), PastMemory: uint64(f.pastMemory), WarnFree: uint64(f.warnFree), Limits: limits, TrustedProxies: proxies, Log: log, Version: thisBuild().Version,
	})
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if f.allowRemote {
		log.Warn("other machines may reach this address, and nothing is encrypted: tokens can be read on the way", "listen", f.listen)
	}
	if f.asJSON {
		err = printJSON(cmd.OutOrStdout(), map[string]string{"http": s.URL(), "nats": s.NATS()})
	} else {
		err = printPlaces(cmd.OutOrStdout(), s, f.dir, kind)
	}
	if err != nil {
		return err
	}
	if err := s.Run(cmd.Context()); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// signing is how the log is signed.
func (f *serveFlags) signing() (server.Notary, error) {
	n := server.Notary{Every: f.signEvery}
	if f.signEvery <= 0 {
		return n, exit.Errorf(exit.Usage, "--sign-every %v: give a time above 0", f.signEvery)
	}
	if f.witness == "" {
		return n, nil
	}
	text, err := os.ReadFile(f.witness)
	if err != nil {
		return n, exit.Errorf(exit.Usage, "--witness: %w", err)
	}
	if n.Witnesses, err = notary.ParseWitnesses(string(text)); err != nil {
		return n, exit.Errorf(exit.Usage, "--witness %s: %w", f.witness, err)
	}
	if len(n.Witnesses) == 0 {
		return n, exit.Errorf(exit.Usage, "--witness %s: it names no witness", f.witness)
	}
	return n, nil
}

// shares are the limits that are other than usual, and the proxies that are believed.
func (f *serveFlags) shares() (limits []share.Limit, proxies []netip.Prefix, err error) {
	limits, wrong := httpapi.ParseLimits(f.limits)
	if wrong != nil {
		err = exit.Errorf(exit.Usage, "--limit %w", wrong)
	}
	for _, text := range f.proxies {
		p, wrong := netip.ParsePrefix(text)
		if a, bare := netip.ParseAddr(text); bare == nil {
			p, wrong = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if wrong != nil {
			err = errors.Join(err, exit.Errorf(exit.Usage, "--trusted-proxy %q: give an address, or a range such as 10.0.0.0/8 or fd00::/8", text))
			continue
		}
		proxies = append(proxies, p.Masked())
	}
	return limits, proxies, err
}

func kindOfClock(name string) (server.Kind, error) {
	switch name {
	case "system":
		return server.Real, nil
	case "driven":
		return server.Simulated, nil
	}
	return "", exit.Errorf(exit.Usage, "--clock %q: it is system or driven", name)
}

// openServer opens a server and gives its errors their exit codes.
func openServer(cmd *cobra.Command, cfg server.Config) (*server.Server, error) {
	if _, _, err := net.SplitHostPort(cfg.Listen); err != nil {
		return nil, exit.Errorf(exit.Usage, "--listen %q: %w: give host:port, such as 127.0.0.1:8080", cfg.Listen, err)
	}
	s, err := server.Open(cmd.Context(), cfg)
	refdata.Release()
	var held *lock.HeldError
	if errors.As(err, &held) {
		return nil, inUse(held)
	}
	if taken, ok := natsAddress(err); ok && errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: stop what has %s, or name another address with --nats-listen; port 0 takes a free one, --nats off leaves NATS out", err, taken.Address)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: stop what has this address, or name another with --listen; port 0 takes a free one", err)
	}
	return s, doesNotHold(storeAway(err))
}

// storeAway gives the silence of the store its exit code.
func storeAway(err error) error {
	if errors.Is(err, eventstore.ErrUnavailable) {
		return exit.With(exit.Unreachable, err)
	}
	return err
}

func printPlaces(w io.Writer, s *server.Server, dir string, kind server.Kind) error {
	what := "real records"
	if kind == server.Simulated {
		what = "a simulation: nothing in it is real"
	}
	feed := s.NATS() + " (user: anything, password: a token)"
	if s.NATS() == "" {
		feed = "none"
	}
	err := terminal.Fprintf(w, `Jejak serves %s
  feed      %s
  data      %s (%s)
  admin     token in %s
  try       curl -H "Authorization: Bearer $(cat %s)" %s/v1/elections
  describe  %s/docs
Ctrl-C stops it; everything that was answered is kept.
`, s.URL(), feed, dir, what, s.TokenFile(), s.TokenFile(), s.URL(), s.URL())
	return err
}
