package bundle

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// Writer writes a bundle, file after file. The manifest is written last: without it a bundle is not whole, and Open refuses it.
type Writer struct {
	name    string      // "" for none: it goes to somebody else
	file    *os.File    // of a zip that is one; nil for none
	zip     *zip.Writer // nil: a folder
	records *recordsFile
	files   []File
}

// Create begins a bundle: a zip file where the name ends in .zip, else a folder. Nothing may be there yet.
func Create(name string) (*Writer, error) {
	w := &Writer{name: name}
	if !strings.HasSuffix(name, ".zip") {
		if err := os.Mkdir(name, 0o700); err != nil {
			return nil, fmt.Errorf("make bundle: %w", err)
		}
		return w, nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make bundle: %w", err)
	}
	w.file, w.zip = file, zipped(file)
	return w, nil
}

// Stream begins a bundle as a zip file that goes to w as it is made. One that is cut off lacks its end, without which no program opens a zip file.
func Stream(w io.Writer) *Writer { return &Writer{zip: zipped(bufio.NewWriterSize(w, 1<<16))} }

// zipped is a zip file whose entries are compressed quickly: a server that makes one has other work.
func zipped(w io.Writer) *zip.Writer {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, quick) })
	return z
}

// epoch is when every entry of a zip file was made: the first day that such a file can name, so that the same records give the same bytes. Readers take an
// entry without a date for one of a month that there is not.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// quick is the level of compression.
const quick = 2

// create begins a file of the bundle and ends the one before.
func (w *Writer) create(name string) (io.WriteCloser, error) {
	if w.zip == nil {
		full := filepath.Join(w.name, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			return nil, err
		}
		return os.OpenFile(full, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
	if strings.HasPrefix(name, TileFolder+"/") {
		h.Method = zip.Store // hashes do not get smaller
	}
	entry, err := w.zip.CreateHeader(h)
	return whole{entry}, err
}

// whole is an entry of a zip file, which ends when the next begins.
type whole struct{ io.Writer }

func (whole) Close() error { return nil }

// Add writes a small file, such as a tile, and ends a file of records.
func (w *Writer) Add(name string, content []byte) error {
	return w.Fill(name, func(file io.Writer) error {
		_, err := file.Write(content)
		return err
	})
}

// Fill writes a file piece by piece, likewise.
func (w *Writer) Fill(name string, fill func(io.Writer) error) error {
	err := w.endRecords()
	var file io.WriteCloser
	if err == nil {
		file, err = w.create(name)
	}
	if err == nil {
		err = errors.Join(fill(file), file.Close())
	}
	if err != nil {
		return fmt.Errorf("write %s of bundle %s: %w", name, w.name, err)
	}
	return nil
}

// recordsFile is the file of records that is being written.
type recordsFile struct {
	File
	to   io.WriteCloser
	out  *bufio.Writer
	sum  hash.Hash
	line []byte
}

// BeginRecords begins a file of records, such as "all" or the code of a unit, and ends the one before.
func (w *Writer) BeginRecords(name string) error {
	if err := w.endRecords(); err != nil {
		return err
	}
	r := &recordsFile{File: File{Name: path.Join(RecordsFolder, name+".ndjson")}, sum: sha256.New()}
	to, err := w.create(r.Name)
	if err != nil {
		return fmt.Errorf("write %s of bundle %s: %w", r.Name, w.name, err)
	}
	r.to, r.out = to, bufio.NewWriterSize(io.MultiWriter(to, r.sum), 1<<16)
	w.records = r
	return nil
}

// Record adds a record to the file begun last. Its leaf must be above the one before.
func (w *Writer) Record(rec *Record) error {
	r := w.records
	r.line = append(AppendRecord(r.line[:0], rec), '\n')
	r.Records++
	r.Bytes += int64(len(r.line))
	if _, err := r.out.Write(r.line); err != nil {
		return fmt.Errorf("write %s of bundle %s: %w", r.Name, w.name, err)
	}
	return nil
}

func (w *Writer) endRecords() error {
	r := w.records
	if r == nil {
		return nil
	}
	w.records = nil
	if err := errors.Join(r.out.Flush(), r.to.Close()); err != nil {
		return fmt.Errorf("write %s of bundle %s: %w", r.Name, w.name, err)
	}
	r.SHA256 = hex.EncodeToString(r.sum.Sum(nil))
	w.files = append(w.files, r.File)
	return nil
}

// Close writes the manifest, whose format, records and files are filled in, and ends the bundle.
func (w *Writer) Close(m Manifest) error {
	err := w.endRecords() // before its file is listed
	m.Format, m.Files, m.Records = Format, w.files, 0
	for _, f := range w.files {
		m.Records += f.Records
	}
	text, e := json.MarshalIndent(m, "", "  ")
	if err = errors.Join(err, e); err == nil {
		err = w.Add(ManifestFile, append(text, '\n'))
	}
	return errors.Join(err, w.end())
}

// Abandon ends a bundle that could not be finished and removes what is there of it.
func (w *Writer) Abandon() error {
	if w.records != nil {
		_ = w.records.to.Close() // removed next
	}
	if w.name == "" {
		return nil // without its end nobody takes it for whole
	}
	_ = w.end() // likewise
	return os.RemoveAll(w.name)
}

func (w *Writer) end() error {
	switch {
	case w.zip == nil:
		return nil
	case w.file == nil:
		return w.zip.Close()
	}
	return errors.Join(w.zip.Close(), w.file.Sync(), w.file.Close())
}
