package notary

import (
	"errors"
	"fmt"
	"strings"
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
	Epoch        int                 // whose origin it has
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

// epoch is an origin of the log, and where it began.
type epoch struct {
	origin      string
	since, good int64
	fork        eventstore.Position
}

// book is notary.db: which checkpoints were signed, and with which keys, as a copy of the notary's stream that can be asked. It is safe for concurrent use.
type book struct {
	mu     sync.Mutex
	conn   *sqlite3.Conn // nil: closed, or lost
	sums   *checksum.VFS
	disk   string
	path   string
	old    bool    // it is of version 1, and only read
	epochs []epoch // by number; none: no notary has begun
}

func (b *book) readEpochs() error {
	b.epochs = nil
	sql := "SELECT origin, since, good, fork FROM epoch ORDER BY number"
	if b.old {
		sql = "SELECT origin, 0, 0, 0 FROM log"
	}
	return b.each(sql, nil, func(s *sqlite3.Stmt) error {
		b.epochs = append(b.epochs, epoch{s.ColumnText(0), s.ColumnInt64(1), s.ColumnInt64(2), eventstore.Position(s.ColumnInt64(3))})
		return nil
	})
}

// currentOrigin is the name of the log in what is signed now, "" while no notary has begun.
func (b *book) currentOrigin() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.epochs) == 0 {
		return ""
	}
	return b.epochs[len(b.epochs)-1].origin
}

// firstOrigin is that of the first epoch.
func (b *book) firstOrigin() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.epochs) == 0 {
		return ""
	}
	return b.epochs[0].origin
}

// currentEpoch is the number of the epoch.
func (b *book) currentEpoch() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(len(b.epochs)-1, 0)
}

// taken tells how far the stream was taken over; the zero Chain: not at all.
func (b *book) taken() (c Chain, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.old {
		return c, nil
	}
	err = b.each("SELECT version, body FROM taken", nil, func(s *sqlite3.Stmt) (err error) {
		c.Version = eventstore.Version(s.ColumnInt64(0))
		c.Newest, err = decodeRoot(s.ColumnText(1))
		return err
	})
	if err == nil && c.Version > 0 {
		err = b.each("SELECT verifier FROM key ORDER BY number DESC LIMIT 1", nil, func(s *sqlite3.Stmt) error { c.Key = s.ColumnText(0); return nil })
	}
	return c, b.failed("read how far the stream was taken over", err)
}

// adopting tells whether checkpoints of before there was a stream are still to be put into it, and after which size.
func (b *book) adopting() (after int64, adopting bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.old {
		return 0, false, nil
	}
	err = b.each("SELECT adopting, adopted FROM taken", nil, func(s *sqlite3.Stmt) error {
		adopting, after = s.ColumnInt64(0) == 1, s.ColumnInt64(1)
		return nil
	})
	return after, adopting, b.failed("read how far it was put into the stream", err)
}

// adoptingNow is adopting, false where that cannot be read.
func (b *book) adoptingNow() bool {
	_, adopting, err := b.adopting()
	return err == nil && adopting
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

// take takes entries of the stream over, all or none.
func (b *book) take(entries []*Entry) error {
	if len(entries) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.transaction(func() error {
		for _, e := range entries {
			if err := b.takeOne(e); err != nil {
				return fmt.Errorf("entry %d of the stream: %w", e.Version, err)
			}
		}
		last := entries[len(entries)-1]
		return b.run("UPDATE taken SET version = ?, body = ?", func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindInt64(1, int64(last.Version)), s.BindText(2, last.body.String()))
		})
	})
	return b.failed("take over what was entered in the stream", errors.Join(err, b.readEpochs()))
}

func (b *book) takeOne(e *Entry) error {
	current := int64(max(len(b.epochs)-1, 0))
	switch {
	case e.Begun != nil:
		return b.begun(e)
	case e.Adopted != nil:
		last := int64(0)
		for i := range e.Adopted.Checkpoints {
			c := &e.Adopted.Checkpoints[i]
			last = c.Size
			if err := b.adopt(c); err != nil {
				return err
			}
		}
		return b.run("UPDATE taken SET adopting = ?, adopted = max(adopted, ?)", func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindBool(1, !e.Adopted.Last), s.BindInt64(2, last))
		})
	case e.Signed != nil:
		return b.insert(current, e.Signed, e.At)
	case e.Cosigned != nil:
		return b.cosign(current, e.Cosigned)
	case e.Key != nil:
		err := b.addKey(&e.Key.Key)
		if err == nil && e.Key.Signatures != "" {
			err = b.run("UPDATE checkpoint SET signatures = ?1 WHERE void = 0 AND (epoch, size) = (SELECT epoch, size FROM checkpoint WHERE void = 0 ORDER BY epoch DESC, size DESC LIMIT 1)",
				func(s *sqlite3.Stmt) error { return s.BindText(1, e.Key.Signatures) })
		}
		return err
	case e.Epoch != nil:
		return b.newEpoch(e)
	case e.Accepted != nil, e.Outage != nil, e.Reads != nil:
		return nil // for who verifies
	}
	return errors.New("it is of a kind that this program does not know: use a newer one")
}

func (b *book) begun(e *Entry) error {
	if len(b.epochs) > 0 && b.epochs[0].origin != e.Origin {
		return fmt.Errorf("it is of the notary %s, the book is of %s", e.Origin, b.epochs[0].origin)
	}
	err := b.run("INSERT INTO taken (one, version, body, adopting, adopted) VALUES (1, 0, '', ?, 0)", func(s *sqlite3.Stmt) error { return s.BindBool(1, e.Begun.Adopts) })
	if err == nil && len(b.epochs) == 0 {
		err = b.run("INSERT INTO epoch (number, origin, since, fork, good) VALUES (0, ?, 0, 0, 0)", func(s *sqlite3.Stmt) error { return s.BindText(1, e.Origin) })
	}
	for i := range e.Begun.Keys {
		if err == nil {
			err = b.run("INSERT INTO key (verifier, since, until, succession) VALUES (?, ?, nullif(?, -1), ?) ON CONFLICT DO UPDATE SET until = excluded.until", func(s *sqlite3.Stmt) error {
				k := &e.Begun.Keys[i]
				return errors.Join(s.BindText(1, k.Verifier), s.BindInt64(2, k.Since), s.BindInt64(3, k.Until), s.BindText(4, k.Succession))
			})
		}
	}
	if err == nil && len(b.epochs) == 0 {
		b.epochs = []epoch{{origin: e.Origin}} // for the entries that follow; read again after the transaction
	}
	return err
}

// adopt keeps a checkpoint of before there was a stream. The one that is there already must be the same.
func (b *book) adopt(c *AdoptedTree) error {
	root := ""
	err := b.each("SELECT root FROM checkpoint WHERE epoch = 0 AND size = ?", func(s *sqlite3.Stmt) error { return s.BindInt64(1, c.Size) },
		func(s *sqlite3.Stmt) error { root = s.ColumnText(0); return nil })
	switch {
	case err != nil:
		return err
	case root == c.Root.String():
		return nil
	case root != "":
		return fmt.Errorf("the stream has root %s for %d records, the book has %s: one of them was changed", c.Root, c.Size, root)
	}
	if err := b.insert(0, &c.SignedTree, c.SignedAt); err != nil {
		return err
	}
	for line := range strings.Lines(c.Cosignatures) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if err := b.cosign(0, &Cosigned{Size: c.Size, Witness: fields[1], Line: line}); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) addKey(key *Key) error {
	return errors.Join(
		b.run("UPDATE key SET until = ? WHERE until IS NULL", func(s *sqlite3.Stmt) error { return s.BindInt64(1, key.Since) }),
		b.run("INSERT INTO key (verifier, since, succession) VALUES (?, ?, ?)", func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindText(1, key.Verifier), s.BindInt64(2, key.Since), s.BindText(3, key.Succession))
		}))
}

func (b *book) newEpoch(e *Entry) error {
	name, _, _ := strings.Cut(e.Epoch.Key.Verifier, "+")
	err := errors.Join(
		b.run("UPDATE checkpoint SET void = 1 WHERE size > ?", func(s *sqlite3.Stmt) error { return s.BindInt64(1, e.Epoch.Good) }),
		b.addKey(&e.Epoch.Key),
		b.run("INSERT INTO epoch (number, origin, since, fork, good) VALUES (?, ?, ?, ?, ?)", func(s *sqlite3.Stmt) error {
			return errors.Join(s.BindInt64(1, int64(e.Epoch.Number)), s.BindText(2, name), s.BindInt64(3, e.Epoch.Size), s.BindInt64(4, int64(e.Epoch.Fork)), s.BindInt64(5, e.Epoch.Good))
		}))
	b.epochs = append(b.epochs, epoch{name, e.Epoch.Size, e.Epoch.Good, e.Epoch.Fork})
	return err
}

func (b *book) insert(epoch int64, c *SignedTree, at time.Time) error {
	return b.run("INSERT INTO checkpoint (epoch, size, root, position, event, signed_at, signatures, void) VALUES (?, ?, ?, ?, ?, ?, ?, 0)", func(s *sqlite3.Stmt) error {
		return errors.Join(s.BindInt64(1, epoch), s.BindInt64(2, c.Size), s.BindText(3, c.Root.String()), s.BindInt64(4, int64(c.Position)), s.BindText(5, c.Event.String()),
			s.BindText(6, at.UTC().Format(time.RFC3339Nano)), s.BindText(7, c.Signatures))
	})
}

func (b *book) cosign(epoch int64, c *Cosigned) error {
	return b.run("INSERT OR REPLACE INTO cosignature (epoch, size, witness, line) VALUES (?, ?, ?, ?)", func(s *sqlite3.Stmt) error {
		return errors.Join(s.BindInt64(1, epoch), s.BindInt64(2, c.Size), s.BindText(3, c.Witness), s.BindText(4, c.Line))
	})
}

// selectSigned begins each query of checkpoints.
func (b *book) selectSigned() string {
	if b.old {
		return `SELECT size, root, position, event, signed_at, signatures,
	coalesce((SELECT group_concat(line, '' ORDER BY witness) FROM cosignature c WHERE c.size = k.size), ''), 0 AS epoch
	FROM (SELECT *, 0 AS epoch, 0 AS void FROM checkpoint) k `
	}
	return `SELECT size, root, position, event, signed_at, signatures,
	coalesce((SELECT group_concat(line, '' ORDER BY witness) FROM cosignature c WHERE c.epoch = k.epoch AND c.size = k.size), ''), epoch FROM checkpoint k `
}

// newest returns the newest checkpoint, nil while there is none.
func (b *book) newest() (*Signed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.one(b.selectSigned()+"WHERE void = 0 ORDER BY epoch DESC, size DESC LIMIT 1", 0)
	return c, b.failed("read the newest checkpoint", err)
}

// cosigned returns the newest checkpoint that so many witnesses have cosigned, nil for none.
func (b *book) cosigned(witnesses int64) (*Signed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.one(b.selectSigned()+`WHERE void = 0 AND (SELECT count(*) FROM cosignature c WHERE c.epoch = k.epoch AND c.size = k.size) >= ?
		ORDER BY epoch DESC, size DESC LIMIT 1`, witnesses)
	return c, b.failed("read the newest checkpoint with cosignatures", err)
}

// after lists some limit checkpoints of more than size leaves, the smallest first. Those of one size are never parted.
func (b *book) after(size int64, limit int) ([]Signed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Signed
	err := b.each(b.selectSigned()+`WHERE void = 0 AND size > ?1 AND size <= (SELECT max(size) FROM (SELECT size FROM checkpoint WHERE size > ?1 ORDER BY size LIMIT ?2))
		ORDER BY size, epoch`, func(s *sqlite3.Stmt) error {
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
	c := Signed{Tree: tlog.Tree{N: s.ColumnInt64(0)}, Position: eventstore.Position(s.ColumnInt64(2)), Signatures: s.ColumnText(5), Cosignatures: s.ColumnText(6), Epoch: int(s.ColumnInt64(7))}
	var err error
	if c.Epoch >= len(b.epochs) {
		err = fmt.Errorf("it is of epoch %d, which never began", c.Epoch)
	} else {
		c.Origin = b.epochs[c.Epoch].origin
	}
	if err == nil {
		c.Hash, err = decodeRoot(s.ColumnText(1))
	}
	if err == nil {
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
