// Package web measures Jejak over HTTP on the loopback interface: single commands and NDJSON batches, beside what a server can do at all here.
//
// Every server runs in a process of its own, all of them at the same time; in every round one after the other is driven, so that what else the
// machine does hits them alike. The clients speak the protocols by hand and are told apart from the servers: their share of the processors is
// a column. Everything is durable when it is answered.
package web

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

// Section measures commands over HTTP.
var Section = harness.Section{Name: "web", Title: "Commands over HTTP", Run: run}

// size of a run.
type size struct {
	rounds  int
	clients []int
	d       time.Duration // of one contender in one round
	lines   int           // of a batch
	lanes   []int         // batches at a time
}

func sizeOf(opt harness.Options) size {
	s := size{rounds: opt.Rounds, clients: []int{1, 16, 256}, d: 3 * time.Second, lines: 40_000, lanes: []int{1, 8}}
	if opt.Quick {
		s.d, s.lines = time.Second, 8_000
	}
	if s.rounds <= 0 {
		s.rounds = 5
		if opt.Quick {
			s.rounds = 3
		}
	}
	return s
}

func run(ctx context.Context, opt harness.Options) ([]report.Table, error) {
	return measure(ctx, opt, sizeOf(opt))
}

func measure(ctx context.Context, opt harness.Options, s size) (tables []report.Table, err error) {
	dir, err := os.MkdirTemp(opt.Dir, "jejak-bench-web-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the servers: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	children := map[string]*child{}
	defer func() {
		for _, c := range children {
			err = errors.Join(err, c.stop())
		}
	}()
	for _, name := range []string{jejakName, jejakFeedName, bareName, echoName, jetStreamName} {
		c, err := startChild(name, filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		children[name] = c
	}
	singles, err := singleCommands(ctx, opt, s, children)
	if err != nil {
		return nil, err
	}
	batches, err := bulk(ctx, opt, s, children[jejakName], dir)
	if err != nil {
		return nil, err
	}
	signed, err := notaryCost(ctx, opt, s, dir)
	if err != nil {
		return nil, err
	}
	return append(singles, batches, signed), nil
}

func progress(opt harness.Options, format string, args ...any) {
	if opt.Progress != nil {
		opt.Progress(fmt.Sprintf(format, args...))
	}
}
