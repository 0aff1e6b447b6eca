// Package trail keeps trail.db: which events of a ledger concern a thing (a box, a seal, a shipment, a person), so that what happened to one thing is found
// without reading what happened to all others. It is made of the log alone; deleting it costs time only.
package trail

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore/checksum"
	"jejak/projections/subject"
)

// File is an open trail.db. It is safe for concurrent use.
type File struct {
	mu      sync.Mutex
	conn    *sqlite3.Conn // nil: closed, or lost
	path    string
	sums    *checksum.VFS
	closed  bool
	find    *sqlite3.Stmt
	findAll *sqlite3.Stmt
	within  *sqlite3.Stmt
	insert  *sqlite3.Stmt
}

// schemaVersion is raised when the tables change.
const schemaVersion = 1

// fileVersion is of the tables and of what they hold; a file of another version is made anew.
const fileVersion = schemaVersion<<8 | subject.Version

const schema = `
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL; -- what is lost is made again, but a torn file would be of no use and might not say so
CREATE TABLE IF NOT EXISTS ledger (
	number   INTEGER PRIMARY KEY,
	election TEXT NOT NULL,
	unit     TEXT NOT NULL,
	version  INTEGER NOT NULL, -- of the last event that is in
	UNIQUE (election, unit)
) STRICT;
CREATE TABLE IF NOT EXISTS posting (
	subject TEXT NOT NULL,
	ledger  INTEGER NOT NULL, -- ledger.number
	first   INTEGER NOT NULL, -- version of an event of the ledger that concerns the subject
	more    BLOB NOT NULL,    -- the differences to the next ones, as varints
	PRIMARY KEY (subject, ledger, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head ( -- no row: not built to the end
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	position INTEGER NOT NULL, -- everything up to it is in
	event    TEXT NOT NULL     -- id of the ledgers' last event up to it
) STRICT;
`

// Open opens the file at path. One that is broken or of another version is made anew, empty; only when that fails too there is an error.
func Open(path string) (*File, error) {
	f, err := newFile(path)
	if err != nil {
		return nil, err
	}
	if err := f.open(true); err != nil {
		if err := f.Renew(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

// OpenAsIs opens a file that is there; one that is not (fs.ErrNotExist), broken or of another version is an error.
func OpenAsIs(path string) (*File, error) {
	f, err := newFile(path)
	if err != nil {
		return nil, err
	}
	if _, err = os.Stat(path); err == nil {
		err = f.open(false)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the index %s: %w", path, err), f.Close())
	}
	return f, nil
}

func newFile(path string) (*File, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the index %s: %w", path, err)
	}
	sums, err := checksum.Register("")
	if err != nil {
		return nil, fmt.Errorf("open the index %s: %w", full, err)
	}
	return &File{path: full, sums: sums}, nil
}

// connect opens the file through its checksums. cache_spill must be off for these; see package checksum.
func (f *File) connect(flags sqlite3.OpenFlag) error {
	uri := "file:" + (&url.URL{Path: filepath.ToSlash(f.path)}).EscapedPath() + "?vfs=" + url.QueryEscape(f.sums.Name())
	conn, err := sqlite3.OpenFlags(uri, flags|sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return err
	}
	f.conn = conn
	return conn.Exec("PRAGMA busy_timeout = 60000; PRAGMA cache_spill = OFF; PRAGMA cache_size = -8192")
}

func (f *File) open(create bool) error {
	var flags sqlite3.OpenFlag
	if create { // for its owner alone, like the log that it is made of
		file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Chmod(0o600), file.Close()); err != nil {
			return err
		}
		flags = sqlite3.OPEN_CREATE
	}
	if err := f.connect(flags); err != nil {
		return err
	}
	tables, version := 0, 0
	err := f.query("SELECT count(*) FROM sqlite_schema", nil, func(s *sqlite3.Stmt) { tables = s.ColumnInt(0) })
	if err == nil {
		err = f.query("PRAGMA user_version", nil, func(s *sqlite3.Stmt) { version = s.ColumnInt(0) })
	}
	if err != nil {
		return err
	}
	if tables == 0 && create {
		if _, err := f.conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, checksum.Reserved); err != nil {
			return fmt.Errorf("keep room for checksums: %w", err)
		}
		if err := f.conn.Exec(schema + fmt.Sprintf("PRAGMA user_version = %d;", fileVersion)); err != nil {
			return err
		}
		version = fileVersion
	}
	if version != fileVersion {
		return fmt.Errorf("it has version %d, not %d: delete it, and it is made anew from the log", version, fileVersion)
	}
	if reserved, err := f.conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES); err != nil || reserved != checksum.Reserved {
		return errors.Join(errors.New("it has no checksums: delete it, and it is made anew from the log"), err)
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
		return errClosed
	}
	_ = f.disconnect() // it is deleted anyway
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(f.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("renew the index: delete the file by hand: %w", err)
		}
	}
	if err := f.open(true); err != nil {
		return fmt.Errorf("renew the index %s: %w", f.path, err)
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
	defer f.sums.Unregister()
	return f.disconnect()
}

// change runs one transaction.
func (f *File) change(doing string, do func() error) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn == nil {
		return errClosed
	}
	tx, err := f.conn.BeginImmediate()
	if err == nil {
		err = do()
		tx.End(&err)
	}
	if err != nil {
		return fmt.Errorf("%s the index %s: %w", doing, f.path, err)
	}
	return nil
}

var errClosed = errors.New("the index is closed")

// query runs one statement: bind and row may be nil.
func (f *File) query(sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	if f.conn == nil {
		return errClosed
	}
	stmt, _, err := f.conn.Prepare(sql)
	if err != nil {
		return err
	}
	return errors.Join(run(stmt, bind, row), stmt.Close())
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
