package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"filippo.io/torchwood"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/exit"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/verify"
	"jejak/internal/terminal"
)

const checkHelp = `Check a proof that jejak audit prove has written, without a server and without a network. It says which event it proves, when it was recorded, and under which
checkpoint; with --record, which is what the proof alone does not hold, whether that record is the one.

FILE may be what a program has read from the QR code of minutes, whatever ends its lines; - is standard input:
zbarimg --raw page.png | jejak audit check - --key notary.pub

--key is the notary's verifier key, or a file with it (notary.pub). --policy demands the cosignatures of witnesses. Where the proof does not hold the exit
code is 3; where it cannot be read, because some of its text is missing or it is no proof, 1.`

func newCheckCommand() *cobra.Command {
	var (
		key, policy, record string
		asJSON              bool
	)
	cmd := &cobra.Command{
		Use:   "check FILE|-",
		Short: "Check a proof",
		Long:  checkHelp,
		Example: `  jejak audit check seal.tlog-proof --key notary.pub
  jejak audit check seal.tlog-proof --key notary.pub --record seal.json --json
  zbarimg --raw page.png | jejak audit check - --key notary.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" {
				return exit.Errorf(exit.Usage, "give --key: the notary's verifier key, or a file with it")
			}
			trust, source, err := readTrust(key, policy)
			if err != nil {
				return err
			}
			proof, err := readProof(args[0], cmd.InOrStdin())
			if err != nil {
				return fmt.Errorf("check a proof: %w", err)
			}
			checked, err := checkProof(trust, proof, record)
			if err != nil {
				return fmt.Errorf("check %s: %w", args[0], err)
			}
			checked.Key = source
			return printChecked(cmd.OutOrStdout(), checked, asJSON)
		},
	}
	trustFlags(cmd.Flags(), &key, &policy)
	cmd.Flags().StringVar(&record, "record", "", "file with the record, as jejak audit prove --record writes it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// trustFlags say whose signatures count.
func trustFlags(flags *pflag.FlagSet, key, policy *string) {
	flags.StringVar(key, "key", "", "verifier key of the notary, or a file with it, such as notary.pub")
	flags.StringVar(policy, "policy", "", "file with what the newest checkpoint must be cosigned by")
}

// readTrust reads the flags of trustFlags; nil where no key is given.
func readTrust(key, policy string) (trust *verify.Trust, source string, err error) {
	if key == "" {
		if policy != "" {
			return nil, "", exit.Errorf(exit.Usage, "--policy needs --key")
		}
		return nil, "", nil
	}
	trust, err = verify.ReadKeys(key)
	if err == nil && policy != "" {
		err = trust.ReadPolicy(policy)
	}
	if err != nil {
		return nil, "", err
	}
	return trust, "given", nil
}

// proofChecked is what `audit check --json` prints.
type proofChecked struct {
	OK         bool   `json:"ok"`
	Problem    string `json:"problem,omitempty"`
	Event      string `json:"event,omitempty"`
	Type       string `json:"type,omitempty"`
	Stream     string `json:"stream,omitempty"`
	Version    uint64 `json:"version,omitempty"`
	RecordedAt string `json:"recorded_at,omitempty"`
	DataSHA256 string `json:"data_sha256,omitempty"`
	Data       string `json:"data,omitempty"` // where the record was given
	Key        string `json:"key"`
}

// checkProof checks a proof. An error is that it could not be checked.
func checkProof(trust *verify.Trust, proof []byte, recordFile string) (proofChecked, error) {
	extra, err := torchwood.ProofExtraData(proof)
	if err != nil {
		return proofChecked{}, unreadable(proof, err)
	}
	said, err := leaf.Parse(extra)
	if err != nil {
		return proofChecked{}, unreadable(proof, err)
	}
	c := proofChecked{
		Event: said.ID.String(), Type: said.Type, Stream: said.Stream, Version: uint64(said.Version),
		RecordedAt: said.RecordedAt.Format("2006-01-02T15:04:05.000000Z"), DataSHA256: fmt.Sprintf("%x", said.DataSum),
	}
	if err := trust.Proof(tlog.RecordHash(extra), proof); err != nil {
		if unread := unreadable(proof, err); unread != nil {
			return c, unread
		}
		c.Problem = "the proof does not hold: " + err.Error()
		var record *torchwood.VerifyRecordError
		if errors.As(err, &record) {
			c.Problem = fmt.Sprintf("the proof does not hold: leaf %d of the tree is not this event", record.Index)
		}
		return c, nil
	}
	if recordFile != "" {
		text, err := os.ReadFile(recordFile)
		if err != nil {
			return c, err
		}
		rec, err := bundle.ParseRecord(text)
		if err != nil {
			return c, err
		}
		if leaf.Hash(&rec.Record) != tlog.RecordHash(extra) {
			c.Problem = differences(said, &rec)
			return c, nil
		}
		c.Data = string(rec.Data)
	}
	c.OK = true
	return c, nil
}

// differences says in what a record differs from what was proved.
func differences(said leaf.Leaf, rec *bundle.Record) string {
	var what []string
	for name, same := range map[string]bool{
		"its id": said.ID == rec.ID, "its stream": said.Stream == rec.Stream && said.Version == rec.Version, "its type": said.Type == rec.Type && said.Schema == rec.Schema,
		"the time it was recorded": said.RecordedAt.Equal(rec.RecordedAt), "its data": said.DataSum == sha256.Sum256(rec.Data), "its metadata": said.MetadataSum == sha256.Sum256(rec.Metadata),
	} {
		if !same {
			what = append(what, name)
		}
	}
	slices.Sort(what)
	return "the proof holds, but of another record than the one given, which differs in " + strings.Join(what, ", ")
}

func printChecked(out io.Writer, c proofChecked, asJSON bool) error {
	var err error
	switch {
	case asJSON:
		err = printJSON(out, c)
	case c.OK:
		err = terminal.Fprintf(out, "the log has, as it was signed: event %s, %s, %s version %d, recorded %s, data with SHA-256 %s\n", c.Event, c.Type, c.Stream, c.Version, c.RecordedAt, c.DataSHA256)
		if err == nil && c.Data != "" {
			err = terminal.Fprintf(out, "the record given is it: %s\n", c.Data)
		}
	}
	if err == nil && !c.OK {
		err = exit.Errorf(exit.Mismatch, "%s", c.Problem)
	}
	return err
}
