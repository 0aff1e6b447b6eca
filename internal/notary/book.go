package notary

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/eventstore/checksum"
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
		c.SignedAt, err = domain.StoredTime(s.ColumnText(4))
	}
	if err != nil {
		return c, fmt.Errorf("the checkpoint of %d records cannot be read: %w", c.N, err)
	}
	return c, nil
}
