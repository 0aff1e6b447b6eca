// Package command takes commands to the ledgers: one writer per ledger decides the waiting commands together, appends what they give in one
// go, and answers each only when it is durable.
package command

import (
	"context"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/api"
)

// Command is a well-formed command of an authorised sender.
type Command struct {
	ID          uuid.UUID
	Mode        domain.Mode
	Election    string
	Unit        domain.Code
	OccurredAt  time.Time
	Device      domain.Device
	Place       *api.Place
	Evidence    []api.Evidence
	Actor       domain.Actor
	SubmittedBy string // user id of the sending token when it is not the actor
	Correlation uuid.UUID
	Causation   uuid.UUID
	Hash        [32]byte // SHA-256 of the canonical body: same id with another hash is command_id_reused
	Data        domain.Command
	// Guard is the part of "may this person do it" that depends on the ledger (whose shipment, whose handoff), nil for none. The writer asks it
	// after it has seen that the command is no duplicate and before it decides. A problem is answered as an error with status 403; nothing is
	// stored.
	Guard func(s *ledger.State) *api.Problem
}

// Ledgers is what the HTTP API and the policies need of the command handling.
type Ledgers interface {
	// Submit queues a command and returns a channel that gives its answer exactly once. It never blocks for long: a full ledger, a closing
	// server and an unknown unit are answered at once (503 with RetryAfter, 503, 422). Commands of one caller to one ledger are decided in
	// the order of the calls. The answer does not depend on ctx once the command is queued.
	Submit(ctx context.Context, c Command) <-chan api.Answer
	// View runs read with the state of a ledger at or after a position, on the writer's goroutine: read must be quick, must not keep
	// references into the state and must not change it. It waits until the ledger has folded atLeast (eventstore positions), or ctx ends.
	View(ctx context.Context, election string, unit domain.Code, atLeast eventstore.Position, read func(s *ledger.State, at eventstore.Position)) error
	// Elections lists the elections that have reference data, and Units the units of one, province first.
	Elections() []string
	Units(election string) []domain.Code
}
