package notary

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/mod/sumdb/note"

	"jejak/eventstore/checksum"
	"jejak/internal/notary/tree"
)

const (
	bookID      = 0x4A454A4E // "JEJN"
	bookVersion = 1
)

const bookSchema = `
CREATE TABLE log (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  origin TEXT    NOT NULL   -- the name of this log in every checkpoint
) STRICT;
CREATE TABLE key (
  number     INTEGER PRIMARY KEY,
  verifier   TEXT    NOT NULL UNIQUE, -- public half, as C2SP signed-note writes it
  since      INTEGER NOT NULL,        -- size of the first checkpoint that it may sign
  until      INTEGER,                 -- size of the last, NULL while it is in use
  succession TEXT    NOT NULL         -- note by which the key before hands over, signed by both; '' for none
) STRICT;
CREATE TABLE checkpoint (
  size       INTEGER PRIMARY KEY, -- leaves of the tree
  root       TEXT    NOT NULL,    -- its hash in base64
  position   INTEGER NOT NULL,    -- of the last record in it, in the log
  event      TEXT    NOT NULL,    -- its id
  signed_at  TEXT    NOT NULL,    -- the machine's clock, RFC 3339 in UTC
  signatures TEXT    NOT NULL     -- lines of the signed note
) STRICT;
CREATE TABLE cosignature (
  size        INTEGER NOT NULL,  -- of the checkpoint
  witness     TEXT    NOT NULL,  -- name of the witness
  line        TEXT    NOT NULL,  -- of the signed note
  PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER checkpoint_no_other BEFORE UPDATE OF size, root, position, event ON checkpoint BEGIN SELECT raise(ABORT, 'what was signed was signed'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT raise(ABORT, 'what was signed was signed'); END;
`

// openBook opens the book at path on a SQLite VFS, "" for the operating system's, and makes it if there is none and make is true. reading: nothing is
// written to it.
func openBook(disk, path string, make, reading bool) (*book, error) {
	sums, err := checksum.Register(disk)
	if err != nil {
		return nil, fmt.Errorf("open the notary's book: %w", err)
	}
	sums.JudgeBy(judgeBook)
	b := &book{path: path, disk: disk, sums: sums}
	if err := b.open(make, reading); err != nil {
		err = fmt.Errorf("open the notary's book %s: %w", path, sums.Named(err))
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *book) open(make, reading bool) error {
	full, err := filepath.Abs(b.path)
	if err != nil {
		return err
	}
	flags := sqlite3.OPEN_URI | sqlite3.OPEN_READWRITE
	switch {
	case reading:
		flags = sqlite3.OPEN_URI | sqlite3.OPEN_READONLY
	case make && b.disk == "":
		file, err := os.OpenFile(full, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Close(), tree.SyncFolder(filepath.Dir(full))); err != nil {
			return err
		}
	case make:
		flags |= sqlite3.OPEN_CREATE
	}
	uri := "file:" + (&url.URL{Path: filepath.ToSlash(full)}).EscapedPath() + "?vfs=" + url.QueryEscape(b.sums.Name())
	if b.conn, err = sqlite3.OpenFlags(uri, flags); err != nil {
		return err
	}
	if err := b.conn.Exec(checksum.Setup + patience); err != nil {
		return err
	}
	application, err := b.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	if application == 0 && make {
		if err := errors.Join(b.create(), b.conn.Close()); err != nil {
			b.conn = nil
			return err
		}
		return b.open(false, reading) // see checksum.Setup
	} else if application != bookID {
		return errors.New("it is not the book of a notary: restore it from a backup")
	}
	if version, err := b.number("PRAGMA user_version"); err != nil || version != bookVersion {
		return errors.Join(fmt.Errorf("it has version %d, this program knows %d: use the program that wrote it, or a newer one", version, bookVersion), err)
	}
	if !reading {
		if err := b.conn.Exec("PRAGMA synchronous = FULL"); err != nil {
			return err
		}
		// After a kill or an error the write-ahead log may hold what was never synced. It is made durable before anybody is told of it.
		if err := b.emptyLog(); err != nil {
			return fmt.Errorf("make the write-ahead log durable: %w", err)
		}
		if err := checksum.SetAnew(b.conn); err != nil {
			return fmt.Errorf("give pages that another program has written their checksums: %w", err)
		}
	}
	return b.each("SELECT origin FROM log", nil, func(s *sqlite3.Stmt) error { b.origin = s.ColumnText(0); return nil })
}

func (b *book) create() error {
	if _, err := b.conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, checksum.Reserved); err != nil {
		return fmt.Errorf("keep room for checksums: %w", err)
	}
	return b.conn.Exec(fmt.Sprintf("PRAGMA page_size = %d; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		checksum.PageSize, bookSchema, bookID, bookVersion))
}

// emptyLog copies the write-ahead log to the file. While another program reads, a part of it stays where it is, and is made durable there.
func (b *book) emptyLog() error {
	const others = "PRAGMA busy_timeout = 100" // milliseconds that others who read are waited for
	if err := b.conn.Exec(others); err != nil {
		return err
	}
	_, _, err := b.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	busy := errors.Is(err, sqlite3.BUSY)
	if busy {
		err = nil
	}
	if err = errors.Join(err, b.conn.Exec(patience)); err == nil && busy {
		err = b.conn.Exec(fmt.Sprintf("PRAGMA user_version = %d", bookVersion)) // a commit syncs what comes before it
	}
	return err
}

// patience is how long a lock of another connection is waited for, in milliseconds.
const patience = "PRAGMA busy_timeout = 5000"

// judgeBook decides for package checksum whether a book in which pages do not fit their checksums is as it was written: every checkpoint is signed.
func judgeBook(conn *sqlite3.Conn) error {
	b := &book{conn: conn}
	var keys []note.Verifier
	err := b.each("SELECT origin FROM log", nil, func(s *sqlite3.Stmt) error { b.origin = s.ColumnText(0); return nil })
	if err == nil {
		err = b.each("SELECT verifier FROM key", nil, func(s *sqlite3.Stmt) error {
			key, err := note.NewVerifier(s.ColumnText(0))
			keys = append(keys, key)
			return err
		})
	}
	if err == nil {
		err = b.each(selectSigned, nil, func(s *sqlite3.Stmt) error {
			c, err := b.signed(s)
			if err == nil {
				_, err = note.Open(c.Note(), note.VerifierList(keys...))
			}
			if err != nil {
				return fmt.Errorf("checkpoint of %d records: %w", c.N, err)
			}
			return nil
		})
	}
	return err
}

// reopen opens the book anew, after an error.
func (b *book) reopen() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil {
		_ = b.conn.Close() // it has failed
		b.conn = nil
	}
	err := b.open(false, false)
	if err != nil && b.conn != nil {
		_ = b.conn.Close() // likewise
		b.conn = nil
	}
	return b.failed("open it again", err)
}

func (b *book) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	if b.conn != nil {
		err = b.conn.Close()
	}
	b.sums.Unregister()
	return err
}

var errNoBook = errors.New("it could not be opened again after an error")

func (b *book) transaction(do func() error) error {
	if b.conn == nil {
		return errNoBook
	}
	tx, err := b.conn.BeginImmediate()
	if err != nil {
		return err
	}
	err = do()
	tx.End(&err)
	return err
}

func (b *book) run(sql string, bind func(*sqlite3.Stmt) error) error {
	return b.each(sql, bind, func(*sqlite3.Stmt) error { return nil })
}

func (b *book) each(sql string, bind, row func(*sqlite3.Stmt) error) error {
	if b.conn == nil {
		return errNoBook
	}
	stmt, _, err := b.conn.Prepare(sql)
	if err != nil {
		return err
	}
	if bind != nil {
		err = bind(stmt)
	}
	for err == nil && stmt.Step() {
		err = row(stmt)
	}
	return errors.Join(err, stmt.Err(), stmt.Close())
}

func (b *book) number(sql string) (n int64, err error) {
	err = b.each(sql, nil, func(s *sqlite3.Stmt) error { n = s.ColumnInt64(0); return nil })
	return n, err
}

// failed says what went wrong, and where.
func (b *book) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the notary's book %s: %s: %w", b.path, doing, b.sums.Named(err))
}
