// Package leaf says what of a record the notary's tree holds: docs/notary.md has the same for those who rebuild it.
package leaf

import (
	"crypto/sha256"
	"encoding/binary"

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
