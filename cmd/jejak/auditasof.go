package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jejak/internal/exit"
	"jejak/internal/history"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

const asOfHelp = `Show a read model as it was: the board of the regencies, or what is asked for with one of --regency, --station, --box, --shipment, --seal, --custody,
--plan, --claims, --discrepancies. Of discrepancies --kind and --status choose.

--clock recorded (the default) is what was known at that moment: what a log that ends there says. --clock occurred is what had happened by then,
whenever it was told. --position cuts the log off at a position. Times need a zone: 2024-02-13T06:45+07:00 or 2024-02-13T06:45WIB.

` + pastHelp + `

Keadaan pada suatu waktu: yang diketahui saat itu (recorded), atau yang sudah terjadi saat itu (occurred).`

// pastFlags are those of every command that looks back.
type pastFlags struct {
	reach
	store, election string
	asJSON          bool
}

func (f *pastFlags) flags(cmd *cobra.Command) {
	f.reach.flags(cmd.Flags())
	storeFlag(cmd.Flags(), &f.store)
	electionFlag(cmd, &f.election)
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON, as the HTTP API answers")
}

// asked is a thing that as-of shows, by its flag.
type asked struct{ flag, path, usage string }

var things = []asked{
	{"regency", "regencies", "the figures of this regency"}, {"station", "stations", "the card of this polling station"}, {"box", "boxes", "this box, with what happened to it"},
	{"shipment", "shipments", "this shipment"}, {"seal", "seals", "the boxes with this seal number"}, {"custody", "custody", "who held the boxes of this regency"},
	{"plan", "plan", "the need plan of this unit"}, {"claims", "claims", "the claims of this unit"}, {"discrepancies", "discrepancies", "the discrepancies of this unit"},
}

func newAsOfCommand() *cobra.Command {
	var f pastFlags
	var at, clock, position, kind, status string
	ids := make([]string, len(things))
	cmd := &cobra.Command{
		Use: "as-of", Short: "Show anything as it was at a moment", Long: asOfHelp, Args: cobra.NoArgs,
		Example: `  jejak audit as-of --at 2024-02-13T06:45WIB --regency 3578 --data ./demo-data
  jejak audit as-of --at 2024-02-13T06:45+07:00 --clock occurred --box 3578010001001-PPWP
  jejak audit as-of --at 2024-02-14T06:45WIB --discrepancies 3578 --kind unsealed --status open
  jejak audit as-of --position 120000 --discrepancies 3578 --json`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			path, what, err := askedFor(f.election, ids, kind, status)
			if err != nil {
				return err
			}
			cut, faults := history.ReadCut(at, clock, position)
			if len(faults) > 0 {
				return wrongUsage(faults, map[string]string{"as_of": "at"})
			}
			if cut.End() {
				return exit.Errorf(exit.Usage, "say when: --at TIME or --position N")
			}
			p, err := f.openPast(cmd.Context(), f.store)
			if err != nil {
				return fmt.Errorf("audit as-of: %w", err)
			}
			defer func() { err = errors.Join(err, p.close()) }()
			what.Set("as_of", at)
			what.Set("clock", clock)
			what.Set("position", position)
			body, err := p.whole(cmd.Context(), path, what)
			if err != nil {
				return err
			}
			switch out := cmd.OutOrStdout(); {
			case f.asJSON:
				return printRaw(out, body)
			case strings.HasSuffix(path, "/"+boardPath):
				return printPastBoard(out, cut, body)
			default:
				return printPast(out, cut, body)
			}
		},
	}
	f.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&at, "at", "", "the moment, with its zone")
	flags.StringVar(&clock, "clock", "", "what --at means: recorded (default) or occurred")
	flags.StringVar(&position, "position", "", "the position at which the log ends")
	for i, t := range things {
		flags.StringVar(&ids[i], t.flag, "", t.usage)
	}
	flags.StringVar(&kind, "kind", "", "of the discrepancies only those of this kind, such as unsealed")
	flags.StringVar(&status, "status", "", "of the discrepancies only those in this status: open, explained or resolved")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("regency", completeRegencies)
	return cmd
}

// boardPath ends the path of the board.
const boardPath = "regencies"

// askedFor is the path of what is asked for, of the board when it is nothing.
func askedFor(election string, ids []string, kind, status string) (path string, query url.Values, err error) {
	base := "/v1/elections/" + url.PathEscape(election) + "/"
	path, query = base+boardPath, url.Values{}
	n := 0
	for i, t := range things {
		if ids[i] == "" {
			continue
		}
		n++
		if t.flag == "discrepancies" {
			path = base + t.path
			query.Set("regency", ids[i])
			query.Set("kind", kind)
			query.Set("status", status)
			query.Set("limit", strconv.Itoa(mostOfPage))
			continue
		}
		path = base + t.path + "/" + url.PathEscape(ids[i])
	}
	if (kind != "" || status != "") && !query.Has("kind") {
		return "", nil, exit.Errorf(exit.Usage, "--kind and --status choose among discrepancies: say whose with --discrepancies UNIT")
	}
	if n > 1 {
		return "", nil, exit.Errorf(exit.Usage, "one thing at a time: give one of --regency, --station, --box, --shipment, --seal, --custody, --plan, --claims, --discrepancies")
	}
	return path, query, nil
}

func printRaw(w io.Writer, body []byte) error {
	_, err := w.Write(append(bytes.TrimSpace(body), '\n'))
	return err
}

// printPast prints an answer for people under the moment that it is of.
func printPast(w io.Writer, cut history.Cut, body []byte) error {
	text, err := paint(body, terminal.Width(w))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	err = terminal.Fprintf(w, "as of %s\n%s", cut, text)
	return err
}

// printPastBoard prints the board under the moment that it is of, the worst first and all together last. What a regency's row has beside it is shown with
// --regency.
func printPastBoard(w io.Writer, cut history.Cut, body []byte) error {
	var rows []form.RegencyRow
	if err := json.Unmarshal(body, &rows); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	columns, cells := boardCells(rows, nil)
	p := painter{width: terminal.Width(w)}
	table, left, short := terminal.Fit(columns, append(cells, boardLine(together(rows))), p.width, nil)
	p.tables.Add(table)
	p.left, p.cut = left, short
	err := terminal.Fprintf(w, "as of %s\n%s", cut, p.text())
	return err
}
