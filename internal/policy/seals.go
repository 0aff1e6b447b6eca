package policy

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// seals tells both units of a seal number that lives in two of them. A ledger sees only its own.
type seals struct {
	store eventstore.Store
	known register
}

func newSeals(store eventstore.Store) *seals {
	return &seals{store: store, known: register{map[uint64]eventstore.Position{}, map[uint64][]eventstore.Position{}}}
}

func (p *seals) fold() any { return &p.known }

func (*seals) name() string { return "seals" }

func (*seals) types() []string { return []string{"packing.boxes_sealed"} }

func (*seals) due(time.Time) ([]order, time.Time) { return nil, time.Time{} }

// sealing is what one event says about one seal.
type sealing struct {
	election string
	unit     domain.Code
	boxes    map[string][]string // by seal
}

func readSealing(rec *eventstore.Record) (s sealing, at time.Time, err error) {
	election, unit, event, err := decoded(rec)
	if err != nil {
		return s, at, err
	}
	sealed, ok := event.Event.(*packing.BoxesSealed)
	if !ok {
		return s, at, fmt.Errorf("%s is no sealing", rec.Type)
	}
	s = sealing{election: election, unit: unit, boxes: map[string][]string{}}
	for _, b := range sealed.Boxes {
		for _, seal := range b.Seals {
			s.boxes[seal] = append(s.boxes[seal], string(b.Box))
		}
	}
	return s, event.Meta.OccurredAt, nil
}

func (p *seals) observe(ctx context.Context, rec *eventstore.Record) ([]order, error) {
	here, at, err := readSealing(rec)
	if err != nil {
		return nil, err
	}
	meta, err := journal.ReadMetadata(rec)
	if err != nil {
		return nil, err
	}
	var orders []order
	numbers := sortedKeys(here.boxes)
	for _, seal := range numbers {
		others, err := p.others(ctx, &here, seal)
		if err != nil {
			return nil, err
		}
		for _, other := range sortedKeys(others) {
			tell := func(unit, otherUnit domain.Code, boxes []string) {
				orders = append(orders, order{
					election: here.election, unit: unit, key: string(otherUnit) + "|" + seal, cause: rec.ID, correlation: correlation(meta), occurred: at,
					data: &incident.ReportSealConflict{Seal: seal, Boxes: boxes, OtherUnit: otherUnit},
				})
			}
			tell(here.unit, other, others[other])
			tell(other, here.unit, here.boxes[seal])
		}
	}
	for _, seal := range numbers {
		p.remember(here.election, seal, rec.Position)
	}
	return orders, nil
}

// others are the other units that have sealed with a number, and the boxes there.
func (p *seals) others(ctx context.Context, here *sealing, seal string) (map[domain.Code][]string, error) {
	hash := numberOf(here.election, seal)
	position, seen := p.known.First[hash]
	if !seen {
		return nil, nil
	}
	others := map[domain.Code][]string{}
	for _, position := range append([]eventstore.Position{position}, p.known.More[hash]...) {
		rec, err := p.read(ctx, position)
		if err != nil {
			return nil, err
		}
		there, _, err := readSealing(&rec)
		if err != nil {
			return nil, err
		}
		if there.election == here.election && there.unit != here.unit && len(there.boxes[seal]) > 0 {
			boxes := append(others[there.unit], there.boxes[seal]...)
			slices.Sort(boxes)
			others[there.unit] = slices.Compact(boxes)
		}
	}
	return others, nil
}

// read reads the record at a position that was read before.
func (p *seals) read(ctx context.Context, position eventstore.Position) (eventstore.Record, error) {
	for rec, err := range p.store.ReadAll(ctx, position-1, eventstore.Filter{}) {
		if err == nil && rec.Position != position {
			err = fmt.Errorf("the record at position %d is gone", position)
		}
		return rec, err
	}
	return eventstore.Record{}, fmt.Errorf("the record at position %d is gone", position)
}

func (p *seals) remember(election, seal string, at eventstore.Position) {
	hash := numberOf(election, seal)
	if _, seen := p.known.First[hash]; seen {
		p.known.More[hash] = append(p.known.More[hash], at)
		return
	}
	p.known.First[hash] = at
}

// numberOf is the hash of a seal's number.
func numberOf(election, seal string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(election + "\x00" + seal)) // a hash takes everything
	return h.Sum64()
}
