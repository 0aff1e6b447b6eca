package command

import (
	"time"

	"jejak/domain"
)

// Metrics is told of what happens. Its methods are called by the writers, so they must be quick and safe for concurrent use.
type Metrics interface {
	// Appended: a batch of a ledger is durable; took is the time of the append.
	Appended(commands, events, bytes int, took time.Duration)
	// Answered: a command has its answer; result is the answer's, took the time since Submit.
	Answered(result string, took time.Duration)
	// Broken: a command was not accepted because of a rule.
	Broken(rule string)
	// Found: a discrepancy was raised, revised or reopened.
	Found(kind domain.Kind)
	// Retried: a batch was decided again (reason "conflict" or "exists"), or an append was repeated ("unknown_outcome").
	Retried(reason string)
	// AttemptNotKept: a rejected command was over the day's cap of its device or actor and only counted.
	AttemptNotKept()
	// Loaded: a ledger was loaded, from a snapshot or not, with so many events after it.
	Loaded(events int, snapshot bool, took time.Duration)
}

// NoMetrics ignores everything.
type NoMetrics struct{}

// Appended does nothing.
func (NoMetrics) Appended(int, int, int, time.Duration) {}

// Answered does nothing.
func (NoMetrics) Answered(string, time.Duration) {}

// Broken does nothing.
func (NoMetrics) Broken(string) {}

// Found does nothing.
func (NoMetrics) Found(domain.Kind) {}

// Retried does nothing.
func (NoMetrics) Retried(string) {}

// AttemptNotKept does nothing.
func (NoMetrics) AttemptNotKept() {}

// Loaded does nothing.
func (NoMetrics) Loaded(int, bool, time.Duration) {}
