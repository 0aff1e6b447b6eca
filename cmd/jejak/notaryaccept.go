package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/exit"
	"jejak/internal/notary"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const notaryAcceptHelp = `Let the notary go on with the log as it is, on your word. It stands beside the log for ever, sealed, with your name and the reason, and jejak audit verify shows
it to everybody.

Run jejak audit verify before, keep a copy of the directory as evidence, and restore a backup if there is one. Where the log contradicts what was signed, a new epoch
begins: a new origin, <origin>/<number>, to which the key in use hands over. Where nothing of the notary is left, a new notary begins, and everybody who checks must be
given its verifier key. Where the log holds, and only was signed late, the word says why. No server may have the directory meanwhile.`

// notaryAccepted is what ` + "`notary accept --json`" + ` prints.
type notaryAccepted struct {
	Origin string `json:"origin"` // of what is signed from now on
	Epoch  int    `json:"epoch"`
	New    bool   `json:"new"`  // the epoch begins with this
	Good   int64  `json:"good"` // records under the newest checkpoint of before that the log extends
	Size   int64  `json:"size"` // records in the log
}

func newNotaryAcceptCommand() *cobra.Command {
	var dir, store, by, why string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "accept",
		Short:   "Go on with a log that is not as it was signed",
		Long:    notaryAcceptHelp,
		Example: `  jejak notary accept --data ./jejak-data --by Budi --why "minutes-12/2024:disk-broke,no-backup"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkStore(store); err != nil {
				return err
			}
			word := notary.Word{By: strings.TrimSpace(by), Why: strings.TrimSpace(why)}
			if word.By == "" || word.Why == "" || len(by)+len(why) > mostWord || strings.ContainsFunc(by+why, unicode.IsControl) {
				return exit.Errorf(exit.Usage, "--by and --why are both needed, without control characters, and of %d bytes together at most: they stand beside the log for ever", mostWord)
			}
			done, err := server.AcceptLog(cmd.Context(), dir, store, word)
			var held *lock.HeldError
			switch {
			case errors.As(err, &held):
				return inUse(held)
			case err != nil:
				return doesNotHold(storeAway(fmt.Errorf("accept the log: %w", err)))
			case asJSON:
				return printJSON(cmd.OutOrStdout(), notaryAccepted(done))
			}
			return printAccepted(cmd.OutOrStdout(), &done)
		},
	}
	dataFlag(cmd.Flags(), &dir)
	storeFlag(cmd.Flags(), &store)
	cmd.Flags().StringVar(&by, "by", "", "who says so: a name and an office that others can ask")
	cmd.Flags().StringVar(&why, "why", "", "why the log is as it is")
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"origin", "epoch", "new", "good", "size"}`)
	return cmd
}

// mostWord is how long name and reason may be together, in bytes.
const mostWord = 2000

func printAccepted(out io.Writer, done *notary.Accepting) error {
	if !done.New {
		return terminal.Fprintf(out, "all %s records are signed as %s; your word stands beside them\n", terminal.Number(done.Size), done.Origin)
	}
	return terminal.Fprintf(out, "epoch %d has begun: the log of %s records is signed as %s; of what was signed before it extends the checkpoint of %s records\n",
		done.Epoch, terminal.Number(done.Size), done.Origin, terminal.Number(done.Good))
}

// doesNotHold gives what is not as it was signed its exit code.
func doesNotHold(err error) error {
	if notary.DoesNotHold(err) {
		return exit.With(exit.Mismatch, err)
	}
	return err
}
