package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/notary"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const notaryHelp = `The notary signs the log: every second while something is new, a checkpoint of all records so far. docs/notary.md has the whole of it.`

func newNotaryCommand() *cobra.Command {
	return group("notary", "The signatures of the log", notaryHelp, newNotaryShowCommand(), newNotaryRotateCommand(), newNotaryRebuildCommand(), newNotaryAcceptCommand())
}

// notaryShown is what `notary show --json` prints.
type notaryShown struct {
	Origin     string       `json:"origin"`
	Keys       []notary.Key `json:"keys"` // the oldest first
	Size       int64        `json:"size"` // records under the newest checkpoint, 0: nothing is signed
	Root       string       `json:"root,omitempty"`
	SignedAt   string       `json:"signed_at,omitempty"`
	Checkpoint string       `json:"checkpoint,omitempty"` // the newest, as it is published
}

func newNotaryShowCommand() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the verifier key and the newest checkpoint",
		Long: `Show the notary of a data directory: its origin, its verifier keys, and the newest checkpoint. A server may have the directory meanwhile. Give the verifier key to
those who are to check, by a way that is not this machine: in a letter, on paper, in a meeting.`,
		Example: "  jejak notary show\n  jejak notary show --data ./jejak-data --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			shown, err := showNotary(dir)
			if err != nil {
				return fmt.Errorf("show the notary: %w", err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), shown)
			}
			return printNotary(cmd.OutOrStdout(), &shown)
		},
	}
	dataFlag(cmd.Flags(), &dir)
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"origin", "keys", "size", "root", "signed_at", "checkpoint"}`)
	return cmd
}

func showNotary(dir string) (shown notaryShown, err error) {
	book, err := server.OpenNotaryBook(dir)
	if err != nil {
		return shown, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	shown.Origin = book.Origin()
	if shown.Keys, err = book.Keys(); err != nil {
		return shown, err
	}
	newest, err := book.Newest()
	if newest != nil {
		shown.Size, shown.Root, shown.SignedAt, shown.Checkpoint = newest.N, newest.Hash.String(), newest.SignedAt.UTC().Format("2006-01-02T15:04:05Z"), string(newest.Note())
	}
	return shown, err
}

func printNotary(out io.Writer, shown *notaryShown) error {
	var page terminal.Page
	page.Printf("origin        %s\n", shown.Origin)
	for i := len(shown.Keys) - 1; i >= 0; i-- {
		key := shown.Keys[i]
		switch {
		case key.Until < 0:
			page.Printf("verifier key  %s\n", key.Verifier)
		default:
			page.Printf("  until %s records  %s\n", terminal.Number(key.Until), key.Verifier)
		}
	}
	if shown.Size == 0 {
		page.Printf("nothing is signed yet\n")
		return terminal.Print(out, page.Text())
	}
	page.Printf("newest checkpoint, signed at %s, of %s records:\n\n%s", shown.SignedAt, terminal.Number(shown.Size), terminal.Lines(shown.Checkpoint))
	return terminal.Print(out, page.Text())
}

func newNotaryRotateCommand() *cobra.Command {
	var dir, store string
	var lost, asJSON bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Give the notary a new key",
		Long: `Give the notary a new key. The newest checkpoint then has the signatures of both keys, and the old key signs that the new one follows, so who has the old verifier
key needs no new one. No server may have the directory meanwhile: it signs with the key that it read at its start. Stop it, rotate, and start it again; it takes
seconds, and phones send again what they could not send.

--lost is for a key that is not there any more: nothing hands over then, and everybody who checks must be given the new verifier key. After a theft, rotate
as well, and have who kept a checkpoint from before hold the log against it: the thief can sign too.`,
		Example: "  jejak notary rotate --data ./jejak-data\n  jejak notary rotate --data ./jejak-data --lost",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkStore(store); err != nil {
				return err
			}
			keys, err := server.RotateNotary(cmd.Context(), dir, store, lost)
			var held *lock.HeldError
			if errors.As(err, &held) {
				return fmt.Errorf("a running server signs with the key that it read at its start: stop it, rotate, and start it again: %w", inUse(held))
			}
			if err != nil {
				return doesNotHold(storeAway(err))
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), keys)
			}
			err = terminal.Fprintf(cmd.OutOrStdout(), "the verifier key is now %s\n", keys[len(keys)-1].Verifier)
			return err
		},
	}
	dataFlag(cmd.Flags(), &dir)
	storeFlag(cmd.Flags(), &store)
	cmd.Flags().BoolVar(&lost, "lost", false, "the old key is not there any more")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the keys, the oldest first")
	return cmd
}

// notaryRebuilt is what `notary rebuild --json` prints.
type notaryRebuilt struct {
	Records     int64 `json:"records"`
	Checkpoints int   `json:"checkpoints"` // that the tree was held against
}

func newNotaryRebuildCommand() *cobra.Command {
	var dir, store string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Make the notary's tree again from the log",
		Long: `Remove the notary's tiles and its index, make them again from the first record on, and hold the tree against every checkpoint ever signed; make notary.db again from the
notary's stream beside the log. Where a checkpoint does not fit, nothing is changed and the exit
code is 3, and jejak audit verify says more: run that first, since the tiles are what names a record that was changed. No server may have the directory
meanwhile.`,
		Example: "  jejak notary rebuild --data ./jejak-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkStore(store); err != nil {
				return err
			}
			progress := reading(cmd.ErrOrStderr())
			rebuilt, err := server.RebuildNotary(cmd.Context(), dir, store, func(done, total uint64) {
				if progress != nil {
					progress("the notary's tree", done, total)
				}
			})
			var held *lock.HeldError
			switch {
			case errors.As(err, &held):
				return inUse(held)
			case err != nil:
				return doesNotHold(storeAway(err))
			case asJSON:
				return printJSON(cmd.OutOrStdout(), notaryRebuilt{rebuilt.Records, rebuilt.Checkpoints})
			}
			err = terminal.Fprintf(cmd.OutOrStdout(), "the tree of %s records is made again; it gives the root of every one of %s\n",
				terminal.Number(rebuilt.Records), number(rebuilt.Checkpoints, "checkpoint signed", "checkpoints signed"))
			return err
		},
	}
	dataFlag(cmd.Flags(), &dir)
	storeFlag(cmd.Flags(), &store)
	cmd.Flags().BoolVar(&asJSON, "json", false, `print {"records", "checkpoints"}`)
	return cmd
}
