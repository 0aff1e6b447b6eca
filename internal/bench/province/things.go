package province

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/server"
	"jejak/internal/trail"
)

// things makes the index of things anew, of which answers about the past of one thing live, and leaves it complete.
func things(ctx context.Context, opt harness.Options, data string) (t report.Table, err error) {
	t = report.Table{
		Title:   "The index of things made anew",
		Columns: []string{"events", "index rows", "packed into", "seconds", "events/s", "index rows/s", "MiB", "bytes per index row"},
		Notes: []string{
			"An index row says that an event concerns a box, a station, a shipment, a person or another thing. The file packs those of one thing in one ledger into few rows of its table.",
			"Made in this process on two processors, into the file of the data directory, once. A running server makes it on one.",
		},
	}
	log, err := server.OpenLog(ctx, data, "")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	path := filepath.Join(data, server.TrailFile)
	file, err := trail.Open(path)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := file.Renew(); err != nil {
		return t, err
	}
	telling(opt, "the index of things")
	began := time.Now()
	built, err := file.Build(ctx, trail.Log{Store: log.Store, Catalog: log.Catalog}, 2, nil)
	if err != nil {
		return t, err
	}
	took := time.Since(began).Seconds()
	rate := float64(built.Postings) / took
	info, err := os.Stat(path)
	if err != nil {
		return t, fmt.Errorf("look at the index: %w", err)
	}
	size := info.Size()
	if journal, err := os.Stat(path + "-wal"); err == nil {
		size += journal.Size()
	}
	t.Rows = append(t.Rows, []string{
		fmt.Sprint(built.Events), fmt.Sprint(built.Postings), fmt.Sprint(built.Rows), fmt.Sprintf("%.1f", took),
		fmt.Sprintf("%.0f", float64(built.Events)/took), fmt.Sprintf("%.0f", rate),
		mebibytes(size), fmt.Sprintf("%.1f", float64(size)/float64(built.Postings)),
	})
	t.Notes = append(t.Notes, least("the index made anew, thousands of index rows/s", rate/1000, 150))
	return t, nil
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }
