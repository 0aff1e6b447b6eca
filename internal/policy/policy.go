// Package policy carries over what crosses units: an event in one ledger, or the clock, becomes a command to another ledger, through the normal
// path, under an id that follows from what called for it.
//
// A policy is a fold: it reads the log from the first record on and knows from that alone what is to be sent. So its commands are the same
// whenever it is started, and sending them again adds nothing. Its checkpoint (in ledger-cache.db, disposable) is what it knows at a place of the
// log up to which every command is answered.
package policy

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/command"
)

// policy is one fold with the commands it calls for. It is used by one goroutine.
type policy interface {
	// name is the policy's for life: the ids of its commands follow from it.
	name() string
	// types are the types of the events that it reads.
	types() []string
	// observe folds a record of a ledger and returns the commands that it calls for. An error leaves the fold as it was.
	observe(ctx context.Context, rec *eventstore.Record) ([]order, error)
	// due returns the commands that the time calls for, once, and when there will be more by what is folded (the zero time: never).
	due(now time.Time) (orders []order, next time.Time)
	// fold is what the policy knows, a pointer to a struct for encoding/gob; observe and due work on it.
	fold() any
}

// foldVersion is raised when a fold means something else than before while its Go types stay as they are.
const foldVersion = 1

// order is a command to be sent to a ledger.
type order struct {
	election string
	unit     domain.Code
	// key tells the orders of one cause apart, and with the policy's name and the cause it makes the command's id.
	key                string
	cause, correlation uuid.UUID // the event that calls for it, and the first command of all; uuid.Nil for the clock
	occurred           time.Time
	data               domain.Command
}

// namespace of the ids of the policies' commands.
var namespace = uuid.MustParse("3c1f7b56-6a55-5d0e-9b7c-51b4a0a3f0d2")

// command makes the command of an order of a policy.
func (o *order) command(policy string) (command.Command, error) {
	body, err := json.Marshal(struct {
		Type string         `json:"type"`
		Data domain.Command `json:"data"`
	}{o.data.CommandType(), o.data})
	if err != nil {
		return command.Command{}, fmt.Errorf("policy %s: make %s for %s: %w", policy, o.data.CommandType(), o.unit, err)
	}
	id := uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s|%s|%s|%s|%s", policy, o.election, o.unit, o.cause, o.key))
	correlation, causation := o.correlation, o.cause
	if causation == uuid.Nil {
		correlation, causation = id, id
	}
	return command.Command{
		// What the policy tells has happened: it is recorded in any case, and what does not fit is a discrepancy.
		ID: id, Mode: domain.Report, Election: o.election, Unit: o.unit, OccurredAt: o.occurred, Actor: command.System(o.unit),
		Correlation: correlation, Causation: causation, Hash: sha256.Sum256(body), Data: o.data,
	}, nil
}
