package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// The file is a row of frames, one per append: magic, length of the body, CRC-32C of these two, CRC-32C of the body, body.
const (
	frameHeader = 16
	maxBody     = 1 << 28
)

var (
	frameMagic = []byte("JWL1")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// stored is a record in the body of a frame.
type stored struct {
	Position    uint64    `json:"p"`
	Stream      string    `json:"s"`
	Revision    uint64    `json:"r"`
	ID          uuid.UUID `json:"i"`
	Type        string    `json:"t"`
	ContentType string    `json:"c"`
	Created     int64     `json:"w"` // ticks
	Data        []byte    `json:"d,omitempty"`
	Metadata    []byte    `json:"m,omitempty"`
}

// file is the log on disk. It is for one writer; after an error it takes nothing more.
type file struct {
	f      *os.File
	failed error
}

// append writes the records as one frame and syncs it.
func (f *file) append(records []*Record) error {
	if f.failed != nil {
		return f.failed
	}
	frame, err := encodeFrame(records)
	if err != nil {
		return err
	}
	if _, err = f.f.Write(frame); err == nil {
		err = f.f.Sync()
	}
	if err != nil {
		f.failed = fmt.Errorf("log file has failed, restart the server: %w", err)
	}
	return f.failed
}

func encodeFrame(records []*Record) ([]byte, error) {
	out := make([]stored, len(records))
	for i, r := range records {
		out[i] = stored{r.Position, r.Stream, r.Revision, r.ID, r.Type, r.ContentType, ticks(r.Created), r.Data, r.Metadata}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encode records: %w", err)
	}
	frame := make([]byte, frameHeader, frameHeader+len(body))
	copy(frame, frameMagic)
	binary.BigEndian.PutUint32(frame[4:], uint32(len(body)))
	binary.BigEndian.PutUint32(frame[8:], crc32.Checksum(frame[:8], castagnoli))
	binary.BigEndian.PutUint32(frame[12:], crc32.Checksum(body, castagnoli))
	return append(frame, body...), nil
}

// decodeFrame returns the body of the frame at the beginning of data and its whole length, 0 when there is no whole and sound frame.
func decodeFrame(data []byte) ([]byte, int) {
	if len(data) < frameHeader || !bytes.HasPrefix(data, frameMagic) || crc32.Checksum(data[:8], castagnoli) != binary.BigEndian.Uint32(data[8:]) {
		return nil, 0
	}
	n := int(binary.BigEndian.Uint32(data[4:]))
	if n > maxBody || len(data) < frameHeader+n {
		return nil, 0
	}
	body := data[frameHeader : frameHeader+n]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(data[12:]) {
		return nil, 0
	}
	return body, frameHeader + n
}

// openFile reads a log, or makes an empty one. What is torn at the end (never acknowledged) is cut off; damage before a sound frame is refused.
func openFile(path string) (*memlog, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log file: %w", err)
	}
	l := newMemlog()
	l.file = &file{f: f}
	if err := l.load(path); err != nil {
		return nil, errors.Join(fmt.Errorf("log file %s: %w", path, err), f.Close())
	}
	return l, nil
}

func (l *memlog) load(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := 0
	for at < len(data) {
		body, n := decodeFrame(data[at:])
		if n == 0 {
			break
		}
		if err := l.replay(body); err != nil {
			return fmt.Errorf("at byte %d: %w: the file is not as it was written, take a copy of it and begin a new one", at, err)
		}
		at += n
	}
	if at < len(data) {
		if next := soundFrame(data[at+1:]); next >= 0 {
			return fmt.Errorf("damaged at byte %d, and sound again at byte %d: take a copy of the file and begin a new one", at, at+1+next)
		}
		if err := l.file.f.Truncate(int64(at)); err != nil {
			return fmt.Errorf("cut off the torn end: %w", err)
		}
	}
	if err := l.file.f.Sync(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// soundFrame finds a whole frame in data, -1 for none.
func soundFrame(data []byte) int {
	for from := 0; ; from++ {
		i := bytes.Index(data[from:], frameMagic)
		if i < 0 {
			return -1
		}
		from += i
		if _, n := decodeFrame(data[from:]); n > 0 {
			return from
		}
	}
}

// replay adds the records of a frame. The caller holds mu.
func (l *memlog) replay(body []byte) error {
	var in []stored
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	for _, s := range in {
		r := &Record{s.Position, s.Stream, s.Revision, s.ID, s.Type, s.ContentType, fromTicks(s.Created), s.Data, s.Metadata}
		if r.Position != l.next || r.Revision != deletedRevision && int64(r.Revision) != l.get(r.Stream).last()+1 {
			return fmt.Errorf("event %d of %s at position %d is out of turn", r.Revision, r.Stream, r.Position)
		}
		l.apply([]*Record{r})
	}
	return nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// close waits for the write under way and closes the file.
func (l *memlog) close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.file == nil {
		return nil
	}
	if l.file.failed == nil {
		l.file.failed = errors.New("log file is closed")
	}
	return l.file.f.Close()
}
