package web

import (
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
	"time"
)

// maker makes commands of one size that are always accepted: an accident is told (incident.raise), one event each. Of all the commands it is
// the one that needs nothing to have happened before, so that any number can be sent to any regency.
type maker struct {
	next atomic.Uint64
}

// zone is that of East Java.
var zone = time.FixedZone("WIB", 7*3600)

// next command to a regency, written over buf.
func (m *maker) append(buf []byte, unit string) []byte {
	n := m.next.Add(1)
	now := time.Now()
	buf = append(buf[:0], `{"id":"`...)
	buf = appendUUID(buf, now, n)
	buf = append(buf, `","type":"incident.raise","mode":"request","election":"pemilu2024","unit":"`...)
	buf = append(buf, unit...)
	buf = append(buf, `","occurred_at":"`...)
	buf = now.In(zone).AppendFormat(buf, time.RFC3339Nano)
	buf = append(buf, `","data":{"kind":"accident","severity":"low","units":["SHP-`...)
	buf = append(buf, unit...)
	return append(buf, `-L1-0001"],"note":"Ban pecah di jalan raya, muatan utuh, kendaraan pengganti diminta"}}`...)
}

// appendUUID appends a UUID of version 7 (RFC 9562): milliseconds, then a number that is never used twice.
func appendUUID(buf []byte, now time.Time, n uint64) []byte {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(now.UnixMilli())<<16|0x7000|n>>52&0xfff)
	binary.BigEndian.PutUint64(id[8:], 0x8000_0000_0000_0000|n&0x3fff_ffff_ffff_ffff)
	for i, cut := range [...]int{0, 4, 6, 8, 10} {
		if i > 0 {
			buf = append(buf, '-')
		}
		end := [...]int{4, 6, 8, 10, 16}[i]
		buf = hex.AppendEncode(buf, id[cut:end])
	}
	return buf
}

// regencies are the units that the clients spread over: all of East Java.
func regencies() []string {
	var codes []string
	for n := 1; n <= 29; n++ {
		codes = append(codes, code(n))
	}
	for n := 71; n <= 79; n++ {
		codes = append(codes, code(n))
	}
	return codes
}

func code(n int) string {
	return "35" + string([]byte{byte('0' + n/10), byte('0' + n%10)})
}
