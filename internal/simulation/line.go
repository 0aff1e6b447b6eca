package simulation

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"
)

// election that is played.
const electionID = "pemilu2024"

// wib is western Indonesian time, in which East Java lives.
var wib = time.FixedZone("WIB", 7*3600)

// when is a moment in WIB.
func when(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, wib)
}

// The modes of a command.
const (
	request = "request" // may I?
	report  = "report"  // it has happened
)

// line is one command as a line of NDJSON, built field by field. Texts must not need escapes.
type line struct{ buf []byte }

// commandID is a UUIDv7 of the moment and what makes the command unique.
func commandID(at time.Time, person *person, seq int64) (id [16]byte) {
	a := mix(person.key ^ mix(uint64(seq)))
	b := mix(a ^ 0x5bf03635)
	ms := uint64(at.UnixMilli())
	binary.BigEndian.PutUint64(id[:8], ms<<16|0x7000|a&0x0fff)
	binary.BigEndian.PutUint64(id[8:], b&0x3fffffffffffffff|0x8000000000000000)
	return id
}

func appendUUID(buf []byte, id [16]byte) []byte {
	buf = hex.AppendEncode(buf, id[:4])
	for _, part := range [][2]int{{4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		buf = append(buf, '-')
		buf = hex.AppendEncode(buf, id[part[0]:part[1]])
	}
	return buf
}

// begin starts a command's line: the envelope, up to its open data object.
func (l *line) begin(p *person, mode, commandType, unit string, at time.Time) {
	p.seq++
	l.buf = append(l.buf[:0], `{"id":"`...)
	l.buf = appendUUID(l.buf, commandID(at, p, p.seq))
	l.buf = append(l.buf, `","type":"`...)
	l.buf = append(l.buf, commandType...)
	l.buf = append(l.buf, `","mode":"`...)
	l.buf = append(l.buf, mode...)
	l.buf = append(l.buf, `","election":"`+electionID+`","unit":"`...)
	l.buf = append(l.buf, unit...)
	l.buf = append(l.buf, `","occurred_at":"`...)
	l.buf = at.In(wib).AppendFormat(l.buf, "2006-01-02T15:04:05.000Z07:00")
	l.buf = append(l.buf, `","device":{"id":"dev-`...)
	l.buf = appendKey(l.buf, p.key)
	l.buf = append(l.buf, `","seq":`...)
	l.buf = strconv.AppendInt(l.buf, p.seq, 10)
	l.buf = append(l.buf, `},"data":{`...)
}

func appendKey(buf []byte, k uint64) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], mix(k))
	return hex.AppendEncode(buf, b[:6])
}

// end closes the data object and the envelope.
func (l *line) end() { l.buf = append(l.buf, '}', '}', '\n') }

// comma separates from what stands before.
func (l *line) comma() {
	switch l.buf[len(l.buf)-1] {
	case '{', '[', ',':
	default:
		l.buf = append(l.buf, ',')
	}
}

func (l *line) name(key string) *line {
	l.comma()
	if key != "" {
		l.buf = append(l.buf, '"')
		l.buf = append(l.buf, key...)
		l.buf = append(l.buf, '"', ':')
	}
	return l
}

// str adds a text; key "" within a list.
func (l *line) str(key, value string) *line {
	l.name(key)
	l.buf = append(l.buf, '"')
	if !utf8.ValidString(value) {
		value = "?"
	}
	l.buf = append(l.buf, value...)
	l.buf = append(l.buf, '"')
	return l
}

func (l *line) num(key string, value int64) *line {
	l.name(key)
	l.buf = strconv.AppendInt(l.buf, value, 10)
	return l
}

func (l *line) yes(key string) *line {
	l.name(key)
	l.buf = append(l.buf, "true"...)
	return l
}

func (l *line) object(key string) *line {
	l.name(key)
	l.buf = append(l.buf, '{')
	return l
}

func (l *line) list(key string) *line {
	l.name(key)
	l.buf = append(l.buf, '[')
	return l
}

// close ends the innermost open object ('}') or list (']').
func (l *line) close(bracket byte) *line {
	l.buf = append(l.buf, bracket)
	return l
}

func (l *line) strs(key string, values ...string) *line {
	l.list(key)
	for _, v := range values {
		l.str("", v)
	}
	return l.close(']')
}
