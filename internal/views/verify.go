package views

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/cache"
)

// Difference is a row that is not what the log gives.
type Difference struct {
	View     string      `json:"view"`
	Election string      `json:"election"`
	Unit     domain.Code `json:"unit"`
	Ledger   uint64      `json:"ledger_version"`
	Problem  string      `json:"problem"`
	// Byte is the first that differs, counted from 0; -1 when it is not the bytes that differ.
	Byte int `json:"first_differing_byte"`
}

func (d Difference) String() string {
	return fmt.Sprintf("view %s of %s of %s at version %d of its ledger: %s", d.View, d.Unit, d.Election, d.Ledger, d.Problem)
}

// Verified is the outcome of Verify.
type Verified struct {
	Rows        int // compared
	Other       int // left alone: of views or versions of views that this program does not have
	Missing     int // units without a row: they are made by the server, or by Rebuild
	Behind      int // rows that do not have the newest events of their ledger; they are compared at their own version
	Events      uint64
	Differences []Difference
}

// Verify folds ledgers from their first event up to where the rows of a file are and compares byte by byte. What differs is in the outcome; an
// error means that the file or the log cannot be read.
func Verify(ctx context.Context, log Log, views []View, file *File) (Verified, error) {
	var done Verified
	rows, err := file.Rows()
	if err != nil {
		return done, fmt.Errorf("verify the views: %w", err)
	}
	list, err := log.ledgers(ctx)
	if err != nil {
		return done, fmt.Errorf("verify the views: %w", err)
	}
	at := map[place][]Row{}
	for _, row := range rows {
		if !slices.ContainsFunc(views, func(v View) bool { return v.Name == row.View && v.Version == row.Version }) {
			done.Other++
			continue
		}
		at[row.place()] = append(at[row.place()], row)
	}
	for i, s := range list {
		done.Missing += len(views) - len(at[s.place])
		for _, row := range at[s.place] {
			if row.Ledger < s.version {
				done.Behind++
			}
		}
		list[i].version = newest(at[s.place], s.version)
	}
	for p, of := range at {
		if !slices.ContainsFunc(list, func(s stream) bool { return s.place == p }) {
			for _, row := range of {
				done.Differences = append(done.Differences, differs(&row, "the log has no such ledger", -1))
			}
		}
	}
	var mu sync.Mutex
	err = log.all(ctx, list, func(ctx context.Context, s stream, progress *reporter) error {
		found, err := log.compare(ctx, s, at[s.place], views, progress)
		mu.Lock()
		defer mu.Unlock()
		done.Rows += len(at[s.place])
		done.Events += s.version
		done.Differences = append(done.Differences, found...)
		return err
	})
	slices.SortFunc(done.Differences, func(a, b Difference) int {
		return comparePlaces(place{a.Election, domain.Code(string(a.Unit) + a.View)}, place{b.Election, domain.Code(string(b.Unit) + b.View)})
	})
	if err != nil {
		return done, fmt.Errorf("verify the views: %w", err)
	}
	return done, nil
}

// newest is the newest version that is in rows, as far as the ledger has it.
func newest(rows []Row, end uint64) uint64 {
	version := uint64(0)
	for _, row := range rows {
		version = max(version, min(row.Ledger, end))
	}
	return version
}

func differs(row *Row, problem string, at int) Difference {
	return Difference{View: row.View, Election: row.Election, Unit: row.Unit, Ledger: row.Ledger, Problem: problem, Byte: at}
}

// compare folds a ledger up to where its rows are, at each of which it compares.
func (l *Log) compare(ctx context.Context, s stream, rows []Row, views []View, progress *reporter) (found []Difference, err error) {
	var stops []uint64
	for _, row := range rows {
		if row.Ledger == 0 || row.Ledger > s.version {
			found = append(found, differs(&row, fmt.Sprintf("the ledger has no such version: it ends at %d", s.version), -1))
			continue
		}
		stops = append(stops, row.Ledger)
	}
	slices.Sort(stops)
	stops = slices.Compact(stops)
	if len(stops) == 0 {
		return found, nil
	}
	var broken []error
	err = l.fold(ctx, s.place, stops, progress, func(state *ledger.State, last cache.Mark) error {
		for _, row := range rows {
			if row.Ledger != state.Version {
				continue
			}
			if row.At != last {
				found = append(found, differs(&row, fmt.Sprintf("it ends with event %s at position %d, but the log has event %s at position %d there",
					row.At.Event, row.At.Position, last.Event, last.Position), -1))
				continue
			}
			i := slices.IndexFunc(views, func(v View) bool { return v.Name == row.View })
			body, err := views[i].make(state, last.Position)
			if err != nil {
				broken = append(broken, fmt.Errorf("view %s of %s: %w", row.View, s.place, err))
				continue
			}
			if at := firstDifference(row.Body, body); at >= 0 {
				found = append(found, differs(&row, fmt.Sprintf("byte %d of %d is %s, but the log gives %s", at, len(row.Body), around(row.Body, at), around(body, at)), at))
			}
		}
		return nil
	})
	return found, errors.Join(append(broken, err)...)
}

// firstDifference is the first place at which a and b differ, -1 when they are equal.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

// around shows what stands about a place.
func around(text []byte, at int) string {
	return fmt.Sprintf("%q", text[max(0, at-12):min(len(text), at+12)])
}
