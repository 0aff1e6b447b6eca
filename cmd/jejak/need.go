package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/need"
	"jejak/internal/exit"
	"jejak/internal/refdata"
	"jejak/internal/terminal"
)

const needHelp = `Print what a regency (4 digits) or the province (2 digits) needs for an election: norms times real counts, ballots per
design with the reserve rounded up per station. It needs no server and no data directory: the reference data is built in.

A quantity that cannot be known yet is "?" (null with --json), never 0.`

// derivedNotice must stand beside every figure that rests on voters per station.
const derivedNotice = "* pemilih per TPS turunan, bukan angka resmi / voters per station are derived, not official"

func newNeedCommand() *cobra.Command {
	var electionID string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "need CODE",
		Short:   "Print what a regency or the province needs",
		Long:    needHelp,
		Example: "  jejak need 3507\n  jejak need 35 --json\n  jejak need 3578 --election pilkada2024",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refdata.KnownElection(electionID); err != nil {
				return exit.With(exit.Usage, err)
			}
			ds, err := refdata.BuiltIn(electionID)
			if err != nil {
				return err
			}
			code := domain.Code(args[0])
			lines, err := need.Calculate(ds.Reference, code)
			if err != nil {
				return exit.With(exit.Usage, err)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), lines)
			}
			return printNeed(cmd.OutOrStdout(), ds.Reference, code, lines)
		},
	}
	electionFlag(cmd, &electionID)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of {item, variant, quantity, unit, formula, norms}")
	return cmd
}

func electionFlag(cmd *cobra.Command, id *string) {
	cmd.Flags().StringVar(id, "election", refdata.Elections()[0], "the election: "+strings.Join(refdata.Elections(), " or "))
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("election", cobra.FixedCompletions(refdata.Elections(), cobra.ShellCompDirectiveNoFileComp))
}

func printNeed(w io.Writer, ref *election.Reference, code domain.Code, lines []need.Line) error {
	region := ref.Regions[code]
	var out terminal.Page
	out.Printf("Kebutuhan / need: %s (%s), %s, norma %s\n", region.Name, code, ref.Name, ref.Norms.Version)
	out.Printf("%s kecamatan, %s desa/kelurahan, %s TPS\n\n",
		terminal.Number(int64(region.Districts)), terminal.Number(int64(region.Villages)), terminal.Number(int64(region.StationCount)))
	rows := make([][]string, len(lines))
	derived := false
	for i, l := range lines {
		quantity := "?"
		if l.Quantity != nil {
			quantity = terminal.Number(*l.Quantity)
		}
		mark := ""
		if l.Derived {
			mark, derived = "*", true
		}
		rows[i] = []string{l.Item, l.Variant, quantity, mark, l.Unit, l.Formula}
	}
	out.Add(terminal.Table([]terminal.Column{
		{Title: "item"}, {Title: "variant"}, {Title: "quantity", Right: true}, {Title: ""}, {Title: "unit"}, {Title: "formula"},
	}, rows))
	if derived {
		out.Printf("\n%s\n", derivedNotice)
	}
	err := terminal.Print(w, out.Text())
	return err
}
