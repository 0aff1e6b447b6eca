package views

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/cache"
	"jejak/internal/disposable"
)

// File is an open views.db. It is safe for concurrent use.
type File struct {
	mu sync.Mutex
	db *disposable.File
}

var kind = disposable.Kind{
	Name:    "views",
	Version: 1,
	Schema: `
CREATE TABLE view_row (
	view     TEXT NOT NULL,
	version  INTEGER NOT NULL, -- of the view
	election TEXT NOT NULL,
	unit     TEXT NOT NULL,
	ledger   INTEGER NOT NULL, -- events of the unit's ledger that are in it
	position INTEGER NOT NULL, -- of the last of them
	event    TEXT NOT NULL,    -- its id
	body     TEXT NOT NULL,    -- JSON, as the HTTP API answers
	PRIMARY KEY (view, version, election, unit)
) STRICT;
`,
}

// Open opens the file at path. One that is broken or of another version is made anew; only when that fails too there is an error.
func Open(path string) (*File, error) { return OpenOn("", path) }

// OpenOn opens the file on the SQLite VFS of that name, "" for the operating system's: tests have disks that break.
func OpenOn(disk, path string) (*File, error) {
	db, err := disposable.Open(kind, disk, path)
	if err != nil {
		return nil, err
	}
	return &File{db: db}, nil
}

// OpenAsIs opens a file to look at what is in it: one that is not there (fs.ErrNotExist) or broken is an error.
func OpenAsIs(path string) (*File, error) {
	db, err := disposable.OpenAsIs(kind, path)
	if err != nil {
		return nil, err
	}
	return &File{db: db}, nil
}

// Renew deletes the file and makes an empty one.
func (f *File) Renew() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.db.Renew()
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.db.Close()
}

// Rows are all rows of all views and versions, in the order of their keys.
func (f *File) Rows() ([]Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rows []Row
	err := f.db.Query("SELECT view, version, election, unit, ledger, position, event, body FROM view_row ORDER BY view, version, election, unit", nil,
		func(s *sqlite3.Stmt) {
			id, _ := uuid.Parse(s.ColumnText(6)) // none: a row that belongs to no log
			rows = append(rows, Row{
				View: s.ColumnText(0), Version: s.ColumnInt(1), Election: s.ColumnText(2), Unit: domain.Code(s.ColumnText(3)),
				Ledger: uint64(s.ColumnInt64(4)), At: cache.Mark{Position: eventstore.Position(s.ColumnInt64(5)), Event: id}, Body: s.ColumnBlob(7, nil),
			})
		})
	if err != nil {
		return nil, fmt.Errorf("read the views %s: %w", f.db.Path(), err)
	}
	return rows, nil
}

// Save keeps rows in place of those of the same view, version and unit: all or none.
func (f *File) Save(rows []Row) error {
	return f.change("save", func() error { return f.insert(rows) })
}

// Replace keeps rows in place of everything that there is of some views, in any version: all or none.
func (f *File) Replace(views []View, rows []Row) error {
	return f.change("replace", func() error {
		for _, v := range views {
			err := f.db.Query("DELETE FROM view_row WHERE view = ?", func(s *sqlite3.Stmt) error { return s.BindText(1, v.Name) }, nil)
			if err != nil {
				return err
			}
		}
		return f.insert(rows)
	})
}

// DropOthers deletes the rows of all other versions of a view.
func (f *File) DropOthers(view string, version int) error {
	return f.change("drop other versions of", func() error {
		return f.db.Query("DELETE FROM view_row WHERE view = ? AND version <> ?",
			func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, view), s.BindInt(2, version)) }, nil)
	})
}

func (f *File) insert(rows []Row) error {
	for _, r := range rows {
		err := f.db.Query("INSERT OR REPLACE INTO view_row (view, version, election, unit, ledger, position, event, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			func(s *sqlite3.Stmt) error {
				return errors.Join(s.BindText(1, r.View), s.BindInt(2, r.Version), s.BindText(3, r.Election), s.BindText(4, string(r.Unit)),
					s.BindInt64(5, int64(r.Ledger)), s.BindInt64(6, int64(r.At.Position)), s.BindText(7, r.At.Event.String()), s.BindRawText(8, r.Body))
			}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// change runs one transaction.
func (f *File) change(doing string, do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.db.Change(do); err != nil {
		return fmt.Errorf("%s the rows of %s: %w", doing, f.db.Path(), err)
	}
	return nil
}
