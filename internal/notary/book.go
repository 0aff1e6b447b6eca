package notary

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
	"jejak/internal/notary/tree"
)

// Signed is a checkpoint that the notary has signed.
type Signed struct {
	Origin string
	tlog.Tree
	Position     eventstore.Position // of the last record in it
	Event        uuid.UUID           // its id
	SignedAt     time.Time           // by the machine's clock
	Signatures   string              // lines of a signed note
	Cosignatures string              // likewise, of witnesses
}

// Note is the checkpoint as it is published (C2SP tlog-checkpoint), with the cosignatures that it has.
func (s *Signed) Note() []byte {
	return []byte(s.text() + "\n" + s.Signatures + s.Cosignatures)
}

func (s *Signed) text() string { return torchwood.Checkpoint{Origin: s.Origin, Tree: s.Tree}.String() }

// book is notary.db: which checkpoints were signed, and with which keys. It is what keeps the notary from ever signing two trees of one size. It is
// safe for concurrent use.
type book struct {
	mu     sync.Mutex
	conn   *sqlite3.Conn // nil: closed, or lost
	sums   *checksum.VFS
	disk   string
	path   string
	origin string // "" while none is settled
}

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
	if err := b.conn.Exec("PRAGMA busy_timeout = 5000; PRAGMA cache_spill = OFF"); err != nil {
		return err
	}
	application, err := b.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	if application == 0 && make {
		if err := b.create(); err != nil {
			return err
		}
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
		if _, _, err := b.conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
			return fmt.Errorf("make the write-ahead log durable: %w", err)
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

// settle gives the log its origin, for life.
func (b *book) settle(origin string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.origin = origin
	return b.failed("write the origin", b.run("INSERT INTO log (one, origin) VALUES (1, ?)", func(s *sqlite3.Stmt) error { return s.BindText(1, origin) }))
}

// keys lists the keys, the oldest first.
func (b *book) keys() ([]Key, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var keys []Key
	err := b.each("SELECT verifier, since, coalesce(until, -1), succession FROM key ORDER BY number", nil, func(s *sqlite3.Stmt) error {
		keys = append(keys, Key{s.ColumnText(0), s.ColumnInt64(1), s.ColumnInt64(2), s.ColumnText(3)})
		return nil
	})
	return keys, b.failed("read the keys", err)
}

// addKey enters the key that signs from now on, and ends the one before. In the same transaction, resigned takes the place of the signatures of the newest
// checkpoint, if it is not nil.
func (b *book) addKey(key Key, resigned *Signed) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed("enter a key", b.transaction(func() error {
		err := b.run("UPDATE key SET until = ? WHERE until IS NULL", func(s *sqlite3.Stmt) error { return s.BindInt64(1, key.Since) })
		if err == nil {
			err = b.run("INSERT INTO key (verifier, since, succession) VALUES (?, ?, ?)", func(s *sqlite3.Stmt) error {
				return errors.Join(s.BindText(1, key.Verifier), s.BindInt64(2, key.Since), s.BindText(3, key.Succession))
			})
		}
		if err == nil && resigned != nil {
			err = b.run("UPDATE checkpoint SET signatures = ? WHERE size = ?", func(s *sqlite3.Stmt) error {
				return errors.Join(s.BindText(1, resigned.Signatures), s.BindInt64(2, resigned.N))
			})
		}
		return err
	}))
}

// sign enters a checkpoint that follows on another (the zero Tree: on none), durably. It refuses when another one is the newest, or a smaller tree
// would be signed.
func (b *book) sign(after tlog.Tree, c *Signed) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed("enter a checkpoint", b.transaction(func() error {
		newest, err := b.newestLocked()
		if err != nil {
			return err
		}
		if newest == nil && after.N != 0 || newest != nil && newest.Tree != after || c.N <= after.N {
			return fmt.Errorf("the newest checkpoint is not that of %d records, on which one of %d would follow: does another process sign here?", after.N, c.N)
		}
		return b.run("INSERT INTO checkpoint (size, root, position, event, signed_at, signatures) VALUES (?, ?, ?, ?, ?, ?)", func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindInt64(1, c.N), s.BindText(2, c.Hash.String()), s.BindInt64(3, int64(c.Position)), s.BindText(4, c.Event.String()),
				s.BindText(5, c.SignedAt.UTC().Format(time.RFC3339Nano)), s.BindText(6, c.Signatures))
		})
	}))
}

// cosign enters the cosignature of a witness.
func (b *book) cosign(size int64, witness, line string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed("enter a cosignature", b.run("INSERT OR REPLACE INTO cosignature (size, witness, line) VALUES (?, ?, ?)", func(s *sqlite3.Stmt) error {
		return errors.Join(s.BindInt64(1, size), s.BindText(2, witness), s.BindText(3, line))
	}))
}

const selectSigned = `SELECT size, root, position, event, signed_at, signatures,
	coalesce((SELECT group_concat(line, '' ORDER BY witness) FROM cosignature c WHERE c.size = checkpoint.size), '') FROM checkpoint `

// newest returns the newest checkpoint, nil while there is none.
func (b *book) newest() (*Signed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.newestLocked()
	return c, b.failed("read the newest checkpoint", err)
}

func (b *book) newestLocked() (*Signed, error) {
	return b.one(selectSigned+"ORDER BY size DESC LIMIT 1", 0)
}

// cosigned returns the newest checkpoint that so many witnesses have cosigned, nil for none.
func (b *book) cosigned(witnesses int64) (*Signed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.one(selectSigned+"WHERE size = (SELECT size FROM cosignature GROUP BY size HAVING count(*) >= ? ORDER BY size DESC LIMIT 1)", witnesses)
	return c, b.failed("read the newest checkpoint with cosignatures", err)
}

// after lists at most limit checkpoints of more than size leaves, the smallest first.
func (b *book) after(size int64, limit int) ([]Signed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Signed
	err := b.each(selectSigned+"WHERE size > ? ORDER BY size LIMIT ?", func(s *sqlite3.Stmt) error {
		return errors.Join(s.BindInt64(1, size), s.BindInt64(2, int64(limit)))
	}, func(s *sqlite3.Stmt) error {
		c, err := b.signed(s)
		all = append(all, c)
		return err
	})
	return all, b.failed("read the checkpoints", err)
}

func (b *book) one(sql string, argument int64) (*Signed, error) {
	var found *Signed
	err := b.each(sql, func(s *sqlite3.Stmt) error {
		if s.BindCount() == 0 {
			return nil
		}
		return s.BindInt64(1, argument)
	}, func(s *sqlite3.Stmt) error {
		c, err := b.signed(s)
		found = &c
		return err
	})
	return found, err
}

func (b *book) signed(s *sqlite3.Stmt) (Signed, error) {
	c := Signed{Origin: b.origin, Tree: tlog.Tree{N: s.ColumnInt64(0)}, Position: eventstore.Position(s.ColumnInt64(2)), Signatures: s.ColumnText(5), Cosignatures: s.ColumnText(6)}
	root, err := base64.StdEncoding.DecodeString(s.ColumnText(1))
	if err == nil && len(root) != tlog.HashSize {
		err = fmt.Errorf("its root has %d bytes", len(root))
	}
	if err == nil {
		c.Hash = tlog.Hash(root)
		c.Event, err = uuid.Parse(s.ColumnText(3))
	}
	if err == nil {
		c.SignedAt, err = time.Parse(time.RFC3339Nano, s.ColumnText(4))
	}
	if err != nil {
		return c, fmt.Errorf("the checkpoint of %d records cannot be read: %w", c.N, err)
	}
	return c, nil
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
