package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"jejak/eventstore/lock"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/notary"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const proveHelp = `Write the proof that an event is in the log as it was signed: a file of some 1.5 KB (C2SP tlog-proof) with which anybody who has the notary's verifier key
convinces himself, without a server and without a network (jejak audit check, or any other program that reads the format). --record writes the record
itself beside it; the proof alone says which event it is, and the hashes of its data, but not its content.

The server that serves --data is asked, or the one at --url; where none runs on --data, the directory itself. Who may read the event may have its proof.`

func newProveCommand() *cobra.Command {
	var (
		r              reach
		store          string
		output, record string
		asJSON         bool
	)
	cmd := &cobra.Command{
		Use:   "prove EVENT",
		Short: "Write the proof that an event is in the log",
		Long:  proveHelp,
		Example: `  jejak audit prove 745151f1-7b06-4c74-969f-45156c751689 -o seal.tlog-proof
  jejak audit prove 745151f1-7b06-4c74-969f-45156c751689 -o seal.tlog-proof --record seal.json --data ./jejak-data
  jejak audit prove 745151f1-7b06-4c74-969f-45156c751689 --url https://jejak.example --token-file auditor.token > seal.tlog-proof`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, err := uuid.Parse(args[0])
			if err != nil {
				return exit.Errorf(exit.Usage, "%q is no id of an event: %w", args[0], err)
			}
			if err := checkStore(store); err != nil {
				return err
			}
			proof, err := prove(cmd.Context(), &r, store, event)
			if err != nil {
				return fmt.Errorf("prove event %s: %w", event, err)
			}
			return writeProof(cmd.OutOrStdout(), proof, output, record, asJSON)
		},
	}
	flags := cmd.Flags()
	r.flags(flags)
	storeFlag(flags, &store)
	flags.StringVarP(&output, "output", "o", "", "file for the proof, such as NAME.tlog-proof (default: the output)")
	flags.StringVar(&record, "record", "", "file for the record itself")
	flags.BoolVar(&asJSON, "json", false, `print {"event", "leaf", "size", "record", "proof"}`)
	return cmd
}

// proved is what `audit prove --json` prints.
type proved struct {
	Event  string `json:"event"`
	Leaf   int64  `json:"leaf"`
	Size   int64  `json:"size"`
	Record string `json:"record"`
	Proof  string `json:"proof"`
}

// prove asks the server, or the directory where none runs.
func prove(ctx context.Context, r *reach, store string, event uuid.UUID) (proved, error) {
	if r.url == "" {
		p, err := server.Prove(ctx, r.dir, store, event)
		var held *lock.HeldError
		switch {
		case err == nil:
			return proved{event.String(), p.Leaf, p.Size, p.Record, p.Proof}, nil
		case !errors.As(err, &held):
			return proved{}, noProof(err)
		}
	}
	address, token, err := r.find("jejak serve")
	if err != nil {
		return proved{}, err
	}
	c, err := client.New(address, client.Options{Connections: 1, Patience: firstPatience})
	if err != nil {
		return proved{}, exit.With(exit.Usage, err)
	}
	defer c.Close()
	p, err := c.Proof(ctx, token, event.String())
	var answered *client.StatusError
	if errors.As(err, &answered) && answered.Status == http.StatusNotFound {
		err = notary.ErrUnknown
	}
	if err != nil {
		return proved{}, noProof(err)
	}
	return proved{event.String(), p.Leaf, p.Size, p.Record, p.Proof}, nil
}

// noProof gives a log that does not fit its exit code.
func noProof(err error) error {
	return doesNotHold(reached(storeAway(err)))
}

func writeProof(out io.Writer, p proved, output, record string, asJSON bool) error {
	for name, text := range map[string]string{output: p.Proof, record: p.Record + "\n"} {
		if name == "" {
			continue
		}
		if err := os.WriteFile(filepath.Clean(name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write the proof: %w", err)
		}
	}
	switch {
	case asJSON:
		return printJSON(out, p)
	case output == "":
		return terminal.Print(out, terminal.Lines(p.Proof))
	}
	err := terminal.Fprintf(out, "event %s is leaf %d of %d under a signed checkpoint: the proof is in %s\n", p.Event, p.Leaf, p.Size, output)
	return err
}
