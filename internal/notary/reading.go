package notary

import (
	"context"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
)

// Book is a notary's book that is only read, also while a server has it.
type Book struct{ book *book }

// OpenBook opens the book in a notary's folder for reading.
func OpenBook(dir string) (*Book, error) {
	b, err := openBook("", filepath.Join(dir, BookFile), false, true)
	if err != nil {
		return nil, err
	}
	return &Book{b}, nil
}

// Close closes it.
func (b *Book) Close() error { return b.book.close() }

// Origin is the name of the log in its checkpoints.
func (b *Book) Origin() string { return b.book.currentOrigin() }

// Keys lists the notary's keys, the oldest first.
func (b *Book) Keys() ([]Key, error) { return b.book.keys() }

// Newest returns the newest checkpoint, nil while there is none.
func (b *Book) Newest() (*Signed, error) { return b.book.newest() }

// Taken is how many entries of the notary's stream the book has taken over, and the SHA-256 of the newest of them.
func (b *Book) Taken() (eventstore.Version, tlog.Hash, error) {
	c, err := b.book.taken()
	return c.Version, c.Newest, err
}

// Adopting tells whether checkpoints of before there was a stream are still to be put into it.
func (b *Book) Adopting() (bool, error) {
	_, adopting, err := b.book.adopting()
	return adopting, err
}

// Each calls do with every checkpoint of more than size leaves, the smallest first.
func (b *Book) Each(ctx context.Context, size int64, do func(*Signed) error) error {
	return eachSigned(ctx, b.book, size, do)
}

func eachSigned(ctx context.Context, b *book, size int64, do func(*Signed) error) error {
	const page = 1000
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		some, err := b.after(size, page)
		if err != nil || len(some) == 0 {
			return err
		}
		for i := range some {
			if err := do(&some[i]); err != nil {
				return err
			}
			size = some[i].N
		}
	}
}

// PublicKeys is the content of notary.pub: the key in use first, then those before it.
func PublicKeys(keys []Key) string {
	var b strings.Builder
	for i := len(keys) - 1; i >= 0; i-- {
		b.WriteString(keys[i].Verifier + "\n")
	}
	return b.String()
}
