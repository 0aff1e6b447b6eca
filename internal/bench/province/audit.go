package province

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

// verified is what is read of `jejak audit verify --json`.
type verified struct {
	OK     bool
	Events uint64
	Notary *struct {
		Records, Checkpoints int64
	}
}

// verifies lets the engine scan the log, and audit verify check it.
func verifies(ctx context.Context, opt harness.Options, program, data string) (t report.Table, err error) {
	t = report.Table{
		Title:   "The whole log verified: jejak audit verify",
		Columns: []string{"what", "seconds", "events/s", "checkpoints", "peak memory MiB", "events/s : the engine's scan"},
		Notes: []string{
			"The scan reads every record of the log with the SQLite engine, in this process, and does nothing with it. Verify is the command with its start: pages, form and commands of the log, and every " +
				"record and checkpoint against the notary's tree, so that it reads the log more than once.",
			"Once each, one after the other; the files are in the page cache.",
		},
	}
	telling(opt, "the engine's scan")
	scanned, err := scan(ctx, data)
	if err != nil {
		return t, err
	}
	telling(opt, "audit verify")
	var found verified
	c, err := ask(ctx, program, &found, "audit", "verify", "--data", data, "--json")
	if err != nil {
		return t, err
	}
	if !found.OK || found.Notary == nil || found.Notary.Records == 0 {
		return t, fmt.Errorf("audit verify did not hold the log against what was signed: %+v", found)
	}
	checked := pass{folded{Events: found.Events}, c}
	row := func(who string, p pass, checkpoints, memory string) {
		t.Rows = append(t.Rows, []string{
			who, fmt.Sprintf("%.1f", p.took.Seconds()), fmt.Sprintf("%.0f", p.perSecond()), checkpoints, memory, fmt.Sprintf("%.3f", p.perSecond()/scanned.perSecond()),
		})
	}
	row("the engine's scan", scanned, "", "")
	row("jejak audit verify", checked, fmt.Sprint(found.Notary.Checkpoints), fmt.Sprint(c.peak>>20))
	return t, nil
}

// exports writes the log in every format, checks the bundle, and takes and restores a backup, each once.
func exports(ctx context.Context, opt harness.Options, program, data, dir string) (report.Table, error) {
	t := report.Table{
		Title:   "Written for others: exports, backup and restore",
		Columns: []string{"what", "seconds", "records", "records/s", "rows or events written", "written/s", "MiB", "peak memory MiB"},
		Notes: []string{
			"Each is the command as a process of its own with its start, once; the log is in the page cache. Records are those of the log; MiB what was written.",
			"csv and xlsx have every table, of which the events are the longest; epcis has one document of all that moved; the bundle is a zip file. Backup reads its file back before it is done, and restore checks " +
				"the file before and what it made of it after.",
		},
	}
	for _, format := range []string{"csv", "xlsx", "epcis", "bundle"} {
		out := filepath.Join(dir, "export-"+format)
		if format == "bundle" {
			out += ".zip"
		}
		telling(opt, "export as "+format)
		var s struct{ Records, Written uint64 }
		c, err := ask(ctx, program, &s, "audit", "export", "--data", data, "--format", format, "-o", out, "--json")
		if err == nil {
			err = addWritten(&t, "jejak audit export --format "+format, c, s.Records, s.Written, out)
		}
		if err == nil && format == "bundle" {
			err = verifyBundle(ctx, opt, &t, program, out)
		}
		if err = errors.Join(err, os.RemoveAll(out)); err != nil {
			return t, err
		}
	}
	return t, backups(ctx, opt, &t, program, data, dir)
}

func verifyBundle(ctx context.Context, opt harness.Options, t *report.Table, program, bundle string) error {
	telling(opt, "verify the bundle")
	var found verified
	c, err := ask(ctx, program, &found, "audit", "verify", "--bundle", bundle, "--json")
	if err != nil {
		return err
	}
	if !found.OK || found.Notary == nil {
		return errors.New("the bundle does not hold")
	}
	return addWritten(t, "jejak audit verify --bundle", c, uint64(found.Notary.Records), 0, "")
}

func backups(ctx context.Context, opt harness.Options, t *report.Table, program, data, dir string) (err error) {
	file, restored := filepath.Join(dir, "province.backup"), filepath.Join(dir, "restored")
	defer func() { err = errors.Join(err, os.RemoveAll(file), os.RemoveAll(restored)) }()
	for _, s := range []struct {
		made string
		args []string
	}{
		{file, []string{"backup", file, "--data", data, "--json"}},
		{restored, []string{"restore", file, "--data", restored, "--json"}},
	} {
		telling(opt, s.args[0])
		var m struct{ Log struct{ Events uint64 } }
		c, err := ask(ctx, program, &m, s.args...)
		if err == nil {
			err = addWritten(t, "jejak "+s.args[0], c, m.Log.Events, 0, s.made)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addWritten adds the row of a command that has read records and written rows, 0 where they are not counted, to a file or folder, "" for none.
func addWritten(t *report.Table, what string, c cost, records, written uint64, made string) error {
	each := func(n uint64) string { return fmt.Sprintf("%.0f", float64(n)/c.took.Seconds()) }
	row := []string{what, fmt.Sprintf("%.1f", c.took.Seconds()), fmt.Sprint(records), each(records), "", "", "", fmt.Sprint(c.peak >> 20)}
	if written > 0 {
		row[4], row[5] = fmt.Sprint(written), each(written)
	}
	if made != "" {
		size, err := sizeOf(made)
		if err != nil {
			return err
		}
		row[6] = mebibytes(size)
	}
	t.Rows = append(t.Rows, row)
	return nil
}

// sizeOf is how many bytes a file has, or all files in a folder.
func sizeOf(path string) (size int64, err error) {
	err = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look how much was written: %w", err)
	}
	return size, nil
}

func telling(opt harness.Options, what string) {
	if opt.Progress != nil {
		opt.Progress("province: " + what)
	}
}
