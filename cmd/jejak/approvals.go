package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/refdata"
	"jejak/internal/terminal"
	"jejak/projections"
)

const approvalsHelp = `List approvals (persetujuan), refusals, and the recorded acts that wait for one: which order, shipment or boxes, who gave it or who acted, and who may
approve. A request that was refused for want of an approval changed nothing and is not listed; its answer said whom to ask.

An approval is given by the command approval.give over HTTP, with the token of a second person.`

// approvalsPage is how many are asked for at a time.
const approvalsPage = 500

func newApprovalsCommand() *cobra.Command {
	var where reach
	var election, state, regency string
	var asJSON bool
	states := []string{projections.ApprovalWaiting, projections.ApprovalInForce, projections.ApprovalUsed, projections.ApprovalRefused, projections.ApprovalRevoked}
	cmd := &cobra.Command{
		Use:   "approvals",
		Short: "List what second persons have approved, and what waits for them",
		Long:  approvalsHelp,
		Example: "  jejak approvals --state waiting\n  jejak approvals --regency 3578 --json\n" +
			"  jejak approvals --url https://jejak.example --token-file operator.token",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if state != "" && !slices.Contains(states, state) {
				return exit.Errorf(exit.Usage, "--state %q: it is one of %s", state, strings.Join(states, ", "))
			}
			c, _, token, err := where.connect("jejak serve")
			if err != nil {
				return err
			}
			defer c.Close()
			query := url.Values{"limit": {strconv.Itoa(approvalsPage)}}
			for name, value := range map[string]string{"state": state, "regency": regency} {
				if value != "" {
					query.Set(name, value)
				}
			}
			list, err := readApprovals(cmd.Context(), c, token, election, query)
			if err != nil {
				return fmt.Errorf("list approvals: %w", refused(err))
			}
			return showApprovals(cmd.OutOrStdout(), list, asJSON)
		},
	}
	flags := cmd.Flags()
	where.flags(flags)
	flags.StringVar(&election, "election", refdata.Elections()[0], "the election")
	flags.StringVar(&state, "state", "", "only in this state: "+strings.Join(states, ", "))
	flags.StringVar(&regency, "regency", "", "only of this unit, such as 3578")
	flags.BoolVar(&asJSON, "json", false, "print a JSON object a line")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("regency", completeRegencies)
	return cmd
}

// readApprovals reads page after page, until one has nothing.
func readApprovals(ctx context.Context, c *client.Client, token, election string, query url.Values) (all []api.ApprovalCard, err error) {
	for {
		var page []api.ApprovalCard
		if _, err := c.Get(ctx, token, "/v1/elections/"+url.PathEscape(election)+"/approvals", query, 0, &page); err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return all, nil
		}
		all = append(all, page...)
		query.Set("after", page[len(page)-1].Number)
	}
}

func showApprovals(w io.Writer, list []api.ApprovalCard, asJSON bool) error {
	if asJSON {
		for _, c := range list {
			if err := printJSON(w, c); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		return terminal.Fprintf(w, "no approvals\n")
	}
	rows := make([][]string, len(list))
	for i, c := range list {
		subject := c.Subject[0]
		if n := len(c.Subject) - 1; n > 0 {
			subject += fmt.Sprintf(" +%d", n)
		}
		amount := ""
		if c.Amount > 0 {
			amount = terminal.Number(c.Amount)
		}
		rows[i] = []string{c.State, c.Unit, c.Purpose, subject, amount, c.By, strings.Join(c.Entitled, ", "), cmp.Or(c.ID, c.Number)}
	}
	return terminal.Print(w, terminal.Table([]terminal.Column{
		{Title: "state"}, {Title: "unit"}, {Title: "purpose"}, {Title: "subject"}, {Title: "rupiah", Right: true}, {Title: "by"}, {Title: "waits for"}, {Title: "id"},
	}, rows))
}
