package views

import (
	"log/slog"
	"time"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/command"
)

// Config of the views. All but OnRow, Metrics and Every is required.
type Config struct {
	Store   eventstore.Store
	Ledgers command.Ledgers
	File    *File
	Views   []View
	Log     *slog.Logger
	// OnRow is told of every row after it is saved, but not while a new version of the view is being built: then of all its rows at the end. For one
	// view and unit the positions rise. It is called on the runner's goroutine and must be quick; after a start it is not told of rows that
	// have not changed since: see Each. nil: nobody is told.
	OnRow func(view, election string, unit domain.Code, at eventstore.Position, body []byte)
	// Metrics is told what the runner does; nil: none.
	Metrics Metrics
	// Every is the least time between two rows of the same view and unit, longer for ledgers whose rows take long. Default 1 s.
	Every time.Duration
}

// Metrics is told what the runner does.
type Metrics interface {
	// ViewSaved: rows of a unit were saved; took is the time on the ledger's goroutine.
	ViewSaved(rows int, took time.Duration)
	// ViewFailed: a view of a unit stands still for now, and will be tried again.
	ViewFailed(view string)
}

// noMetrics ignores everything.
type noMetrics struct{}

func (noMetrics) ViewSaved(int, time.Duration) {}
func (noMetrics) ViewFailed(string)            {}
