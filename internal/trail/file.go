// Package trail keeps trail.db: which events of a ledger concern a thing (a box, a seal, a shipment, a person), so that what happened to one thing is found
// without reading what happened to all others. It is made of the log alone; deleting it costs time only.
package trail

import (
	"errors"
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"jejak/internal/disposable"
	"jejak/projections/subject"
)

// File is an open trail.db. It is safe for concurrent use.
type File struct {
	mu      sync.Mutex
	db      *disposable.File
	conn    *sqlite3.Conn // on which all is done; nil: closed, or lost
	closed  bool
	find    *sqlite3.Stmt
	findAll *sqlite3.Stmt
	within  *sqlite3.Stmt
	insert  *sqlite3.Stmt
}

// schemaVersion is raised when the tables change. The file's version is of the tables and of what they hold.
const schemaVersion = 1

var kind = disposable.Kind{
	Name:    "index of things",
	Version: schemaVersion<<8 | subject.Version,
	Schema: `
CREATE TABLE ledger (
	number   INTEGER PRIMARY KEY,
	election TEXT NOT NULL,
	unit     TEXT NOT NULL,
	version  INTEGER NOT NULL, -- of the last event that is in
	UNIQUE (election, unit)
) STRICT;
CREATE TABLE posting (
	subject TEXT NOT NULL,
	ledger  INTEGER NOT NULL, -- ledger.number
	first   INTEGER NOT NULL, -- version of an event of the ledger that concerns the subject
	more    BLOB NOT NULL,    -- the differences to the next ones, as varints
	PRIMARY KEY (subject, ledger, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE head ( -- no row: not built to the end
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	position INTEGER NOT NULL, -- everything up to it is in
	event    TEXT NOT NULL     -- id of the log's event there
) STRICT;
`,
}

// Open opens the file at path. One that is broken or of another version is made anew, empty; only when that fails too there is an error.
func Open(path string) (*File, error) {
	db, err := disposable.Open(kind, "", path)
	if err != nil {
		return nil, err
	}
	return opened(db)
}

// OpenAsIs opens a file that is there; one that is not (fs.ErrNotExist), broken or of another version is an error.
func OpenAsIs(path string) (*File, error) {
	db, err := disposable.OpenAsIs(kind, path)
	if err != nil {
		return nil, err
	}
	return opened(db)
}

func opened(db *disposable.File) (*File, error) {
	f := &File{db: db}
	if err := f.connect(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the index %s: %w", db.Path(), err), f.Close())
	}
	return f, nil
}

func (f *File) connect() (err error) {
	if f.conn, err = f.db.Connect(); err != nil {
		return err
	}
	if err := f.conn.Exec("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192"); err != nil {
		return err
	}
	return f.prepare()
}

// prepare makes the statements that are run often.
func (f *File) prepare() error {
	for _, p := range []struct {
		stmt **sqlite3.Stmt
		sql  string
	}{
		{&f.find, "SELECT ledger, first, more FROM posting WHERE subject = ?1 AND ledger = ?2 ORDER BY first"},
		{&f.findAll, "SELECT ledger, first, more FROM posting WHERE subject = ?1 ORDER BY ledger, first"},
		{&f.within, "SELECT ledger, first, more FROM posting WHERE subject >= ?1 AND subject < ?3 AND ledger = ?2"},
		{&f.insert, "INSERT INTO posting (subject, ledger, first, more) VALUES (?1, ?2, ?3, ?4)"},
	} {
		stmt, _, err := f.conn.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return err
		}
		*p.stmt = stmt
	}
	return nil
}

// Renew deletes the file and makes an empty one.
func (f *File) Renew() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return disposable.ErrClosed
	}
	_ = f.disconnect() // it is deleted anyway
	if err := f.db.Renew(); err != nil {
		return err
	}
	if err := f.connect(); err != nil {
		return fmt.Errorf("renew the index %s: %w", f.db.Path(), err)
	}
	return nil
}

func (f *File) disconnect() error {
	if f.conn == nil {
		return nil
	}
	var errs []error
	for _, s := range []**sqlite3.Stmt{&f.find, &f.findAll, &f.within, &f.insert} {
		if *s != nil {
			errs = append(errs, (*s).Close())
			*s = nil
		}
	}
	err := errors.Join(append(errs, f.conn.Close())...)
	f.conn = nil
	return err
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	return errors.Join(f.disconnect(), f.db.Close())
}

// change runs one transaction.
func (f *File) change(doing string, do func() error) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn == nil {
		return disposable.ErrClosed
	}
	tx, err := f.conn.BeginImmediate()
	if err == nil {
		err = do()
		tx.End(&err)
	}
	if err != nil {
		return fmt.Errorf("%s the index %s: %w", doing, f.db.Path(), err)
	}
	return nil
}

// query runs one statement: bind and row may be nil.
func (f *File) query(sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	return disposable.Query(f.conn, sql, bind, row)
}

// run steps a statement to its end and resets it.
func run(stmt *sqlite3.Stmt, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	var err error
	if bind != nil {
		err = bind(stmt)
	}
	for err == nil && stmt.Step() {
		if row != nil {
			row(stmt)
		}
	}
	return errors.Join(err, stmt.Err(), stmt.Reset())
}
