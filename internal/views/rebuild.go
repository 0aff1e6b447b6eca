package views

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"jejak/domain/ledger"
	"jejak/internal/cache"
)

// Rebuilt is the outcome of Rebuild.
type Rebuilt struct {
	Ledgers int
	Events  uint64 // folded
	Rows    int    // made
	// Unreadable are the ledgers with a record that this program cannot read: they have no rows now.
	Unreadable []error
}

// Rebuild folds every ledger from its first event and keeps the rows of views in place of all that file has of them: all or, when the log cannot be
// read, none. A ledger with a record that this program cannot read has none, and the others theirs. file may be nil: then nothing is kept.
func Rebuild(ctx context.Context, log Log, views []View, file *File) (Rebuilt, error) {
	list, err := log.ledgers(ctx)
	if err != nil {
		return Rebuilt{}, fmt.Errorf("rebuild the views: %w", err)
	}
	var mu sync.Mutex
	var rows []Row
	done := Rebuilt{Ledgers: len(list)}
	err = log.all(ctx, list, func(ctx context.Context, s stream, progress *reporter) error {
		made, err := log.rows(ctx, s, views, progress)
		mu.Lock()
		defer mu.Unlock()
		if isUnreadable(err) {
			done.Unreadable = append(done.Unreadable, err)
			return nil
		}
		rows = append(rows, made...)
		done.Events += s.version
		return err
	})
	if err != nil {
		return Rebuilt{}, fmt.Errorf("rebuild the views: nothing was changed: %w", err)
	}
	sortRows(rows)
	done.Rows = len(rows)
	if file == nil {
		return done, nil
	}
	if err := file.Replace(views, rows); err != nil {
		return Rebuilt{}, fmt.Errorf("rebuild the views: nothing was changed: %w", err)
	}
	return done, nil
}

// rows makes all rows of a ledger at its end.
func (l *Log) rows(ctx context.Context, s stream, views []View, progress *reporter) (rows []Row, err error) {
	err = l.fold(ctx, s.place, []uint64{s.version}, progress, func(state *ledger.State, last cache.Mark) error {
		for _, v := range views {
			body, err := v.make(state, last.Position)
			if err != nil {
				return fmt.Errorf("view %s of %s: %w", v.Name, s.place, err)
			}
			rows = append(rows, Row{View: v.Name, Version: v.Version, Election: s.election, Unit: s.unit, Ledger: s.version, At: last, Body: body})
		}
		return nil
	})
	return rows, err
}

// Named are the views with some names, in the order of views; all for no name. Names that no view has are returned as unknown.
func Named(views []View, names ...string) (chosen []View, unknown []string) {
	for _, name := range names {
		if !slices.ContainsFunc(views, func(v View) bool { return v.Name == name }) {
			unknown = append(unknown, name)
		}
	}
	if len(names) == 0 {
		return views, nil
	}
	for _, v := range views {
		if slices.Contains(names, v.Name) {
			chosen = append(chosen, v)
		}
	}
	return chosen, unknown
}
