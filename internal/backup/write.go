package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/journal"
)

// Source is what is backed up. It must not change while it is, but the log, which may grow.
type Source struct {
	Program string
	Kind    string
	Began   time.Time
	People  People
	LeftOut []string
	Files   []File
	// Log is read up to Head; nil: the log is not in the backup. Its positions must be without gaps.
	Log    eventstore.Store
	Head   eventstore.Position
	Engine string
	// Gentle rests after each piece of the log for as long as it took: a server that is backed up has other work for its processors.
	Gentle bool
}

// File is a file on the disk, and its name in the backup, with slashes.
type File struct{ Name, Path string }

// pieceSize is how many bytes of records make a piece of the log.
const pieceSize = 4 << 20

// Write writes a backup, in one go and in constant memory. progress, unless nil, is told which position of the log is reached.
func Write(ctx context.Context, w io.Writer, src Source, progress func(done, total uint64)) (Manifest, error) {
	b, err := newWriter(w, src)
	if err != nil {
		return Manifest{}, err
	}
	for _, f := range src.Files {
		if err := errors.Join(ctx.Err(), b.file(f)); err != nil {
			return b.list, fmt.Errorf("back up %s: %w", f.Name, err)
		}
	}
	if src.Log != nil {
		if err := b.log(ctx, src, progress); err != nil {
			return b.list, fmt.Errorf("back up the log: %w", err)
		}
	}
	if err := b.end(); err != nil {
		return b.list, fmt.Errorf("end the backup: %w", err)
	}
	return b.list, nil
}

// writer is a backup under way.
type writer struct {
	out   io.Writer // where all goes, with its sum
	sum   hash.Hash
	zip   *zstd.Encoder
	tar   *tar.Writer
	list  Manifest
	units map[string]map[domain.Code]bool
	ends  map[string]eventstore.Version
}

func newWriter(w io.Writer, src Source) (*writer, error) {
	b := &writer{
		sum: sha256.New(), units: map[string]map[domain.Code]bool{}, ends: map[string]eventstore.Version{},
		list: Manifest{
			Format: Format, Program: src.Program, Began: src.Began, Kind: src.Kind, People: src.People, LeftOut: append([]string{}, src.LeftOut...),
			Log: Log{Engine: src.Engine, Included: src.Log != nil}, Elections: []Election{}, Parts: []Part{},
		},
	}
	b.out = io.MultiWriter(w, b.sum)
	if _, err := b.out.Write(head()); err != nil {
		return nil, fmt.Errorf("begin the backup: %w", err)
	}
	var err error
	// One goroutine: a server that is backed up has other work.
	if b.zip, err = zstd.NewWriter(b.out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20)); err != nil {
		return nil, fmt.Errorf("begin the backup: %w", err)
	}
	b.tar = tar.NewWriter(b.zip)
	return b, nil
}

// begin begins a part, which is then written to the tar and to the sum that is returned.
func (b *writer) begin(name string, size int64) (hash.Hash, error) {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: b.list.Began.Truncate(time.Second)}
	return sha256.New(), b.tar.WriteHeader(h)
}

func (b *writer) ended(name string, size int64, sum hash.Hash) {
	b.list.Parts = append(b.list.Parts, Part{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))})
}

func (b *writer) file(f File) error {
	in, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	sum, err := b.begin(f.Name, info.Size())
	if err != nil {
		return err
	}
	if n, err := io.Copy(io.MultiWriter(b.tar, sum), io.LimitReader(in, info.Size())); err != nil || n != info.Size() {
		return errors.Join(fmt.Errorf("%d of %d bytes", n, info.Size()), err)
	}
	b.ended(f.Name, info.Size(), sum)
	return nil
}

// log writes the records up to the head of the source in pieces.
func (b *writer) log(ctx context.Context, src Source, progress func(done, total uint64)) error {
	piece := make([]byte, 0, pieceSize+pieceSize/4)
	n, began := 0, time.Now()
	put := func() error {
		if len(piece) == 0 {
			return nil
		}
		n++
		name := fmt.Sprintf("%s%06d", logFolder, n)
		sum, err := b.begin(name, int64(len(piece)))
		if err == nil {
			_, err = io.MultiWriter(b.tar, sum).Write(piece)
		}
		if err != nil {
			return err
		}
		b.ended(name, int64(len(piece)), sum)
		piece = piece[:0]
		if progress != nil {
			progress(b.list.Log.Position, uint64(src.Head))
		}
		if src.Gentle {
			rest(ctx, time.Since(began))
		}
		began = time.Now()
		return ctx.Err()
	}
	for rec, err := range src.Log.ReadAll(ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return err
		}
		if rec.Position > src.Head {
			break
		}
		b.count(&rec)
		if piece = appendRecord(piece, &rec); len(piece) >= pieceSize {
			if err := put(); err != nil {
				return err
			}
		}
	}
	if b.list.Log.Position != uint64(src.Head) {
		return fmt.Errorf("it ends at position %d, but said that it ends at %d", b.list.Log.Position, src.Head)
	}
	return put()
}

// longestRest keeps a disk that is slow from making a backup endless.
const longestRest = time.Second

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(min(d, longestRest)):
	}
}

func (b *writer) count(r *eventstore.Record) {
	at := r.RecordedAt
	if b.list.Log.First == nil {
		b.list.Log.First = &at
	}
	b.list.Log.Last, b.list.Log.Position = &at, uint64(r.Position)
	b.list.Log.Events++
	if _, known := b.ends[r.Stream]; !known {
		b.list.Log.Streams++
		if election, unit, ok := journal.SplitStream(r.Stream); ok && strings.HasPrefix(r.Stream, journal.LedgerPrefix) {
			if b.units[election] == nil {
				b.units[election] = map[domain.Code]bool{}
			}
			b.units[election][unit] = true
		}
	}
	b.ends[r.Stream] = r.Version
}

// end writes what stands behind the archive.
func (b *writer) end() error {
	for election, units := range b.units {
		b.list.Elections = append(b.list.Elections, Election{election, len(units)})
	}
	slices.SortFunc(b.list.Elections, func(x, y Election) int { return strings.Compare(x.Election, y.Election) })
	if err := errors.Join(b.tar.Close(), b.zip.Close()); err != nil {
		return err
	}
	b.list.Ended = time.Now()
	list, err := json.MarshalIndent(b.list, "", " ")
	if err != nil {
		return err
	}
	list = append(list, '\n')
	if _, err := b.out.Write(frame(listFrame, list)); err != nil {
		return err
	}
	_, err = b.out.Write(frame(endFrame, binary.LittleEndian.AppendUint64(b.sum.Sum(nil), uint64(len(list)))))
	return err
}
