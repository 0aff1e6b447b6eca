package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"runtime"
	"strings"

	"github.com/klauspost/compress/zstd"

	"jejak/eventstore"
)

// Target is where what is read goes; a nil function is for what is only checked. Nothing is whole before Read has returned nil.
type Target struct {
	// File gets each file that is not of the log.
	File func(name string, body io.Reader) error
	// Log gets the records, in the order of their positions, once, also where there are none. It is not called when the log is not in the backup.
	Log func(iter.Seq2[eventstore.Record, error]) error
}

// Read reads a whole backup, checks all that it says of itself, and gives it to a target: the sum of the file and of each part, that nothing is missing or
// too much, that positions and versions go on without gaps, that every record is well-formed and no event there twice. What does not fit is a *DamagedError.
func Read(ctx context.Context, f io.ReaderAt, size int64, to Target, progress func(done, total uint64)) (Manifest, error) {
	list, e, err := readManifest(f, size)
	if err != nil {
		return list, err
	}
	r := &reader{ctx: ctx, list: list, left: list.Parts, sum: sha256.New(), progress: progress, chain: newChain()}
	r.in = io.TeeReader(io.NewSectionReader(f, 0, e.from), r.sum)
	if err := r.read(to); err != nil {
		return list, err
	}
	if !bytes.Equal(r.sum.Sum(nil), e.sum) {
		return list, damaged("the file is not what was written: its SHA-256 does not fit")
	}
	return list, nil
}

// CheckFile reads a backup to its end and checks it as Read does.
func CheckFile(ctx context.Context, name string, progress func(done, total uint64)) (Manifest, error) {
	f, size, err := Open(name)
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close()
	return Read(ctx, f, size, Target{}, progress)
}

// Open opens a file and tells its size.
func Open(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", name)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

type reader struct {
	ctx      context.Context
	list     Manifest
	left     []Part // to come
	in       io.Reader
	sum      hash.Hash
	tar      *tar.Reader
	header   *tar.Header // of the part that is to be read, nil after the last
	chain    *chain
	progress func(done, total uint64)
}

func (r *reader) read(to Target) error {
	zip, err := zstd.NewReader(r.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer zip.Close()
	r.tar = tar.NewReader(zip)
	if err := r.parts(to); err != nil {
		return err
	}
	if len(r.left) > 0 {
		return damaged("part %s is missing", r.left[0].Name)
	}
	if _, err := io.Copy(io.Discard, zip); err != nil {
		return r.broken(err)
	}
	if l := r.list.Log; l.Included && (r.chain.events != l.Events || uint64(r.chain.last) != l.Position || uint64(len(r.chain.ends)) != l.Streams) {
		return damaged("the log has %d events up to position %d in %d streams, but %d, %d and %d are written of it",
			r.chain.events, r.chain.last, len(r.chain.ends), l.Events, l.Position, l.Streams)
	}
	return r.chain.twice()
}

func (r *reader) parts(to Target) error {
	logged := false
	if err := r.next(); err != nil {
		return err
	}
	for r.header != nil || r.list.Log.Included && !logged {
		switch {
		case r.header == nil || strings.HasPrefix(r.header.Name, logFolder):
			if logged || !r.list.Log.Included {
				return damaged("part %s is where none should be", r.header.Name)
			}
			logged = true
			if err := r.log(to.Log); err != nil {
				return err
			}
		default:
			if err := r.file(to.File); err != nil {
				return err
			}
			if err := r.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

// next goes to the next part, which must be the one that the manifest has next.
func (r *reader) next() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	h, err := r.tar.Next()
	if errors.Is(err, io.EOF) {
		r.header = nil
		return nil
	}
	if err != nil {
		return r.broken(err)
	}
	if len(r.left) == 0 || h.Name != r.left[0].Name || h.Size != r.left[0].Size || h.Typeflag != tar.TypeReg {
		return damaged("part %s is not what the manifest has there", h.Name)
	}
	r.header = h
	return nil
}

// ended holds the part that was read against the manifest.
func (r *reader) ended(sum hash.Hash) error {
	want := r.left[0]
	r.left = r.left[1:]
	if hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
		return damaged("part %s is not what was written: its SHA-256 does not fit", want.Name)
	}
	return nil
}

func (r *reader) file(take func(string, io.Reader) error) error {
	sum := sha256.New()
	body := io.TeeReader(brokenReader{r}, sum)
	if take != nil {
		if err := take(r.header.Name, body); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return err
	}
	return r.ended(sum)
}

// brokenReader reads the part under way and says what is wrong with the file.
type brokenReader struct{ r *reader }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.r.tar.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.r.broken(err)
	}
	return n, err
}

// broken is an error of reading: of the disk, or because what is there is no archive.
func (r *reader) broken(err error) error {
	var disk *os.PathError
	if errors.As(err, &disk) {
		return err
	}
	part := "the first part"
	if len(r.left) < len(r.list.Parts) {
		part = "what follows part " + r.list.Parts[len(r.list.Parts)-len(r.left)-1].Name
	}
	return damaged("%s cannot be read (%v)", part, err)
}

// log reads all pieces of the log.
func (r *reader) log(take func(iter.Seq2[eventstore.Record, error]) error) error {
	var wrong error
	records := func(yield func(eventstore.Record, error) bool) {
		for r.header != nil && strings.HasPrefix(r.header.Name, logFolder) {
			more, err := r.piece(yield)
			if err == nil && more {
				err = r.next()
			}
			if err != nil {
				wrong = err
				yield(eventstore.Record{}, err)
				return
			}
			if !more {
				return
			}
		}
	}
	if take == nil {
		for range records { // what is wrong with one is kept
		}
		return wrong
	}
	err := take(records)
	if wrong != nil {
		return wrong
	}
	if err == nil && r.header != nil && strings.HasPrefix(r.header.Name, logFolder) {
		err = errors.New("the records were not taken to the end")
	}
	return err
}

// piece reads one piece; more is false when nobody wants the rest.
func (r *reader) piece(yield func(eventstore.Record, error) bool) (more bool, err error) {
	sum := sha256.New()
	body := bufio.NewReaderSize(io.TeeReader(brokenReader{r}, sum), 64<<10)
	for {
		rec, err := readRecord(body)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.chain.add(&rec)
		}
		var already *DamagedError
		if errors.As(err, &already) {
			return false, err
		}
		if err != nil {
			return false, damaged("part %s: %v", r.header.Name, err)
		}
		if !yield(rec, nil) {
			return false, nil
		}
	}
	if r.progress != nil {
		r.progress(uint64(r.chain.last), r.list.Log.Position)
	}
	return true, r.ended(sum)
}

// SyncFolder makes the names in a folder durable. Windows has no such call; NTFS does it by itself.
func SyncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
