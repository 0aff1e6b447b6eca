package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jejak/domain"
	"jejak/internal/client"
	"jejak/internal/command"
	"jejak/internal/epcis"
	"jejak/internal/exit"
	"jejak/internal/export"
	"jejak/internal/history"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

const exportHelp = `Write what the log holds for others, unit by unit, in constant memory:

  epcis   one EPCIS 2.0 document (JSON-LD) of everything that moved or changed: docs/epcis.md
  csv     a new folder of tables: regencies, stations, boxes, shipments, handoffs, discrepancies, events
  xlsx    the same tables as one workbook
  bundle  the records themselves with tiles, checkpoints and keys of the notary, for jejak audit verify --bundle: a new folder, or a zip file where the name
          ends in .zip; with --unit those of the units, with --split one file a stream. Always of all that is signed: without --from and --to

Times in tables are East Java's: dates in a workbook, 2024-02-13T06:45:00+07:00 in CSV; truths are booleans. --human has "2024-02-13 06:45:00 WIB", "ya" and
"tidak" instead, as text. Excel in Indonesian opens CSV by double click only with --csv-separator ";".

--to TIME exports the log as it stood then, --from TIME leaves out the records before (the tables of things are always as at the end); both by the
server's clock, with a zone. People are ids: no name is in any export. What is written is there whole or not at all.

Without --url the data directory is read, and no server may have it meanwhile; with --url a running server is asked, for what the token may see.`

type exportFlags struct {
	reach
	store, election, format, out, base string
	units                              []string
	from, to                           string
	split, asJSON                      bool
	comma                              string
	form                               export.Form

	simulated bool // what the data directory is
}

const (
	formatBundle = "bundle"
	formatEPCIS  = "epcis"
)

// exporters write in the formats, by their names.
var exporters = map[string]func(ctx context.Context, log export.Log, c export.Choice, f *exportFlags) (export.Summary, error){
	formatEPCIS: func(ctx context.Context, log export.Log, c export.Choice, f *exportFlags) (s export.Summary, err error) {
		names, err := epcis.NewNamer(f.base)
		if err != nil {
			return s, exit.With(exit.Usage, err)
		}
		return s, export.File(f.out, func(file *os.File) error {
			s, err = log.EPCIS(ctx, file, c, names)
			return err
		})
	},
	formatBundle: func(ctx context.Context, log export.Log, c export.Choice, f *exportFlags) (export.Summary, error) {
		if remote, ok := log.Store.(export.Remote); ok {
			return remote.Bundle(ctx, f.out, c, f.split)
		}
		return log.Bundle(ctx, f.out, c, export.Packing{Notary: filepath.Join(f.dir, server.NotaryFolder), Split: f.split, Program: "jejak " + thisBuild().Version, Simulated: f.simulated})
	},
	"csv": func(ctx context.Context, log export.Log, c export.Choice, f *exportFlags) (s export.Summary, err error) {
		return s, export.Directory(f.out, func(dir string) error {
			s, err = log.CSV(ctx, dir, c, f.form)
			return err
		})
	},
	"xlsx": func(ctx context.Context, log export.Log, c export.Choice, f *exportFlags) (s export.Summary, err error) {
		return s, export.File(f.out, func(file *os.File) error {
			s, err = log.XLSX(ctx, file, filepath.Dir(f.out), c, f.form)
			return err
		})
	},
}

func newExportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export --format epcis|csv|xlsx|bundle -o PATH",
		Short: "Write the log as EPCIS 2.0, as tables, or as a bundle",
		Long:  exportHelp,
		Example: `  jejak audit export --data ./demo-data --format xlsx -o jawa-timur.xlsx
  jejak audit export --data ./demo-data --unit 3576 --format epcis -o 3576.jsonld
  jejak audit export --data ./demo-data --to "2024-02-13T06:45:00+07:00" --format csv -o kota
  jejak audit export --url https://jejak.example --token-file auditor.token --unit 3578 --format csv -o surabaya
  jejak audit export --url https://jejak.example --token-file auditor.token --format bundle -o jawa-timur.zip`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runExport(cmd, &f) },
	}
	flags := cmd.Flags()
	f.reach.flags(flags)
	storeFlag(flags, &f.store)
	electionFlag(cmd, &f.election)
	flags.StringVar(&f.format, "format", "", "epcis, csv, xlsx or bundle")
	flags.StringVarP(&f.out, "output", "o", "", "file to write, for csv and bundle the folder to make")
	flags.StringSliceVar(&f.units, "unit", nil, "only these units, such as 3578 (default: all)")
	flags.BoolVar(&f.split, "split", false, "of a bundle: one file a stream, so that a unit's records can be handed on alone")
	flags.StringVar(&f.from, "from", "", "only records from this time on (RFC 3339 with an offset, or with WIB, WITA or WIT behind it)")
	flags.StringVar(&f.to, "to", "", "as the log stood at this time (RFC 3339, with offset)")
	flags.StringVar(&f.base, "base", epcis.DefaultBase, "address under which the names of an EPCIS document live: a domain of your own")
	flags.BoolVar(&f.form.Human, "human", false, "times and truths in tables as text for people")
	flags.StringVar(&f.comma, "csv-separator", ",", `what stands between the columns of CSV: "," or ";" or "tab"`)
	flags.BoolVar(&f.asJSON, "json", false, `print {"units", "records", "written", "last"}`)
	// They fail only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("unit", completeRegencies)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func formats() []string {
	names := make([]string, 0, len(exporters))
	for name := range exporters {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// choice reads what is to be exported.
func (f *exportFlags) choice() (c export.Choice, err error) {
	c.Election = f.election
	for _, unit := range f.units {
		code, err := domain.ParseCode(unit)
		if err != nil {
			return c, exit.Errorf(exit.Usage, "--unit %s: %v", unit, err)
		}
		c.Units = append(c.Units, code)
	}
	var faults []*history.Fault
	moment := func(flag, text string) (t time.Time) {
		if text == "" {
			return t
		}
		t, err := history.ParseTime(flag, text)
		if fault, ok := history.Asks(err); ok {
			faults = append(faults, fault)
		}
		return t
	}
	c.From, c.To = moment("from", f.from), moment("to", f.to)
	if len(faults) > 0 {
		return c, wrongUsage(faults, nil)
	}
	if err == nil && !c.From.IsZero() && !c.To.IsZero() && !c.From.Before(c.To) {
		err = exit.Errorf(exit.Usage, "--from %s is not before --to %s", f.from, f.to)
	}
	return c, err
}

func runExport(cmd *cobra.Command, f *exportFlags) (err error) {
	write, known := exporters[f.format]
	switch {
	case !known:
		return exit.Errorf(exit.Usage, "--format %q: there are %v", f.format, formats())
	case f.out == "":
		return exit.Errorf(exit.Usage, "-o is needed: where to write")
	}
	c, err := f.choice()
	if err != nil {
		return err
	}
	if f.form.Comma = commas[f.comma]; f.form.Comma == 0 {
		return exit.Errorf(exit.Usage, "--csv-separator %q: there are \",\", \";\" and \"tab\"", f.comma)
	}
	if f.format == formatBundle && (f.from != "" || f.to != "") {
		return exit.Errorf(exit.Usage, "a bundle is of all that is signed, from the first record to the last: leave --from and --to out")
	}
	server.TuneMemory(cmd.Context(), 0)
	log, end, err := f.log(cmd.Context())
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, end()) }()
	log.Progress = exporting(cmd.ErrOrStderr())
	if remote, ok := log.Store.(export.Remote); ok {
		remote.Watch = &received{w: io.Discard, watch: cmd.ErrOrStderr()}
		log.Store = remote
	}
	s, err := write(cmd.Context(), log, c, f)
	if err != nil {
		return reached(fmt.Errorf("export: %w", err))
	}
	if f.asJSON {
		return errors.Join(printJSON(cmd.OutOrStdout(), s), partly(s.Unreadable))
	}
	err = terminal.Fprintf(cmd.OutOrStdout(), "%s: %s, up to position %d\n", f.out, made(f.format, s), s.Last)
	return errors.Join(err, partly(s.Unreadable))
}

// partly is the error of what was made without some units, nil where there are none: what is there can be used, and who runs it must know.
func partly(unreadable []string) error {
	if len(unreadable) == 0 {
		return nil
	}
	return fmt.Errorf("%s not whole, the others are: a program that knows the form of these records can read them\n%s",
		number(len(unreadable), "unit is", "units are"), strings.Join(unreadable, "\n"))
}

// commas are what may stand between the columns of CSV.
var commas = map[string]rune{",": ',', ";": ';', "tab": '\t', "\t": '\t'}

// made says what an export has in it.
func made(format string, s export.Summary) string {
	from := terminal.Number(int64(s.Records)) + " records of " + number(s.Units, "unit", "units")
	switch format {
	case formatBundle:
		return from
	case formatEPCIS:
		return terminal.Number(int64(s.Written)) + " EPCIS events from " + from
	}
	return terminal.Number(int64(s.Written)) + " rows from " + from
}

// log opens the log of the data directory, or reaches that of a server.
func (f *exportFlags) log(ctx context.Context) (log export.Log, end func() error, err error) {
	if f.url == "" {
		if err := checkStore(f.store); err != nil {
			return log, nil, err
		}
		opened, err := openLog(ctx, f.dir, f.store)
		if err != nil {
			return log, nil, err
		}
		f.simulated = opened.Simulated
		return export.Log{Store: opened.Store, Catalog: opened.Catalog}, opened.Close, nil
	}
	url, token, err := f.find("jejak serve")
	if err != nil {
		return log, nil, err
	}
	c, err := client.New(url, client.Options{Connections: 1, Patience: firstPatience})
	if err != nil {
		return log, nil, exit.With(exit.Usage, err)
	}
	remote := export.Remote{Client: c, Token: token, Election: f.election}
	catalog := command.NewStoreCatalog(remote, slog.New(slog.DiscardHandler))
	return export.Log{Store: remote, Catalog: catalog}, func() error { c.Close(); return nil }, nil
}

// exporting shows how far an export is to a person who watches; nil where nobody does.
func exporting(w io.Writer) func(unit domain.Code, done uint64) {
	if !terminal.Watched(w) {
		return nil
	}
	live := terminal.NewLive(w)
	return func(unit domain.Code, done uint64) {
		live.Paint(terminal.Sprintf("exporting %s: %s records read\n", unit, terminal.Number(int64(done))))
	}
}
