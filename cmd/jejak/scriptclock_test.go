package main

import (
	"context"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jejak/internal/server"
)

// daysAgo is a machine whose clock is wrong by so many days.
type daysAgo struct {
	began time.Time
	days  time.Duration
}

func (m daysAgo) Wall() time.Time        { return time.Now().Round(0).Add(-m.days * 24 * time.Hour) }
func (m daysAgo) Running() time.Duration { return time.Since(m.began) }

func aged(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "aged DIR DAYS")
	days, err := strconv.Atoi(args[1])
	ts.Check(err)
	s, err := server.Open(context.Background(), server.Config{
		Dir: ts.MkAbs(args[0]), Listen: "127.0.0.1:0", Kind: server.Real, NATS: server.NATS{Off: true}, Machine: daysAgo{time.Now(), time.Duration(days)},
	})
	ts.Check(err)
	ts.Check(s.Close())
}
