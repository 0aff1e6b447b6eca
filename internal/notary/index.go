package notary

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync/atomic"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// index is a file that tells which event is which leaf, and where in the log: for each leaf the 16 bytes of the event's id and the 8 of its position.
// It can be made again from the log. To find an id it is read from the end: 38 MB for the whole province take some 10 ms. What it gives is never
// trusted: the record at the position has the id, and its leaf is in the tree, or it is not.
//
// One goroutine appends; any may read.
type index struct {
	file    *os.File
	entries atomic.Int64
}

const (
	entrySize  = 16 + 8
	entryBlock = 1 << 15 // entries read at once
)

func openIndex(name string) (*index, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the notary's index: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the notary's index: %w", err), file.Close())
	}
	x := &index{file: file}
	x.entries.Store(info.Size() / entrySize)
	return x, nil
}

// cut keeps the first entries only.
func (x *index) cut(entries int64) error {
	x.entries.Store(entries)
	if err := x.file.Truncate(entries * entrySize); err != nil {
		return fmt.Errorf("cut the notary's index: %w", err)
	}
	return nil
}

func appendEntry(b []byte, rec *eventstore.Record) []byte {
	b = append(b, rec.ID[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(rec.Position))
}

// append adds entries, durably.
func (x *index) append(entries []byte) error {
	_, err := x.file.WriteAt(entries, x.entries.Load()*entrySize)
	if err = errors.Join(err, x.file.Sync()); err != nil {
		return fmt.Errorf("write the notary's index: %w", err)
	}
	x.entries.Add(int64(len(entries) / entrySize))
	return nil
}

// at returns the entry of a leaf.
func (x *index) at(leaf int64) (id uuid.UUID, position eventstore.Position, err error) {
	var entry [entrySize]byte
	if _, err := x.file.ReadAt(entry[:], leaf*entrySize); err != nil {
		return id, 0, fmt.Errorf("read the notary's index: %w", err)
	}
	return uuid.UUID(entry[:16]), eventstore.Position(binary.BigEndian.Uint64(entry[16:])), nil
}

// ReadIndex reads the entry of a leaf in an open index file.
func ReadIndex(file io.ReaderAt, leaf int64) (id uuid.UUID, position eventstore.Position, ok bool) {
	var entry [entrySize]byte
	if _, err := file.ReadAt(entry[:], leaf*entrySize); err != nil {
		return id, 0, false
	}
	return uuid.UUID(entry[:16]), eventstore.Position(binary.BigEndian.Uint64(entry[16:])), true
}

// find looks for an event.
func (x *index) find(id uuid.UUID) (leaf int64, position eventstore.Position, found bool, err error) {
	end := x.entries.Load()
	block := make([]byte, min(end, entryBlock)*entrySize)
	for end > 0 {
		begin := max(0, end-entryBlock)
		part := block[:(end-begin)*entrySize]
		if _, err := x.file.ReadAt(part, begin*entrySize); err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, false, fmt.Errorf("read the notary's index: %w", err)
		}
		for from := 0; ; {
			i := bytes.Index(part[from:], id[:])
			if i < 0 {
				break
			}
			if from += i; from%entrySize == 0 {
				return begin + int64(from/entrySize), eventstore.Position(binary.BigEndian.Uint64(part[from+16:])), true, nil
			}
			from++
		}
		end = begin
	}
	return 0, 0, false, nil
}

// leafOf returns the leaf of the record at a position.
func (x *index) leafOf(position eventstore.Position) (leaf int64, found bool) {
	entries := x.entries.Load()
	i := sort.Search(int(entries), func(i int) bool {
		_, at, err := x.at(int64(i))
		return err != nil || at >= position
	})
	if int64(i) == entries {
		return 0, false
	}
	_, at, err := x.at(int64(i))
	return int64(i), err == nil && at == position
}

func (x *index) close() error { return x.file.Close() }
