package views

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/checksum"
	"jejak/internal/cache"
)

// File is an open views.db. It is safe for concurrent use.
type File struct {
	mu     sync.Mutex
	conn   *sqlite3.Conn // nil: closed, or lost
	path   string
	sums   *checksum.VFS
	closed bool
}

// schemaVersion is raised when the table changes; a file of another version is made anew.
const schemaVersion = 1

const schema = `
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL; -- what is lost is made again, but a torn file would be of no use and might not say so
CREATE TABLE IF NOT EXISTS view_row (
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
`

// Open opens the file at path. One that is broken or of another version is made anew; only when that fails too there is an error.
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

// OpenAsIs opens a file to look at what is in it: one that is not there (fs.ErrNotExist) or broken is an error.
func OpenAsIs(path string) (*File, error) {
	f, err := newFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the views %s: %w", path, err), f.Close())
	}
	if err := f.open(false); err != nil {
		return nil, errors.Join(fmt.Errorf("open the views %s: %w", path, err), f.Close())
	}
	return f, nil
}

func newFile(path string) (*File, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the views %s: %w", path, err)
	}
	sums, err := checksum.Register("")
	if err != nil {
		return nil, fmt.Errorf("open the views %s: %w", full, err)
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
	return conn.Exec("PRAGMA busy_timeout = 60000; PRAGMA cache_spill = OFF")
}

// open opens the file, and where it may makes it.
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
		return f.conn.Exec(schema + fmt.Sprintf("PRAGMA user_version = %d;", schemaVersion))
	}
	if version != schemaVersion {
		return fmt.Errorf("it has version %d, not %d: delete it, and it is made anew from the log", version, schemaVersion)
	}
	if reserved, err := f.conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES); err != nil || reserved != checksum.Reserved {
		return errors.Join(errors.New("it has no checksums: delete it, and it is made anew from the log"), err)
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
	if f.conn != nil {
		_ = f.conn.Close() // it is deleted anyway
		f.conn = nil
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(f.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("renew the views: delete the file by hand: %w", err)
		}
	}
	if err := f.open(true); err != nil {
		return fmt.Errorf("renew the views %s: %w", f.path, err)
	}
	return nil
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
	if f.conn == nil {
		return nil
	}
	err := f.conn.Close()
	f.conn = nil
	return err
}

// Rows are all rows of all views and versions, in the order of their keys.
func (f *File) Rows() ([]Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rows []Row
	err := f.query("SELECT view, version, election, unit, ledger, position, event, body FROM view_row ORDER BY view, version, election, unit", nil,
		func(s *sqlite3.Stmt) {
			id, _ := uuid.Parse(s.ColumnText(6)) // none: a row that belongs to no log
			rows = append(rows, Row{
				View: s.ColumnText(0), Version: s.ColumnInt(1), Election: s.ColumnText(2), Unit: domain.Code(s.ColumnText(3)),
				Ledger: uint64(s.ColumnInt64(4)), At: cache.Mark{Position: eventstore.Position(s.ColumnInt64(5)), Event: id}, Body: s.ColumnBlob(7, nil),
			})
		})
	if err != nil {
		return nil, fmt.Errorf("read the views %s: %w", f.path, err)
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
			err := f.query("DELETE FROM view_row WHERE view = ?", func(s *sqlite3.Stmt) error { return s.BindText(1, v.Name) }, nil)
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
		return f.query("DELETE FROM view_row WHERE view = ? AND version <> ?",
			func(s *sqlite3.Stmt) error { return errors.Join(s.BindText(1, view), s.BindInt(2, version)) }, nil)
	})
}

func (f *File) insert(rows []Row) error {
	for _, r := range rows {
		err := f.query("INSERT OR REPLACE INTO view_row (view, version, election, unit, ledger, position, event, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
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
		return fmt.Errorf("%s the rows of %s: %w", doing, f.path, err)
	}
	return nil
}

var errClosed = errors.New("the views are closed")

// damaged tells whether an error means that the file is broken.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR)
}

// query runs one statement: bind and row may be nil.
func (f *File) query(sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	if f.conn == nil {
		return errClosed
	}
	stmt, _, err := f.conn.Prepare(sql)
	if err != nil {
		return err
	}
	if bind != nil {
		err = bind(stmt)
	}
	for err == nil && stmt.Step() {
		if row != nil {
			row(stmt)
		}
	}
	return errors.Join(err, stmt.Err(), stmt.Close())
}
