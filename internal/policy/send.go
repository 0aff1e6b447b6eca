package policy

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/journal"
)

// window is the most commands under way at once: a small part of a ledger's queue.
const window = 128

// send sends orders until each has its final answer.
func (r *runner) send(ctx context.Context, orders []order) error {
	r.ahead = true
	for some := range slices.Chunk(orders, window) {
		if err := r.sendSome(ctx, some); err != nil {
			return err
		}
	}
	r.ahead = false
	return nil
}

func (r *runner) sendSome(ctx context.Context, orders []order) error {
	commands := make([]command.Command, len(orders))
	for i := range orders {
		var err error
		if commands[i], err = orders[i].command(r.name()); err != nil {
			return err
		}
	}
	for pause := firstPause; len(commands) > 0; pause = min(2*pause, longestPause) {
		answers := make([]<-chan api.Answer, len(commands))
		for i, c := range commands {
			answers[i] = r.Ledgers.Submit(ctx, c)
		}
		var again []command.Command
		for i, answer := range answers {
			if a := <-answer; r.final(&commands[i], &a) {
				r.Metrics.PolicySent(r.name(), string(a.Result))
			} else {
				again = append(again, commands[i])
			}
		}
		if commands = again; len(commands) > 0 {
			if err := wait(ctx, pause); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// final tells whether an answer will stay the same, and logs what was not accepted.
func (r *runner) final(c *command.Command, a *api.Answer) bool {
	log := func(level slog.Level, text string) {
		r.Log.Log(context.Background(), level, text, "policy", r.name(), "command", c.ID, "type", c.Data.CommandType(), "unit", c.Unit, "errors", a.Errors)
	}
	switch a.Result {
	case api.Accepted, api.AcceptedWithDiscrepancy, api.Duplicate:
	case api.Rejected:
		log(slog.LevelWarn, "command of a policy was rejected")
	case api.Error:
		if len(a.Errors) > 0 && a.Errors[0].Rule == command.RuleUnreadable.ID {
			// Its ledger stands still for this program. The others are not kept waiting, and what it is to be told is sent again by the next one.
			log(slog.LevelWarn, "command of a policy is not taken: its ledger cannot be read")
			r.hold(journal.LedgerStream(c.Election, c.Unit), math.MaxInt64)
			return true
		}
		if a.Status >= 500 {
			log(slog.LevelDebug, "command of a policy is sent again")
			return false
		}
		log(slog.LevelError, "command of a policy is wrong: this is a fault of the program")
	}
	return true
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
