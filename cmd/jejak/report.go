package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/export"
	"jejak/internal/terminal"
)

const bastHelp = `Write the minutes of a handoff (berita acara serah terima, BAST) as PDF, to be signed: parties, boxes, seals, differences, witnesses, and a code with the
proof that the acceptance is in the log (without one until the next checkpoint). The same handoff gives the same file, byte for byte, until
something about it is recorded or a person in it is forgotten: then it shows the id instead of the name.

--issue records the SHA-256 of the file as the minutes that were issued (handoff.document_issued). --check FILE says whether a file is one that was issued,
and whether the log gives the same file still; when it is neither the exit code is 3.

A running server is asked: the one of --data, or of --url. Without one the data directory is read; --issue needs a server.`

func newReportCommand() *cobra.Command {
	return group("report", "Make documents from what is recorded", "Documents for people, made from what is recorded.", newBASTCommand())
}

type bastFlags struct {
	reach
	store, election, out, number, check string
	noProof, issue, asJSON              bool
}

func newBASTCommand() *cobra.Command {
	var f bastFlags
	cmd := &cobra.Command{
		Use:   "bast HANDOFF",
		Short: "Write or check the minutes of a handoff",
		Long:  bastHelp,
		Example: `  jejak report bast HND-3576-D01-1 --data ./demo-data -o HND-3576-D01-1.pdf
  jejak report bast HND-3576-D01-1 --data ./demo-data --number 12/PP.09-BA/3576/2024 --issue -o bast.pdf
  jejak report bast HND-3576-D01-1 --data ./demo-data --check bast.pdf`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runBAST(cmd, &f, args[0]) },
	}
	flags := cmd.Flags()
	f.reach.flags(flags)
	storeFlag(flags, &f.store)
	electionFlag(cmd, &f.election)
	flags.StringVarP(&f.out, "output", "o", "", "PDF file to write")
	flags.StringVar(&f.number, "number", "", "number of the minutes (default: the handoff's id)")
	flags.BoolVar(&f.noProof, "no-proof", false, "without the proof, as before the next checkpoint")
	flags.BoolVar(&f.issue, "issue", false, "record that this file was issued")
	flags.StringVar(&f.check, "check", "", "say whether this file was issued, and is what the log gives")
	flags.BoolVar(&f.asJSON, "json", false, `print {"handoff", "sha256", ...}`)
	cmd.MarkFlagsMutuallyExclusive("check", "output")
	cmd.MarkFlagsMutuallyExclusive("check", "issue")
	return cmd
}

// desk makes minutes: a server does, or the data directory where none runs.
type desk interface {
	// make draws the minutes; before is the version of the ledger that they are to count up to, exclusive, 0 for all: a server has only now.
	make(ctx context.Context, handoff, number string, before uint64, proof bool) ([]byte, error)
	// issued lists what was issued, the first first.
	issued(ctx context.Context, handoff string) ([]issued, error)
	close() error
}

// issued is an issue of minutes.
type issued struct {
	Event   string    `json:"event"`
	At      time.Time `json:"recorded_at"`
	By      string    `json:"by"`
	Number  string    `json:"number,omitempty"`
	SHA256  string    `json:"-"`
	version uint64
}

// bastReport is what report bast --json prints.
type bastReport struct {
	Handoff string  `json:"handoff"`
	SHA256  string  `json:"sha256"`
	Issued  *issued `json:"issued,omitempty"`
	Same    *bool   `json:"same,omitempty"` // of a check: the log gives the same file
}

func runBAST(cmd *cobra.Command, f *bastFlags, handoff string) (err error) {
	if why := domain.CheckID(handoff, "HND", unitOf(handoff)); why != "" {
		return exit.Errorf(exit.Usage, "%q is no id of a handoff: %s, such as HND-3576-D01-1", handoff, why)
	}
	if f.out == "" && f.check == "" {
		return exit.Errorf(exit.Usage, "-o is needed: which file to write (or --check FILE)")
	}
	made, err := f.desk(cmd.Context())
	if err != nil {
		return fmt.Errorf("report bast: %w", err)
	}
	defer func() { err = errors.Join(err, made.close()) }()
	if f.check != "" {
		return f.checkFile(cmd, made, handoff)
	}
	file, err := made.make(cmd.Context(), handoff, f.number, 0, !f.noProof)
	if err != nil {
		return reached(fmt.Errorf("report bast: %w", err))
	}
	err = export.File(f.out, func(out *os.File) error {
		_, err := out.Write(file)
		return err
	})
	if err != nil {
		return fmt.Errorf("report bast: %w", err)
	}
	report := bastReport{Handoff: handoff, SHA256: sum(file)}
	if f.issue {
		if report.Issued, err = f.record(cmd.Context(), made, &report); err != nil {
			return fmt.Errorf("report bast: the file is written, but not issued: %w", err)
		}
	}
	if f.asJSON {
		return printJSON(cmd.OutOrStdout(), report)
	}
	said := ""
	if report.Issued != nil {
		said = ", diterbitkan sebagai / issued as event " + report.Issued.Event
	}
	err = terminal.Fprintf(cmd.OutOrStdout(), "%s: SHA-256 %s%s\n", f.out, report.SHA256, said)
	return err
}

func sum(file []byte) string {
	hash := sha256.Sum256(file)
	return hex.EncodeToString(hash[:])
}

// unitOf is the unit in a handoff's id.
func unitOf(handoff string) domain.Code {
	parts := strings.SplitN(handoff, "-", 3)
	if len(parts) < 3 {
		return ""
	}
	return domain.Code(parts[1])
}

// checkFile says whether a file was issued, and whether the log gives it still.
func (f *bastFlags) checkFile(cmd *cobra.Command, made desk, handoff string) error {
	file, err := os.ReadFile(f.check)
	if err != nil {
		return fmt.Errorf("report bast: %w", err)
	}
	all, err := made.issued(cmd.Context(), handoff)
	if err != nil {
		return reached(fmt.Errorf("report bast: %w", err))
	}
	report, same := bastReport{Handoff: handoff, SHA256: sum(file)}, false
	now := issued{Number: f.number}
	for i := range all {
		if all[i].SHA256 == report.SHA256 {
			report.Issued, now.Number = &all[i], all[i].Number
			break
		}
	}
	befores := []uint64{0}
	if report.Issued != nil {
		befores = []uint64{report.Issued.version, 0}
	}
	for _, before := range befores {
		for _, proof := range []bool{true, false} {
			again, err := made.make(cmd.Context(), handoff, now.Number, before, proof)
			if err != nil {
				return reached(fmt.Errorf("report bast: %w", err))
			}
			same = same || sum(again) == report.SHA256
		}
	}
	report.Same = &same
	if f.asJSON {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		err = terminal.Fprintf(cmd.OutOrStdout(), "%s: SHA-256 %s\n%s\n%s\n", f.check, report.SHA256, wasIssued(report.Issued), isSame(same))
	}
	if err == nil && report.Issued == nil && !same {
		return exit.Errorf(exit.Mismatch, "%s is not the minutes of %s: nobody issued it, and the log gives another file", f.check, handoff)
	}
	return err
}

func wasIssued(i *issued) string {
	if i == nil {
		return "tidak pernah diterbitkan / never issued"
	}
	return fmt.Sprintf("diterbitkan / issued %s by %s, event %s", i.At.Format(time.RFC3339), i.By, i.Event)
}

func isSame(same bool) string {
	if same {
		return "dibuat lagi dari catatan: sama, byte demi byte / made again from the log it is the same, byte for byte"
	}
	return "dibuat lagi dari catatan: berbeda (ada catatan baru, orang yang dilupakan, atau versi program lain) / made again from the log it differs (a newer record, " +
		"a forgotten person, or another version of the program)"
}

// record tells the log that a file was issued.
func (f *bastFlags) record(ctx context.Context, made desk, report *bastReport) (*issued, error) {
	server, ok := made.(*served)
	if !ok {
		return nil, exit.Errorf(exit.Unreachable, "--issue needs a running server: start one with  jejak serve --data %s", f.dir)
	}
	now, err := server.client.Clock(ctx, server.token)
	if err != nil {
		return nil, reached(err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	data := map[string]string{"handoff": report.Handoff, "sha256": report.SHA256}
	if f.number != "" {
		data["number"] = f.number
	}
	body, err := json.Marshal(map[string]any{
		"id": id, "type": "handoff.issue_document", "mode": domain.Request, "election": f.election, "unit": unitOf(report.Handoff),
		"occurred_at": now.Format(time.RFC3339Nano), "data": data,
	})
	if err != nil {
		return nil, fmt.Errorf("encode the command: %w", err)
	}
	a, _, err := server.client.Send(ctx, server.token, body)
	if err != nil {
		return nil, reached(err)
	}
	if a.Result != api.Accepted && a.Result != api.Duplicate && a.Result != api.AcceptedWithDiscrepancy {
		var why []string
		for _, p := range a.Errors {
			why = append(why, p.MessageEN)
		}
		return nil, fmt.Errorf("%s: %s", a.Result, strings.Join(why, "; "))
	}
	return &issued{Event: a.Events[0].ID, At: now, Number: f.number}, nil
}

// desk is the running server of --url or --data, or else the data directory.
func (f *bastFlags) desk(ctx context.Context) (desk, error) {
	url, token, err := f.find("jejak serve")
	var coded *exit.Error
	if errors.As(err, &coded) && coded.Code == exit.Unreachable && f.url == "" {
		return f.archived(ctx)
	}
	if err != nil {
		return nil, err
	}
	c, err := client.New(url, client.Options{Connections: 1, Patience: firstPatience})
	if err != nil {
		return nil, exit.With(exit.Usage, err)
	}
	return &served{client: c, token: token, election: f.election}, nil
}
