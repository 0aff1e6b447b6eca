package handover

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/internal/journal"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
)

// Prover proves that a record is in the log: a *notary.Notary, or a *notary.Reader where none runs.
type Prover interface {
	Find(ctx context.Context, event uuid.UUID) (bundle.Record, error)
	First(rec bundle.Record) (*notary.Proof, error)
}

// Archive is where what a ledger does not know comes from.
type Archive struct {
	Store     eventstore.Store
	Names     func(ctx context.Context, id string) (string, error) // "" for somebody without a name
	Prover    Prover                                               // nil where nothing is signed
	Simulated bool
}

// Complete gives a sheet that Read has made its names and its evidence: with proved that under the first checkpoint that has the acceptance, once there is
// one.
func (a Archive) Complete(ctx context.Context, sheet *Sheet, proved bool) error {
	sheet.Simulated = a.Simulated
	var failed error
	sheet.Name(func(id string) string {
		name, err := a.Names(ctx, id)
		failed = errors.Join(failed, err)
		return name
	})
	if failed != nil {
		return failed
	}
	rec, err := a.acceptance(ctx, sheet)
	if err != nil {
		return fmt.Errorf("read the acceptance of %s: %w", sheet.Handoff, err)
	}
	sheet.Evidence.Leaf = leaf.Hash(&rec).String()
	if !proved || a.Prover == nil {
		return nil
	}
	found, err := a.Prover.Find(ctx, rec.ID)
	if err == nil {
		var proof *notary.Proof
		if proof, err = a.Prover.First(found); err == nil {
			sheet.Evidence.Proof = string(proof.Text)
		}
	}
	if err != nil && !errors.Is(err, notary.ErrUnknown) && !errors.Is(err, notary.ErrPending) {
		return fmt.Errorf("prove the acceptance of %s: %w", sheet.Handoff, err)
	}
	return nil
}

// acceptance is the record by which the boxes were accepted.
func (a Archive) acceptance(ctx context.Context, sheet *Sheet) (eventstore.Record, error) {
	for rec, err := range a.Store.Read(ctx, journal.LedgerStream(sheet.Election, sheet.Unit), eventstore.Version(sheet.Receiver.Version-1)) {
		if err == nil && rec.ID != sheet.Receiver.Event {
			err = fmt.Errorf("version %d of the ledger is event %s, not %s: run jejak audit verify", sheet.Receiver.Version, rec.ID, sheet.Receiver.Event)
		}
		return rec, err
	}
	return eventstore.Record{}, errors.New("the log ends before it: run jejak audit verify")
}
