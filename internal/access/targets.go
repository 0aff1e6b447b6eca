package access

import (
	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/api"
)

// targets judges the things that a command names.
func targets(actor domain.Actor, relation Relation, cmd domain.Command) *api.Problem {
	return nil
}

// Guard returns what only the ledger can judge of a command, nil for nothing.
func Guard(actor domain.Actor, cmd domain.Command) func(s *ledger.State) *api.Problem {
	return nil
}
