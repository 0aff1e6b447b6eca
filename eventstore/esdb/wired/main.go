// Command wired runs the test server of EventStoreDB's protocol, for trying things out and for tests that want another process.
//
// It prints the connection string first and runs until SIGINT or SIGTERM, then it prints what faults there were.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jejak/eventstore/esdb/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "wired:", err)
		os.Exit(1)
	}
}

// settings are what the command line says.
type settings struct {
	wire.Options
	passwordFile string
	json         bool
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("wired", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.Listen, "listen", "127.0.0.1:2113", "loopback `address`, host:port; port 0 is a free one")
	flags.StringVar(&s.File, "file", "", "`file` of the log; without it the log is in memory")
	flags.StringVar(&s.User, "user", "", "`name` of the only account; needs --tls, because clients send accounts over TLS only")
	flags.StringVar(&s.passwordFile, "password-file", "", "`file` with the account's password in its first line")
	flags.BoolVar(&s.TLS, "tls", false, "TLS with a certificate made at start")
	flags.IntVar(&s.MaxAppendSize, "max-append-size", 0, "`bytes` of the largest append (default 1 MiB)")
	flags.StringVar(&s.Version, "version", "", "`version` that the server claims to be (default 23.10.7)")
	flags.Uint64Var(&s.Seed, "seed", 1, "`seed` of the dice for faults")
	flags.BoolVar(&s.json, "json", false, "print JSON")
	f := &s.Faults
	for _, p := range []struct {
		to    *float64
		name  string
		usage string
	}{
		{&f.AnswerLost, string(wire.AnswerLost), "appends that are stored and whose connection is reset then"},
		{&f.AbortedAfter, "aborted", "appends that are stored and answered Aborted"},
		{&f.AbortedBefore, string(wire.AbortedBefore), "appends that are not stored and answered Aborted"},
		{&f.Withheld, string(wire.Withheld), "appends that are stored and never answered"},
		{&f.Unavailable, string(wire.Unavailable), "calls answered Unavailable"},
		{&f.NotLeader, string(wire.NotLeader), "calls answered that this server does not lead (it names itself)"},
		{&f.Deadline, string(wire.Deadline), "calls never answered, nothing done"},
		{&f.Reset, string(wire.Reset), "calls whose connection is reset, nothing done"},
		{&f.Dropped, string(wire.Dropped), "records before which a read or subscription is broken off"},
		{&f.GossipLies, string(wire.GossipLies), "gossip that names a dead leader"},
	} {
		flags.Float64Var(p.to, p.name, 0, "`probability` of "+p.usage)
	}
	flags.Func("slow", "`delay:probability` of slow calls, as 5ms:0.05", func(text string) error {
		var err error
		f.SlowBy, f.Slow, err = parseSlow(text)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("%q is no flag: see --help", flags.Arg(0))
	}
	return s, s.complete()
}

func parseSlow(text string) (time.Duration, float64, error) {
	delay, chance, _ := strings.Cut(text, ":")
	d, err := time.ParseDuration(delay)
	p, err2 := strconv.ParseFloat(chance, 64)
	if err := errors.Join(err, err2); err != nil {
		return 0, 0, fmt.Errorf("write it as 5ms:0.05: %w", err)
	}
	return d, p, nil
}

// complete reads the password and refuses what would not work.
func (s *settings) complete() error {
	var errs []error
	if s.passwordFile != "" {
		text, err := os.ReadFile(s.passwordFile)
		errs = append(errs, err)
		line, _, _ := strings.Cut(string(text), "\n")
		s.Password = strings.TrimSuffix(line, "\r")
	}
	switch {
	case s.User != "" && s.passwordFile == "":
		errs = append(errs, errors.New("--user needs --password-file"))
	case s.User == "" && s.passwordFile != "":
		errs = append(errs, errors.New("--password-file needs --user"))
	case s.User != "" && !s.TLS:
		errs = append(errs, errors.New("--user needs --tls: clients do not send accounts in the clear"))
	}
	return errors.Join(errs...)
}

// started is the first line with --json.
type started struct {
	Connection string `json:"connection"`
	Address    string `json:"address"`
	CAFile     string `json:"ca_file,omitempty"`
	File       string `json:"file,omitempty"`
	PID        int    `json:"pid"`
}

// ended is the last line with --json.
type ended struct {
	Records int                `json:"records"` // of users
	Faults  map[wire.Fault]int `json:"faults"`
}

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	set, err := parse(args, stderr)
	if err != nil {
		return err
	}
	server, err := wire.Start(set.Options)
	if err != nil {
		return err
	}
	if set.json {
		err = json.NewEncoder(stdout).Encode(started{server.ConnectionString(), server.Address(), server.CAFile(), set.File, os.Getpid()})
	} else {
		_, err = fmt.Fprintln(stdout, server.ConnectionString())
	}
	if err != nil {
		return errors.Join(err, server.Stop())
	}
	<-ctx.Done()
	err = server.Stop()
	end := ended{len(server.Records()), server.Faults().Counts()}
	if set.json {
		return errors.Join(err, json.NewEncoder(stdout).Encode(end))
	}
	_, err2 := fmt.Fprintf(stdout, "%d events in the log\n", end.Records)
	for _, fault := range slices.Sorted(maps.Keys(end.Faults)) {
		_, err3 := fmt.Fprintf(stdout, "%s: %d\n", fault, end.Faults[fault])
		err2 = errors.Join(err2, err3)
	}
	return errors.Join(err, err2)
}
