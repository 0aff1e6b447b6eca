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
	bookID = 0x4A454A4E // "JEJN"
	// bookVersion is the user_version. Version 1 knew neither epochs nor the stream beside the log; it is read, and brought to this one when it is opened for writing.
	bookVersion = 2
)

const bookSchema = `
-- A copy of the notary's stream beside the log, which is the original: it can be made again from there.
CREATE TABLE taken (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  version  INTEGER NOT NULL,  -- of the newest entry of the stream that was taken over
  body     TEXT    NOT NULL,  -- SHA-256 of it in base64
  adopting INTEGER NOT NULL,  -- 1 while checkpoints of before there was a stream are still to be put into it
  adopted  INTEGER NOT NULL   -- size of the last of those that are in it
) STRICT;
CREATE TABLE epoch (
  number INTEGER PRIMARY KEY, -- from 0
  origin TEXT    NOT NULL,    -- the name of this log in the checkpoints of the epoch
  since  INTEGER NOT NULL,    -- records in the log when it began
  fork   INTEGER NOT NULL,    -- position up to which the log is that of the epoch before
  good   INTEGER NOT NULL     -- records under the newest checkpoint of before that the log extends
) STRICT;
CREATE TABLE key (
  number     INTEGER PRIMARY KEY,
  verifier   TEXT    NOT NULL UNIQUE, -- public half, as C2SP signed-note writes it
  since      INTEGER NOT NULL,        -- size of the first checkpoint that it may sign
  until      INTEGER,                 -- size of the last, NULL while it is in use
  succession TEXT    NOT NULL         -- note by which the key before hands over, signed by both; '' for none
) STRICT;
CREATE TABLE checkpoint (
  epoch      INTEGER NOT NULL,
  size       INTEGER NOT NULL,    -- leaves of the tree
  root       TEXT    NOT NULL,    -- its hash in base64
  position   INTEGER NOT NULL,    -- of the last record in it, in the log
  event      TEXT    NOT NULL,    -- its id
  signed_at  TEXT    NOT NULL,    -- the machine's clock, RFC 3339 in UTC
  signatures TEXT    NOT NULL,    -- lines of the signed note
  void       INTEGER NOT NULL,    -- 1: of a history that the log does not have any more, since a later epoch began from less
  PRIMARY KEY (epoch, size)
) STRICT;
CREATE INDEX checkpoint_size ON checkpoint (size, epoch);
CREATE TABLE cosignature (
  epoch       INTEGER NOT NULL,
  size        INTEGER NOT NULL,  -- of the checkpoint
  witness     TEXT    NOT NULL,  -- name of the witness
  line        TEXT    NOT NULL,  -- of the signed note
  PRIMARY KEY (epoch, size, witness)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER checkpoint_no_other BEFORE UPDATE OF epoch, size, root, position, event ON checkpoint BEGIN SELECT raise(ABORT, 'what was signed was signed'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT raise(ABORT, 'what was signed was signed'); END;
`

// toVersion2 brings a book of version 1 to version 2.
const toVersion2 = `
DROP TRIGGER checkpoint_no_other; DROP TRIGGER checkpoint_no_delete;
ALTER TABLE log RENAME TO log1; ALTER TABLE key RENAME TO key1; ALTER TABLE checkpoint RENAME TO checkpoint1; ALTER TABLE cosignature RENAME TO cosignature1;
` + bookSchema + `
INSERT INTO epoch (number, origin, since, fork, good) SELECT 0, origin, 0, 0, 0 FROM log1;
INSERT INTO key (number, verifier, since, until, succession) SELECT number, verifier, since, until, succession FROM key1;
INSERT INTO checkpoint (epoch, size, root, position, event, signed_at, signatures, void) SELECT 0, size, root, position, event, signed_at, signatures, 0 FROM checkpoint1;
INSERT INTO cosignature (epoch, size, witness, line) SELECT 0, size, witness, line FROM cosignature1;
DROP TABLE log1; DROP TABLE key1; DROP TABLE checkpoint1; DROP TABLE cosignature1;
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
		err = bookDamaged(fmt.Errorf("open the notary's book %s: %w (jejak notary rebuild makes it again from the notary's stream)", path, sums.Named(err)))
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
		return doesNotHold{errors.New("it is not the book of a notary: restore it from a backup")}
	}
	version, err := b.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	if version < 1 || version > bookVersion {
		return fmt.Errorf("it has version %d, this program knows up to %d: use the program that wrote it, or a newer one", version, bookVersion)
	}
	b.old = version == 1
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
	if b.old && !reading {
		// Foreign keys, which would be renamed too, there are none.
		if err := b.conn.Exec(fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT", toVersion2, bookVersion)); err != nil {
			return fmt.Errorf("bring it to version %d: %w", bookVersion, err)
		}
		b.old = false
	}
	return b.readEpochs()
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
	if err = errors.Join(err, b.conn.Exec(patience)); err != nil || !busy {
		return err
	}
	version, err := b.number("PRAGMA user_version")
	if err == nil {
		err = b.conn.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)) // a commit syncs what comes before it
	}
	return err
}

// patience is how long a lock of another connection is waited for, in milliseconds.
const patience = "PRAGMA busy_timeout = 5000"

// judgeBook decides for package checksum whether a book in which pages do not fit their checksums is as it was written: every checkpoint is signed.
func judgeBook(conn *sqlite3.Conn) error {
	b := &book{conn: conn}
	version, err := b.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	b.old = version == 1
	if err := b.readEpochs(); err != nil {
		return err
	}
	var keys []note.Verifier
	err = b.each("SELECT verifier FROM key", nil, func(s *sqlite3.Stmt) error {
		key, err := note.NewVerifier(s.ColumnText(0))
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return err
	}
	return b.each(b.selectSigned(), nil, func(s *sqlite3.Stmt) error {
		c, err := b.signed(s)
		if err == nil {
			_, err = note.Open([]byte(c.text()+"\n"+c.Signatures), note.VerifierList(keys...))
		}
		if err != nil {
			return fmt.Errorf("checkpoint of %d records: %w", c.N, err)
		}
		return nil
	})
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
	return bookDamaged(fmt.Errorf("the notary's book %s: %s: %w", b.path, doing, b.sums.Named(err)))
}
