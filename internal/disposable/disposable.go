// Package disposable opens SQLite files that can be made again from the log: with a checksum on every page, for their owner alone, and made anew
// when they are broken or of another version. Deleting one costs time only.
package disposable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"jejak/eventstore/checksum"
)

// Kind is what the files of a kind have in common.
type Kind struct {
	Name    string // in errors, such as "ledger cache"
	Schema  string // SQL that makes the tables
	Version int    // raised when the schema changes: a file of another version is not opened, but made anew
}

// File is a file and its first connection. It is not safe for concurrent use.
type File struct {
	kind Kind
	path string
	disk string // name of the SQLite VFS under it, "" for the operating system's
	sums *checksum.VFS
	conn *sqlite3.Conn // nil: closed, or lost
	over bool          // closed
}

// ErrClosed is the error of whoever uses a file after Close.
var ErrClosed = errors.New("it is closed")

// errLost is the error of whoever uses a file that is to be renewed, but could not be yet.
var errLost = errors.New("it could not be opened, and must be made anew")

// Open opens the file at path on a SQLite VFS, "" for the operating system's. One that is broken or of another version is made anew; only when that
// fails too there is an error.
func Open(kind Kind, disk, path string) (*File, error) {
	f, err := newFile(kind, disk, path)
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

// OpenAsIs opens a file of the operating system to look at what is in it: one that is not there (fs.ErrNotExist), broken or of another version is an
// error.
func OpenAsIs(kind Kind, path string) (*File, error) {
	f, err := newFile(kind, "", path)
	if err != nil {
		return nil, err
	}
	_, err = os.Stat(f.path)
	if err == nil {
		err = f.open(false)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the %s %s: %w", kind.Name, f.path, err), f.Close())
	}
	return f, nil
}

func newFile(kind Kind, disk, path string) (*File, error) {
	if disk == "" {
		full, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("open the %s %s: %w", kind.Name, path, err)
		}
		path = full
	}
	sums, err := checksum.Register(disk)
	if err != nil {
		return nil, fmt.Errorf("open the %s %s: %w", kind.Name, path, err)
	}
	return &File{kind: kind, path: path, disk: disk, sums: sums}, nil
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Connect opens another connection to the file, through its checksums. The caller closes it before the file.
func (f *File) Connect() (*sqlite3.Conn, error) { return f.connect(0) }

// connect opens a connection.
func (f *File) connect(flags sqlite3.OpenFlag) (*sqlite3.Conn, error) {
	uri := "file:" + (&url.URL{Path: filepath.ToSlash(f.path)}).EscapedPath() + "?vfs=" + url.QueryEscape(f.sums.Name())
	conn, err := sqlite3.OpenFlags(uri, flags|sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	if err := conn.Exec(checksum.Setup + "PRAGMA busy_timeout = 60000"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// preamble comes before the schema.
const preamble = `
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL; -- what is lost is made again, but a torn file would be of no use and might not say so
`

// open opens the file, and where it may makes it.
func (f *File) open(create bool) (err error) {
	var flags sqlite3.OpenFlag
	if create {
		flags = sqlite3.OPEN_CREATE
		if err := f.create(); err != nil {
			return err
		}
		if err := f.checkLog(); err != nil {
			return err
		}
	}
	if f.conn, err = f.connect(flags); err != nil {
		return err
	}
	tables, version := 0, 0
	err = f.Query("SELECT count(*) FROM sqlite_schema", nil, func(s *sqlite3.Stmt) { tables = s.ColumnInt(0) })
	if err == nil {
		err = f.Query("PRAGMA user_version", nil, func(s *sqlite3.Stmt) { version = s.ColumnInt(0) })
	}
	if err != nil {
		return err
	}
	if tables == 0 && create {
		if _, err := f.conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, checksum.Reserved); err != nil {
			return fmt.Errorf("keep room for checksums: %w", err)
		}
		return f.conn.Exec(preamble + f.kind.Schema + fmt.Sprintf("PRAGMA user_version = %d;", f.kind.Version))
	}
	if version != f.kind.Version {
		return fmt.Errorf("it has version %d, not %d: delete it, and it is made anew from the log", version, f.kind.Version)
	}
	if reserved, err := f.conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES); err != nil || reserved != checksum.Reserved {
		return errors.Join(errors.New("it has no checksums: delete it, and it is made anew from the log"), err)
	}
	return f.conn.Exec("PRAGMA synchronous = NORMAL") // of the connection, unlike the rest of the preamble
}

// checkLog refuses a file whose write-ahead log has a frame with a changed byte.
func (f *File) checkLog() (err error) {
	name := f.path + "-wal"
	var log interface {
		io.ReaderAt
		io.Closer
	}
	if f.disk == "" {
		log, err = os.Open(name)
	} else {
		log, _, err = vfs.Find(f.disk).Open(name, vfs.OPEN_WAL|vfs.OPEN_READWRITE)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, sqlite3.CANTOPEN) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(checksum.FlippedFrame(log, name), log.Close())
}

// create makes an empty file where there is none, for its owner alone, like the log that it is made of.
func (f *File) create() error {
	if f.disk != "" {
		return nil // simulated: SQLite makes it
	}
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(0o600), file.Close())
}

// Renew deletes the file and makes an empty one. When that fails the file is of no use until it is tried again.
func (f *File) Renew() error {
	if f.over {
		return ErrClosed
	}
	f.disconnect() // it is deleted anyway
	err := f.Delete()
	if err == nil {
		if err = f.open(true); err != nil {
			f.disconnect()
		}
	}
	if err != nil {
		return fmt.Errorf("renew the %s %s: %w", f.kind.Name, f.path, err)
	}
	return nil
}

func (f *File) disconnect() {
	if f.conn != nil {
		_ = f.conn.Close()
		f.conn = nil
	}
}

// Delete deletes the file, which nobody may have open.
func (f *File) Delete() error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := f.remove(f.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete it by hand: %w", err)
		}
	}
	return nil
}

func (f *File) remove(name string) error {
	if f.disk == "" {
		return os.Remove(name)
	}
	if err := vfs.Find(f.disk).Delete(name, false); err != nil && !errors.Is(err, sqlite3.IOERR_DELETE_NOENT) {
		return err
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.over {
		return nil
	}
	f.over = true
	defer f.sums.Unregister()
	if f.conn == nil {
		return nil
	}
	err := f.conn.Close()
	f.conn = nil
	return err
}
