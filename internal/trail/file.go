// Package trail keeps trail.db: which events of a ledger concern a thing (a box, a seal, a shipment, a person), so that what happened to one thing is found
// without reading what happened to all others, and when each event occurred, so that what was true at a moment is found without reading all that was
// told. It is made of the log alone; deleting it costs time only.
package trail

import (
	"errors"
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"jejak/internal/disposable"
	"jejak/projections/subject"
)

// File is an open trail.db. It is safe for concurrent use: who asks does not wait for who writes.
type File struct {
	growing sync.Mutex // one at a time brings it on

	writing sync.Mutex
	db      *disposable.File
	writer  *desk

	asking sync.Mutex
	asker  *desk

	closed bool // under both
}

// schemaVersion is raised when the tables change. The file's version is of the tables and of what they hold.
const schemaVersion = 3

var kind = disposable.Kind{
	Name:    "index of things",
	Version: schemaVersion<<8 | subject.Version,
	Schema: `
CREATE TABLE ledger (
	number   INTEGER PRIMARY KEY,
	election TEXT NOT NULL,
	unit     TEXT NOT NULL,
	version  INTEGER NOT NULL, -- up to and including this event everything is in; postings of later ones do not count yet
	UNIQUE (election, unit)
) STRICT;
CREATE TABLE posting (
	subject TEXT NOT NULL,
	ledger  INTEGER NOT NULL, -- ledger.number
	first   INTEGER NOT NULL, -- version of an event of the ledger that concerns the subject
	more    BLOB NOT NULL,    -- the differences to the next ones, as varints
	PRIMARY KEY (subject, ledger, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE occurrence (
	ledger INTEGER NOT NULL, -- ledger.number
	first  INTEGER NOT NULL, -- version of an event of the ledger
	times  BLOB NOT NULL,    -- when it and the ones after it occurred: see readOccurrences
	PRIMARY KEY (ledger, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE head (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	position INTEGER,       -- everything up to it is in; NULL: never built to the end
	event    TEXT NOT NULL, -- id of the log's event there
	aim      INTEGER NOT NULL, -- up to where postings may be in, of which some do not count yet
	aimed    TEXT NOT NULL     -- id of the log's event there
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

// connect must be called with both locks held, or before anybody else has the file.
func (f *File) connect() (err error) {
	if f.writer, err = sit(f.db, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192"); err != nil {
		return err
	}
	f.asker, err = sit(f.db, "PRAGMA query_only = ON; PRAGMA cache_size = -4096")
	return err
}

// Renew deletes the file and makes an empty one.
func (f *File) Renew() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.asking.Lock()
	defer f.asking.Unlock()
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
	err := errors.Join(f.asker.leave(), f.writer.leave())
	f.asker, f.writer = nil, nil
	return err
}

// Close closes the file.
func (f *File) Close() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.asking.Lock()
	defer f.asking.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	return errors.Join(f.disconnect(), f.db.Close())
}

// change runs one transaction.
func (f *File) change(do func(d *desk) error) (err error) {
	f.writing.Lock()
	defer f.writing.Unlock()
	if f.writer == nil {
		return disposable.ErrClosed
	}
	tx, err := f.writer.conn.BeginImmediate()
	if err != nil {
		return err
	}
	err = do(f.writer)
	tx.End(&err)
	return err
}

// ask reads in one transaction, of what is in the file by then.
func (f *File) ask(do func(d *desk) error) error {
	f.asking.Lock()
	defer f.asking.Unlock()
	if f.asker == nil {
		return disposable.ErrClosed
	}
	tx := f.asker.conn.Begin()
	err := do(f.asker)
	return errors.Join(err, tx.Rollback())
}

// desk is a connection with the statements that are run often. The caller holds its lock.
type desk struct {
	conn                                        *sqlite3.Conn
	find, findAll, within, last, insert, extend *sqlite3.Stmt
}

// sit opens a connection to a file.
func sit(db *disposable.File, pragmas string) (*desk, error) {
	conn, err := db.Connect()
	if err != nil {
		return nil, err
	}
	d := &desk{conn: conn}
	err = conn.Exec(pragmas)
	for _, p := range []struct {
		stmt **sqlite3.Stmt
		sql  string
	}{
		{&d.find, "SELECT ledger, first, more FROM posting WHERE subject = ?1 AND ledger = ?2 ORDER BY first"},
		{&d.findAll, "SELECT ledger, first, more FROM posting WHERE subject = ?1 ORDER BY ledger, first"},
		{&d.within, "SELECT ledger, first, more FROM posting WHERE subject >= ?1 AND subject < ?3 AND ledger = ?2"},
		{&d.last, "SELECT ledger, first, more FROM posting WHERE subject = ?1 AND ledger = ?2 ORDER BY first DESC LIMIT 1"},
		{&d.insert, "INSERT INTO posting (subject, ledger, first, more) VALUES (?1, ?2, ?3, ?4)"},
		{&d.extend, "UPDATE posting SET more = ?4 WHERE subject = ?1 AND ledger = ?2 AND first = ?3"},
	} {
		if err == nil {
			*p.stmt, _, err = conn.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		}
	}
	if err != nil {
		return nil, errors.Join(err, d.leave())
	}
	return d, nil
}

// leave closes the connection; of none it does nothing.
func (d *desk) leave() error {
	if d == nil {
		return nil
	}
	var errs []error
	for _, s := range []*sqlite3.Stmt{d.find, d.findAll, d.within, d.last, d.insert, d.extend} {
		errs = append(errs, s.Close()) // nil is allowed
	}
	return errors.Join(append(errs, d.conn.Close())...)
}

// query runs one statement: bind and row may be nil.
func (d *desk) query(sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	return disposable.Query(d.conn, sql, bind, row)
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
