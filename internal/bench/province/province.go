// Package province measures the whole: Pemilu 2024 of all of East Java played against the server over HTTP, as `jejak demo --all` does it,
// the start of a server that has all of it in its log, and what auditors do with that log.
package province

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
)

// Section measures the whole election. It takes about twenty minutes, also with --quick: a part of it says nothing about the targets.
var Section = harness.Section{Name: "province", Title: "The whole election", Run: run}

func run(ctx context.Context, opt harness.Options) (tables []report.Table, err error) {
	dir, err := os.MkdirTemp(opt.Dir, "jejak-bench-province-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the election: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program, err := serving.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	played, err := play(ctx, opt, program, data)
	if err != nil {
		return nil, err
	}
	starts, err := coldStarts(ctx, opt, program, data)
	if err != nil {
		return nil, err
	}
	grown, used, err := growth(ctx, opt, program, data, filepath.Join(dir, "empty"))
	if err != nil {
		return nil, err
	}
	rebuilt, err := rebuilds(ctx, opt, program, data)
	if err != nil {
		return nil, err
	}
	tables = append(played.tables(), grown, used, startTable(starts), rebuilt)
	audited, err := audits(ctx, opt, program, data, dir)
	if err != nil {
		return nil, err
	}
	return append(tables, audited...), nil
}

// audits measures what auditors do. The index of things comes first: it is complete when it is asked. dir is for what is written.
func audits(ctx context.Context, opt harness.Options, program, data, dir string) ([]report.Table, error) {
	index, err := things(ctx, opt, data)
	if err != nil {
		return nil, fmt.Errorf("the index of things: %w", err)
	}
	asked, err := questions(ctx, opt, program, data)
	if err != nil {
		return nil, fmt.Errorf("questions about the past: %w", err)
	}
	checked, err := verifies(ctx, opt, program, data)
	if err != nil {
		return nil, fmt.Errorf("verify the log: %w", err)
	}
	written, err := exports(ctx, opt, program, data, dir)
	if err != nil {
		return nil, fmt.Errorf("write for others: %w", err)
	}
	return []report.Table{checked, index, asked, written}, nil
}

// outcome is what the demo says of itself at its end.
type outcome struct {
	Verdict struct {
		OK       bool   `json:"ok"`
		Acts     int64  `json:"acts"`
		Compared int    `json:"compared"`
		Position uint64 `json:"position"`
	} `json:"verdict"`
	Measured struct {
		WallSeconds float64          `json:"wall_seconds"`
		CPUSeconds  float64          `json:"cpu_seconds"`
		PeakMemory  int64            `json:"peak_memory_bytes"`
		Events      uint64           `json:"events"`
		Files       map[string]int64 `json:"files"`
	} `json:"measured"`
}

// election is a play that has been measured.
type election struct {
	outcome
	samples []sample
}

// play runs the demo in a process of its own and looks at it from outside.
func play(ctx context.Context, opt harness.Options, program, data string) (*election, error) {
	args := []string{"demo", "--all", "--exit", "--json", "--data", data, "--listen", "127.0.0.1:0"}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = io.Discard // its progress; what it ends with is in its exit code and its answer
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	began := time.Now()
	answers := json.NewDecoder(out)
	var at struct{ HTTP string }
	if err := answers.Decode(&at); err != nil {
		return nil, errors.Join(fmt.Errorf("play: the demo did not say where it serves: %w", err), cmd.Wait())
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	w := watcher{pid: cmd.Process.Pid, url: at.HTTP, began: began, progress: opt.Progress}
	watched := make(chan []sample, 1)
	go func() { watched <- w.watch(watching) }()
	e := &election{}
	err = answers.Decode(&e.outcome)
	stop()
	e.samples = <-watched
	if err = errors.Join(err, cmd.Wait()); err != nil {
		return nil, fmt.Errorf("play %v: %w", args, err)
	}
	if !e.Verdict.OK {
		return nil, fmt.Errorf("play %v: the server's figures are not those that were played", args)
	}
	return e, nil
}
