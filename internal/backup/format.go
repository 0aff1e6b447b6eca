// Package backup is the form of a backup: one file with everything of a data directory that cannot be made again.
//
// The file is a zstd stream (RFC 8878) of a tar archive, so that `tar --zstd -xf FILE` opens it where there is no Jejak. Before and behind it are
// skippable frames, which zstd passes over:
//
//	"jejak-backup 3\n"                        what the file is, and its format
//	zstd of tar: the files, then log/000001 ...   the log in pieces of some megabytes
//	the manifest, JSON                        what is in it, and the SHA-256 of each part
//	SHA-256 of all before, length of the manifest   (32 and 8 bytes)
//
// A piece of the log has one record after the other: a line of JSON with what the record is and how long its data and metadata are, then these bytes as
// they stand in the log, a line feed behind each. The log is taken record by record, not page by page: its beginning never changes, so that it can be read
// while the server appends, holds nothing up, and needs no engine to be understood.
package backup

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Format is of the files that are written. It is raised when a program that reads the one before would not take what a file has: other parts, or other forms of
// them. Older ones are read as well (a golden file of each is in testdata); a newer one is a *NewerError.
//
//	1  the first
//	2  the part notary/leaves: hashes from which the notary's tiles are made
//	3  the part side: the records of the streams beside the log, in the form of a piece of the log
const Format = 3

// Manifest says what is in a backup.
type Manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // which wrote it
	Began   time.Time `json:"began"`   // everything acknowledged before is in it
	Ended   time.Time `json:"ended"`
	Kind    string    `json:"kind"` // of the data directory: real or simulated

	Log       Log        `json:"log"`
	Elections []Election `json:"elections"`
	People    People     `json:"people"`
	LeftOut   []string   `json:"left_out"` // files of the directory that are not in it
	Parts     []Part     `json:"parts"`
}

// Log says what of the log is in a backup.
type Log struct {
	Engine   string `json:"engine"`   // sqlite or esdb
	Included bool   `json:"included"` // false: it is on EventStoreDB, which has backups of its own
	Position uint64 `json:"position"` // of the last record
	Events   uint64 `json:"events"`
	Streams  uint64 `json:"streams"`
	// First and Last are when the first and last records were recorded, by the server's clock.
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
}

// Election is one whose ledgers are in the log.
type Election struct {
	Election string `json:"election"`
	Units    int    `json:"units"`
}

// People are counted, not named.
type People struct {
	Accounts  int `json:"accounts"`
	Forgotten int `json:"forgotten"`
}

// Part is a file of the archive.
type Part struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hexadecimal
}

// logFolder has the pieces of the log.
const logFolder = "log/"

// DamagedError: a file is not a whole backup as it was written. It says where.
type DamagedError struct{ Reason string }

func (e *DamagedError) Error() string {
	return e.Reason + ": nothing of it is to be trusted; take another backup"
}

func damaged(format string, args ...any) error { return &DamagedError{fmt.Sprintf(format, args...)} }

// NewerError: the file is of a format that this program does not know yet.
type NewerError struct {
	Format  int
	Program string // that wrote it, "" where the file does not say it in the way known here
}

func (e *NewerError) Error() string {
	by := ""
	if e.Program != "" {
		by = fmt.Sprintf(", written by %q", e.Program)
	}
	return fmt.Sprintf("the backup has format %d%s, this program knows up to %d: use the program that wrote it, or a newer one", e.Format, by, Format)
}

const (
	skippable  = 0x184D2A50 // magic numbers of skippable frames begin here
	frameHead  = 8          // magic number and length
	headFrame  = skippable + 0xA
	listFrame  = skippable + 0xB
	endFrame   = skippable + 0xC
	headPrefix = "jejak-backup "
	endBody    = 32 + 8
	endSize    = frameHead + endBody
	maxHead    = 64
	maxList    = 64 << 20
)

func frame(magic uint32, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, magic)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

// readFrame takes a skippable frame off the beginning of b.
func readFrame(b []byte, magic uint32) (body []byte, ok bool) {
	if len(b) < frameHead || binary.LittleEndian.Uint32(b) != magic {
		return nil, false
	}
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	if n > int64(len(b)-frameHead) {
		return nil, false
	}
	return b[frameHead : frameHead+n], true
}

func head() []byte { return frame(headFrame, []byte(headPrefix+strconv.Itoa(Format)+"\n")) }

// readHead reads which format a file has.
func readHead(f io.ReaderAt, size int64) (format int, err error) {
	b := make([]byte, min(size, maxHead))
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read the beginning: %w", err)
	}
	body, ok := readFrame(b, headFrame)
	text, named := strings.CutPrefix(string(body), headPrefix)
	format, err = strconv.Atoi(strings.TrimSuffix(text, "\n"))
	switch {
	case !ok || !named || err != nil:
		return 0, damaged("the file is no backup of Jejak, or is damaged at its beginning")
	case format < 1:
		return 0, damaged("the backup has format %d, which there never was", format)
	}
	return format, nil
}

// end is what a file ends with.
type end struct {
	sum      []byte // SHA-256 of all before
	manifest []byte
	from     int64 // where it begins
}

func readEnd(f io.ReaderAt, size int64) (end, error) {
	cutOff := damaged("the file is cut off: it has %d bytes and no end", size)
	b := make([]byte, endSize)
	if size < endSize {
		return end{}, cutOff
	}
	if _, err := f.ReadAt(b, size-endSize); err != nil {
		return end{}, fmt.Errorf("read the end: %w", err)
	}
	body, ok := readFrame(b, endFrame)
	if !ok || len(body) != endBody {
		return end{}, cutOff
	}
	n := int64(binary.LittleEndian.Uint64(body[32:]))
	from := size - endSize - n - frameHead
	if n < 0 || n > maxList || from < 0 {
		return end{}, damaged("the end of the file says that its manifest has %d bytes", n)
	}
	list := make([]byte, frameHead+n)
	if _, err := f.ReadAt(list, from); err != nil {
		return end{}, fmt.Errorf("read the manifest: %w", err)
	}
	manifest, ok := readFrame(list, listFrame)
	if !ok || int64(len(manifest)) != n {
		return end{}, damaged("the manifest is not where the end of the file says")
	}
	return end{sum: body[:32], manifest: manifest, from: size - endSize}, nil
}

// ReadManifest reads what a file says of itself, without looking at the rest: see Read.
func ReadManifest(f io.ReaderAt, size int64) (Manifest, error) {
	m, _, err := readManifest(f, size)
	return m, err
}

func readManifest(f io.ReaderAt, size int64) (m Manifest, e end, err error) {
	format, err := readHead(f, size)
	if err != nil {
		return m, e, err
	}
	e, err = readEnd(f, size)
	if err == nil {
		if err = json.Unmarshal(e.manifest, &m); err != nil {
			err = damaged("the manifest cannot be read (%v)", err)
		}
	}
	switch {
	case format > Format: // what else is wrong may be what is new in it
		return m, e, &NewerError{format, m.Program}
	case err != nil:
		return m, e, err
	case m.Format != format:
		return m, e, damaged("the manifest says format %d, the beginning of the file %d", m.Format, format)
	}
	return m, e, nil
}
