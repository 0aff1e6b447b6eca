// Package leaf says what of a record the notary's tree holds: docs/notary.md has the same for those who rebuild it.
package leaf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
)

// Magic begins every leaf and names the version of its form. Leaves of an old form stay as they are for ever.
const Magic = "jejak-leaf/v1\n"

// Append appends the leaf of a record to b. Two records that differ in anything but their position and the id of their command (which their
// metadata names) have different leaves:
//
//	"jejak-leaf/v1\n"
//	stream       2 bytes of length, then its ASCII
//	version      8 bytes
//	id           16 bytes of the UUID
//	type         2 bytes of length, then its ASCII
//	schema       4 bytes
//	recorded at  8 bytes: microseconds since 1970-01-01T00:00:00Z, two's complement
//	data         32 bytes: SHA-256 of the bytes in the log, of none where there is none
//	metadata     32 bytes likewise
//
// All numbers are big-endian. The position is not in it, so that a move to another engine keeps the root; nor is the content, so that leaves
// give nothing away. The names must keep to the limits of package eventstore, as every stored record does.
func Append(b []byte, rec *eventstore.Record) []byte {
	b = append(b, Magic...)
	b = appendName(b, rec.Stream)
	b = binary.BigEndian.AppendUint64(b, uint64(rec.Version))
	b = append(b, rec.ID[:]...)
	b = appendName(b, rec.Type)
	b = binary.BigEndian.AppendUint32(b, uint32(rec.Schema))
	b = binary.BigEndian.AppendUint64(b, uint64(rec.RecordedAt.UnixMicro()))
	for _, text := range [][]byte{rec.Data, rec.Metadata} {
		sum := sha256.Sum256(text)
		b = append(b, sum[:]...)
	}
	return b
}

func appendName(b []byte, name string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	return append(b, name...)
}

// most is the size of the largest leaf.
const most = len(Magic) + 2 + eventstore.MaxStreamName + 8 + 16 + 2 + eventstore.MaxTypeName + 4 + 8 + 2*sha256.Size

// Hash is the hash of a record's leaf as the tree has it (RFC 6962): SHA-256 of a zero byte and the leaf.
func Hash(rec *eventstore.Record) tlog.Hash {
	var room [1 + most]byte
	return sha256.Sum256(Append(room[:1], rec))
}

// Leaf is what a leaf says of its record.
type Leaf struct {
	Stream               string
	Version              eventstore.Version
	ID                   uuid.UUID
	Type                 string
	Schema               int
	RecordedAt           time.Time
	DataSum, MetadataSum [sha256.Size]byte
}

var errNoLeaf = errors.New("it is no leaf that this program knows: " + Magic[:len(Magic)-1])

// Parse takes a leaf apart. Whether it is in a tree is another question.
func Parse(b []byte) (Leaf, error) {
	var l Leaf
	b, ok := bytes.CutPrefix(b, []byte(Magic))
	if !ok {
		return l, errNoLeaf
	}
	take := func(n int) []byte {
		if n > len(b) {
			ok = false
			return make([]byte, n)
		}
		var part []byte
		part, b = b[:n], b[n:]
		return part
	}
	l.Stream = string(take(int(binary.BigEndian.Uint16(take(2)))))
	l.Version = eventstore.Version(binary.BigEndian.Uint64(take(8)))
	l.ID = uuid.UUID(take(16))
	l.Type = string(take(int(binary.BigEndian.Uint16(take(2)))))
	l.Schema = int(binary.BigEndian.Uint32(take(4)))
	l.RecordedAt = time.UnixMicro(int64(binary.BigEndian.Uint64(take(8)))).UTC()
	l.DataSum = [sha256.Size]byte(take(sha256.Size))
	l.MetadataSum = [sha256.Size]byte(take(sha256.Size))
	if !ok || len(b) > 0 {
		return l, errNoLeaf
	}
	return l, nil
}
