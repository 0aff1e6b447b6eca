package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/notary/verify"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const verifyHelp = `Read the whole log and say all that is wrong with it.

Of a data directory (--data), which no server may have meanwhile, or of a backup (--backup): its form (pages that the disk has changed, positions and versions that are missing or
there twice, events that are recorded twice, commands and streams that lead elsewhere than the log says), whether it is what the notary has signed, and
whether the accounts of people.db (role, scope, party, expiry, token) are as the log has them. Of a running server (--url, with the token of somebody who reads all units) and of a bundle (--bundle, no server and no network needed): whether it is what
the notary has signed. The first record that was changed, removed, inserted, moved or backdated is named; where the notary's tiles were forged too, the
signed checkpoints around it. Nothing is changed. With a problem the exit code is 3.

The key that lies beside a log is as good as whoever could change the log. Give --key with the verifier key that you were given yourself (notary.pub, or
the key itself). Whoever has stolen the signing key can sign another history; a checkpoint that somebody else kept (--checkpoint, a witness's or one that
you fetched earlier) proves even that. --policy demands the cosignatures of witnesses; docs/notary.md has its form.`

// verifyFlags are what verify is told.
type verifyFlags struct {
	reach       reach
	store       string
	bundle      string
	backup      string
	key, policy string
	checkpoints []string
	asJSON      bool
}

func newVerifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that the log is whole, and as it was signed",
		Long:  verifyHelp,
		Example: `  jejak audit verify --data ./jejak-data
  jejak audit verify --data ./jejak-data --key notary.pub --checkpoint kept-in-march.txt
  jejak audit verify --url https://jejak.example --token-file auditor.token --key notary.pub
  jejak audit verify --bundle east-java.zip --key 'jejak/0f3a5c...+7ec46e21+AQ...' --policy witnesses.policy --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if named := slices.DeleteFunc([]string{f.bundle, f.backup, f.reach.url}, func(s string) bool { return s == "" }); len(named) > 1 {
				return exit.Errorf(exit.Usage, "give one of --bundle, --backup and --url")
			}
			if err := checkStore(f.store); err != nil {
				return err
			}
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	f.reach.flags(flags)
	storeFlag(flags, &f.store)
	flags.StringVar(&f.bundle, "bundle", "", "check this bundle (a folder or a zip file)")
	flags.StringVar(&f.backup, "backup", "", "check this backup; it is restored into a temporary folder (TMPDIR), which is removed again")
	trustFlags(flags, &f.key, &f.policy)
	flags.StringArrayVar(&f.checkpoints, "checkpoint", nil, "file with a checkpoint that the log must extend; may be given again")
	flags.BoolVar(&f.asJSON, "json", false, "print a JSON object")
	return cmd
}

// logVerified is what `audit verify --json` prints. The counts of the form are 0 where only what was signed was checked.
type logVerified struct {
	OK       bool           `json:"ok"`
	Events   uint64         `json:"events"`
	Streams  uint64         `json:"streams"`
	Commands uint64         `json:"commands"`
	Position uint64         `json:"position"` // up to which the log was read
	Problems []string       `json:"problems"` // of the form
	Accounts []string       `json:"accounts"` // of people.db that are not as the log has them
	Notary   *verify.Report `json:"notary"`   // null: nothing was ever signed
}

func (f *verifyFlags) run(ctx context.Context, out, progress io.Writer) error {
	cfg := server.VerifyConfig{Progress: reading(progress)}
	var err error
	if cfg.Trust, cfg.KeySource, err = readTrust(f.key, f.policy); err != nil {
		return err
	}
	for _, name := range f.checkpoints {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read a checkpoint: %w", err)
		}
		cfg.Outside = append(cfg.Outside, text)
	}
	report, err := f.verify(ctx, cfg)
	var held *lock.HeldError
	if errors.As(err, &held) {
		return inUse(held)
	}
	if err != nil {
		return reached(storeAway(fmt.Errorf("verify the log: %w", err)))
	}
	return f.print(out, &report)
}

// verify checks whatever was named.
func (f *verifyFlags) verify(ctx context.Context, cfg server.VerifyConfig) (report server.LogReport, err error) {
	var found *verify.Found
	switch {
	case f.bundle != "":
		found, err = verify.Bundle(f.bundle)
	case f.backup != "":
		return server.VerifyBackup(ctx, f.backup, cfg)
	case f.reach.url != "":
		found, err = f.live(ctx)
	default:
		return server.VerifyLog(ctx, f.reach.dir, f.store, cfg)
	}
	if err != nil {
		return report, err
	}
	defer func() { _ = found.Close() }() // only read from
	report.Notary, err = found.Check(ctx, cfg.Trust, cfg.KeySource, cfg.Outside, func(done, total uint64) {
		if cfg.Progress != nil {
			cfg.Progress("what was signed", done, total)
		}
	})
	if err == nil && report.Notary == nil {
		err = errors.New("nothing was ever signed here")
	}
	return report, err
}

func (f *verifyFlags) live(ctx context.Context) (*verify.Found, error) {
	address, token, err := f.reach.find("jejak serve")
	if err != nil {
		return nil, err
	}
	c, err := client.New(address, client.Options{Connections: 4})
	if err != nil {
		return nil, exit.With(exit.Usage, err)
	}
	return verify.Live(ctx, c, token)
}

func (f *verifyFlags) print(out io.Writer, report *server.LogReport) (err error) {
	problems := len(report.Problems) + len(report.Accounts)
	if report.Notary != nil {
		problems += len(report.Notary.Problems)
	}
	if f.asJSON {
		err = printJSON(out, logVerified{
			OK: report.OK(), Events: report.Events, Streams: report.Streams, Commands: report.Commands,
			Position: uint64(report.Head), Problems: append([]string{}, report.Problems...),
			Accounts: append([]string{}, report.Accounts...), Notary: report.Notary,
		})
	} else {
		err = printLogVerified(out, report, f.bundle == "" && f.reach.url == "")
	}
	if err == nil && problems == 0 && report.Notary == nil && report.Events > 0 {
		return errors.New("nothing was ever signed here: the form of the log holds, and nobody can say whether it is as it was")
	}
	if err != nil || problems == 0 {
		return err
	}
	return exit.Errorf(exit.Mismatch, "the log does not hold: %s", number(problems, "problem", "problems"))
}

func printLogVerified(out io.Writer, report *server.LogReport, form bool) error {
	var page terminal.Page
	for _, p := range report.Problems {
		page.Printf("%s\n", p)
	}
	if form {
		page.Printf("%s events of %s commands in %s streams were read, up to position %d: %s\n", terminal.Number(int64(report.Events)),
			terminal.Number(int64(report.Commands)), terminal.Number(int64(report.Streams)), report.Head, number(len(report.Problems), "problem", "problems"))
	}
	for _, a := range report.Accounts {
		page.Printf("%s\n", a)
	}
	n := report.Notary
	if n == nil {
		page.Printf("nothing was ever signed here, so nobody can say whether the log is as it was\n")
		return terminal.Print(out, page.Text())
	}
	for _, p := range n.Problems {
		page.Printf("%s\n", p.Text)
	}
	for _, text := range n.Notes {
		page.Printf("%s\n", text)
	}
	when := ""
	if n.SignedAt != "" {
		when = ", signed at " + n.SignedAt
	}
	page.Printf("%s: %s records were held against the checkpoint of %s records%s, and %s compared with the key %s; %s after it: %s\n",
		n.Origin, terminal.Number(n.Records), terminal.Number(n.Size), when, number(int(n.Checkpoints), "checkpoint", "checkpoints"), n.KeySource,
		number(int(n.Unsigned), "record", "records"), number(len(n.Problems), "problem", "problems"))
	return terminal.Print(out, page.Text())
}

// reading shows how far a check has come to a person who watches; nil where nobody does.
func reading(w io.Writer) func(check string, done, total uint64) {
	if !terminal.Watched(w) {
		return nil
	}
	live := terminal.NewLive(w)
	var last time.Time
	return func(check string, done, total uint64) {
		if done < total && time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		live.Paint(terminal.Sprintf("%s %s", terminal.Bar(int64(done), int64(total), 40), check))
	}
}

// readingOne is reading for who does one thing only.
func readingOne(w io.Writer, check string) func(done, total uint64) {
	tell := reading(w)
	if tell == nil {
		return nil
	}
	return func(done, total uint64) { tell(check, done, total) }
}
