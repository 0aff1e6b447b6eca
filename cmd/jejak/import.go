package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"jejak/internal/exit"
	"jejak/internal/refdata"
	"jejak/internal/terminal"
)

const importHelp = `Check reference data (regions, polling stations, electoral districts, voters, norms) and import it into a data directory. Without DIR
the built-in data of East Java is taken. All problems are listed at once, with file and line; if there is one, nothing is imported.

With --check nothing is imported in any case: the counts on every level are compared with the official totals (exit code 3 on a mismatch).

DIR has regencies.csv, districts.csv, villages.csv, polling_stations.csv.gz, electoral_districts.csv, electoral_district_areas.csv,
derived_regency_voters.csv, derived_village_voters.csv and derived_polling_station_voters.csv.gz (a .gz file may also be there unpacked).
<election>.json, <election>.norms.json and police_units.csv may be there; else the built-in ones count.`

func newImportCommand() *cobra.Command {
	var electionID, dataDir, store string
	var check, asJSON bool
	cmd := &cobra.Command{
		Use:   "import [DIR]",
		Short: "Check reference data and import it",
		Long:  importHelp,
		Example: "  jejak import --data ./jejak-data\n  jejak import --check\n  jejak import --check ./my-reference-data\n" +
			"  jejak import ./my-reference-data --data ./jejak-data --election pemilu2024",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(exit.With(exit.Usage, refdata.KnownElection(electionID)), checkStore(store)); err != nil {
				return err
			}
			var folder fs.FS // nil: the built-in data
			if len(args) == 1 {
				if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
					return exit.With(exit.Usage, errors.Join(fmt.Errorf("%s is not a folder of reference data", args[0]), err))
				}
				folder = os.DirFS(args[0])
			}
			if check {
				return checkReference(cmd.OutOrStdout(), folder, electionID, asJSON)
			}
			return importReference(cmd.Context(), cmd.OutOrStdout(), folder, electionID, dataDir, store, asJSON)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "compare with the official totals and import nothing")
	dataFlag(cmd.Flags(), &dataDir)
	storeFlag(cmd.Flags(), &store)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	electionFlag(cmd, &electionID)
	return cmd
}

// checked is what `import --check --json` prints.
type checked struct {
	Election string            `json:"election"`
	OK       bool              `json:"ok"`
	Totals   []refdata.Total   `json:"totals"`
	Problems []refdata.Problem `json:"problems"`
}

func checkReference(w io.Writer, folder fs.FS, electionID string, asJSON bool) error {
	var report refdata.Report
	if folder == nil {
		report = refdata.CheckBuiltIn(electionID)
	} else {
		report = refdata.Check(folder, electionID)
	}
	problems := report.Problems.List
	var err error
	if asJSON {
		err = printJSON(w, checked{
			Election: electionID, OK: len(problems) == 0,
			Totals: append([]refdata.Total{}, report.Totals...), Problems: append([]refdata.Problem{}, problems...),
		})
	} else {
		err = printCheck(w, report)
	}
	if err != nil || len(problems) == 0 {
		return err
	}
	return exit.Errorf(exit.Mismatch, "the reference data does not hold: %s", number(len(problems), "problem", "problems"))
}

func printCheck(w io.Writer, report refdata.Report) error {
	rows := make([][]string, len(report.Totals))
	for i, t := range report.Totals {
		ok := "ok"
		if !t.OK {
			ok = "SALAH / WRONG"
		}
		rows[i] = []string{t.What, terminal.Number(t.Official), terminal.Number(t.Here), ok, t.Source}
	}
	var out terminal.Page
	out.Add(terminal.Table([]terminal.Column{
		{Title: "level"}, {Title: "official", Right: true}, {Title: "here", Right: true}, {Title: "ok"}, {Title: "source"},
	}, rows))
	if list := report.Problems.List; len(list) > 0 {
		out.Printf("\n")
		for _, p := range list {
			out.Printf("%s\n", p)
		}
	}
	err := terminal.Print(w, out.Text())
	return err
}

// imported is what `import --json` prints.
type imported struct {
	Election string `json:"election"`
	Version  string `json:"version"`
	Added    int    `json:"added"`   // events of the reference data; 0 when this version was there
	Adopted  int    `json:"adopted"` // units that go by this version now and did not before
}

func importReference(ctx context.Context, w io.Writer, folder fs.FS, electionID, dataDir, store string, asJSON bool) error {
	ds, err := dataset(folder, electionID)
	if err != nil {
		return err
	}
	done, err := storeReference(ctx, dataDir, store, ds)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(w, done)
	}
	if done.Added == 0 {
		err = terminal.Fprintf(w, "%s: version %s was there; adopted by %s\n", done.Election, done.Version, number(done.Adopted, "more unit", "more units"))
		return err
	}
	err = terminal.Fprintf(w, "%s: version %s imported (%s), adopted by %s\n", done.Election, done.Version,
		number(done.Added, "event", "events"), number(done.Adopted, "unit", "units"))
	return err
}

func dataset(folder fs.FS, electionID string) (*refdata.Dataset, error) {
	if folder == nil {
		return refdata.BuiltIn(electionID)
	}
	ds, problems := refdata.Load(folder, electionID)
	return ds, exit.With(exit.Mismatch, problems.Err())
}

// number writes "1 problem", "1,000 problems".
func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return terminal.Number(int64(n)) + " " + many
}
