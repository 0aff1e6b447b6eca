package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
)

// maxProblems is how many problems Verify names.
const maxProblems = 100

// Verify reads the whole log as it was when called and says all that is wrong with it, up to 100 problems: damaged pages or indexes of the
// file, missing positions or versions, ids, times and JSON that cannot be read, commands in two streams. It takes
// some seconds for a million events and disturbs no one. What it finds is an ErrDamaged. Whether somebody has changed events without breaking the form it cannot know.
func (s *Store) Verify(ctx context.Context) error {
	var found problems
	report := found.report
	if err := s.checkFile(ctx, `PRAGMA integrity_check`, report); err != nil {
		return err
	}
	upTo := s.tail.head.Load()
	follow := newForm(report)
	for r, err := range s.ReadAll(ctx, 0, eventstore.Filter{}) {
		if err != nil {
			if e := s.usable(ctx); e != nil {
				return e
			}
			report("%w", err)
			break
		}
		if uint64(r.Position) > upTo || !follow.record(&r) {
			break
		}
	}
	last := follow.last
	if len(found) == 0 && uint64(last) < upTo {
		report("the log ends at position %d, but %d has been written", last, upTo)
	}
	return s.damaged(found)
}

// VerifyFile is the part of Verify that is about the file alone: its pages, and how they hang together. Whether the indexes say what the table does it does not
// look at: StreamIndex and CommandIndex are for that, at a fraction of the cost.
func (s *Store) VerifyFile(ctx context.Context) error {
	var found problems
	if err := s.checkFile(ctx, `PRAGMA quick_check`, found.report); err != nil {
		return err
	}
	return s.damaged(found)
}

// problems are what was found, up to maxProblems.
type problems []error

// report adds one; it returns false after the last.
func (p *problems) report(format string, args ...any) bool {
	*p = append(*p, fmt.Errorf(format, args...))
	return len(*p) < maxProblems
}

func (s *Store) damaged(found problems) error {
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("event log %s: %w: %w", s.path, ErrDamaged, errors.Join(found...))
}

// checkFile reads every page, and lets SQLite check how they hang together.
func (s *Store) checkFile(ctx context.Context, pragma string, report func(string, ...any) bool) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	slot, err := s.readers.get(ctx) // Reopen waits until nobody has the file open
	if err != nil {
		return err
	}
	defer s.readers.put(slot)
	conn, err := connectReader(ctx, s.path, s.checked.Name())
	if err != nil {
		return fmt.Errorf("open event log %s for reading: %w", s.path, err)
	}
	defer conn.Close()
	if err := s.checkPages(ctx, conn, report); err != nil {
		return err
	}
	conn.SetInterrupt(ctx)
	err = query(conn, fmt.Sprintf(`%s(%d)`, pragma, maxProblems), func(row *sqlite3.Stmt) error {
		if line := row.ColumnText(0); line != "ok" {
			report("%s", line)
		}
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		report("integrity check: %w", s.named(err))
	}
	return nil
}

// checkPages reads every page of the file, also those that nothing is kept in.
func (s *Store) checkPages(ctx context.Context, conn *sqlite3.Conn, report func(string, ...any) bool) error {
	checked, err := checksum.Pages(conn)
	if err != nil {
		return fmt.Errorf("check the pages of the log: %w", err)
	}
	size, err := checked.Size()
	if err != nil {
		report("find the size of the file: %w", err)
		return nil
	}
	page := make([]byte, pageSize)
	for at := int64(0); at+pageSize <= size; at += pageSize {
		if err := ctx.Err(); err != nil {
			return err
		}
		look := func() error {
			if n, err := checked.File.ReadAt(page, at); n < pageSize {
				return fmt.Errorf("read page %d: %w", at/pageSize+1, err)
			}
			return checked.Damage(page, at)
		}
		err := look()
		// A checkpoint may be writing the page, which no reader would read then.
		for tries := 0; err != nil && tries < 20; tries++ {
			time.Sleep(time.Millisecond)
			err = look()
		}
		if err != nil && !report("%w", err) {
			break
		}
	}
	if size%pageSize != 0 {
		report("the file has %d bytes, which is not a multiple of %d", size, pageSize)
	}
	return nil
}

// form is what must hold of records that are read one after another from the first on.
type form struct {
	report   func(string, ...any) bool
	versions map[string]eventstore.Version
	commands map[uuid.UUID]string // of the last records, as events of a command are together
	last     eventstore.Position
}

func newForm(report func(string, ...any) bool) *form {
	return &form{report: report, versions: map[string]eventstore.Version{}, commands: map[uuid.UUID]string{}}
}

// record looks at the next one. It returns false when enough was reported.
func (f *form) record(r *eventstore.Record) bool {
	ok := true
	if r.Position != f.last+1 {
		ok = f.report("positions %d to %d are missing", f.last+1, r.Position-1)
	}
	if r.Version != f.versions[r.Stream]+1 {
		ok = f.report("position %d: stream %s goes on with version %d after %d", r.Position, r.Stream, r.Version, f.versions[r.Stream])
	}
	if bad := firstNotJSON(r.Data, r.Metadata); bad != "" {
		ok = f.report("position %d: %s is not JSON", r.Position, bad)
	}
	if other, known := f.commands[r.Command]; known && other != r.Stream {
		ok = f.report("position %d: command %s is in streams %s and %s", r.Position, r.Command, other, r.Stream)
	}
	if r.Command != uuid.Nil {
		if len(f.commands) > 4*eventstore.MaxEvents {
			clear(f.commands)
		}
		f.commands[r.Command] = r.Stream
	}
	f.last, f.versions[r.Stream] = r.Position, r.Version
	return ok
}

func firstNotJSON(data, metadata []byte) string {
	switch {
	case len(data) > 0 && !json.Valid(data):
		return "data"
	case len(metadata) > 0 && !json.Valid(metadata):
		return "metadata"
	}
	return ""
}
