package bundle

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// The files of a bundle: a folder, or a zip file of the same.
const (
	ManifestFile    = "manifest.json"
	RecordsFolder   = "records"            // <anything>.ndjson: lines of AppendRecord, each with its leaf, ascending within a file
	CheckpointFile  = "checkpoint"         // the signed checkpoint of the tree, with its cosignatures
	CheckpointsFile = "checkpoints.ndjson" // every checkpoint ever signed up to it, each a Checkpoint, ascending
	KeysFile        = "keys.json"          // keys of the notary, the oldest first, as GET /checkpoint/keys gives them
	TileFolder      = "tile"               // tiles of the tree, as C2SP tlog-tiles names them
)

// Format of the manifest.
const Format = 1

// Manifest says what is in a bundle. It is for reading; what is proved rests on the checkpoint alone.
type Manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // that wrote it, and its version
	Origin  string    `json:"origin"`  // of the notary
	Size    int64     `json:"size"`    // leaves of the tree
	Root    tlog.Hash `json:"root"`    // in base64
	Records int64     `json:"records"` // that are in the bundle
	// Whole: every leaf of the tree has its record here. Else the bundle is a part, such as the records of some units.
	Whole     bool     `json:"whole"`
	Units     []string `json:"units,omitempty"` // whose records they are, where it is a part
	Ledgers   int      `json:"ledgers"`         // with records in the bundle
	Simulated bool     `json:"simulated"`
	Made      string   `json:"made"` // when, RFC 3339
	Files     []File   `json:"files"`
}

// File is one of the files with records.
type File struct {
	Name    string `json:"name"` // within the bundle
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"` // hexadecimal
}

// Checkpoint is a signed checkpoint in CheckpointsFile, and in what GET /checkpoint/history gives.
type Checkpoint struct {
	Size     int64     `json:"size"`
	SignedAt time.Time `json:"signed_at"` // by the notary's machine
	Note     string    `json:"note"`      // as it is signed, with its cosignatures
}

// Bundle is open for reading.
type Bundle struct {
	Manifest Manifest
	fs.FS
	closer io.Closer
}

// Open opens a bundle: a folder or a zip file.
func Open(name string) (*Bundle, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	b := &Bundle{}
	if info.IsDir() {
		root, err := os.OpenRoot(name) // what a bundle names lies in it
		if err != nil {
			return nil, fmt.Errorf("open bundle %s: %w", name, err)
		}
		b.FS, b.closer = root.FS(), root
	} else {
		r, err := zip.OpenReader(name)
		if err != nil {
			return nil, fmt.Errorf("open bundle %s: %w: a bundle is a folder or a zip file", name, err)
		}
		b.FS, b.closer = r, r
	}
	text, err := fs.ReadFile(b.FS, ManifestFile)
	if err == nil {
		err = json.Unmarshal(text, &b.Manifest)
	}
	if err == nil && b.Manifest.Format != Format {
		err = fmt.Errorf("it has format %d, this program knows %d", b.Manifest.Format, Format)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open bundle %s: read %s: %w", name, ManifestFile, err), b.Close())
	}
	return b, nil
}

// Close closes it.
func (b *Bundle) Close() error { return b.closer.Close() }

// mostLine bounds a line: an append of the log is under 1 MiB, and base64 makes it larger.
const mostLine = 4 << 20

// Line is a record as it stands in a bundle, not read yet.
type Line struct {
	Leaf   int64 // -1 where the line does not say
	Text   []byte
	file   string // "" it is of none
	number int
}

// Record reads it.
func (l Line) Record() (Record, error) {
	rec, err := ParseRecord(l.Text)
	if err == nil && l.file != "" && rec.Leaf != l.Leaf {
		err = errors.New("it says two leaves")
	}
	if err != nil && l.file != "" {
		err = fmt.Errorf("%s, line %d: %w", l.file, l.number, err)
	}
	return rec, err
}

// leafFirst reads the leaf of a line that begins with it, as those of AppendRecord do.
func leafFirst(text []byte) (leaf int64, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`{"leaf":`))
	if !ok {
		return 0, false
	}
	digits, _, ok := bytes.Cut(rest[:min(len(rest), 20)], []byte{','})
	if !ok {
		return 0, false
	}
	leaf, err := strconv.ParseInt(string(digits), 10, 64)
	return leaf, err == nil
}

// Records yields the records in the order of their leaves, from as many files as there are. An error ends it.
func (b *Bundle) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for line, err := range b.Lines() {
			var rec Record
			if err == nil {
				rec, err = line.Record()
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// Lines yields the records likewise, for those who read them on several processors. The texts are theirs.
func (b *Bundle) Lines() iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		names, err := fs.Glob(b.FS, path.Join(RecordsFolder, "*.ndjson"))
		if err != nil {
			yield(Line{}, err)
			return
		}
		var open []*reading
		defer func() {
			for _, r := range open {
				_ = r.file.Close() // only read from
			}
		}()
		for _, name := range names {
			r, err := b.read(name)
			if err != nil {
				yield(Line{}, err)
				return
			}
			open = append(open, r)
			if err := r.next(); err != nil {
				yield(Line{}, err)
				return
			}
		}
		for last := int64(-1); ; {
			var first *reading
			for _, r := range open {
				if !r.ended && (first == nil || r.line.Leaf < first.line.Leaf) {
					first = r
				}
			}
			if first == nil {
				return
			}
			line := first.line
			if line.Leaf <= last {
				yield(Line{}, fmt.Errorf("%s, line %d: leaf %d is there twice", line.file, line.number, line.Leaf))
				return
			}
			last = line.Leaf
			if !yield(line, nil) {
				return
			}
			if err := first.next(); err != nil {
				yield(Line{}, err)
				return
			}
		}
	}
}

// reading is a file of records that is being read.
type reading struct {
	file  fs.File
	lines *bufio.Scanner
	line  Line
	ended bool
}

func (b *Bundle) read(name string) (*reading, error) {
	file, err := b.FS.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	r := &reading{file: file, lines: bufio.NewScanner(file), line: Line{Leaf: -1, file: name}}
	r.lines.Buffer(nil, mostLine)
	return r, nil
}

func (r *reading) next() error {
	if !r.lines.Scan() {
		r.ended = true
		if err := r.lines.Err(); err != nil {
			return fmt.Errorf("read %s after line %d: %w", r.line.file, r.line.number, err)
		}
		return nil
	}
	before := r.line.Leaf
	r.line.number++
	r.line.Text = bytes.Clone(r.lines.Bytes())
	var ok bool
	if r.line.Leaf, ok = leafFirst(r.line.Text); !ok {
		rec, err := ParseRecord(r.line.Text)
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", r.line.file, r.line.number, err)
		}
		r.line.Leaf = rec.Leaf
	}
	if r.line.Leaf < 0 || r.line.Leaf <= before {
		return fmt.Errorf("%s, line %d: leaf %d comes after leaf %d: a file has the leaves in ascending order", r.line.file, r.line.number, r.line.Leaf, before)
	}
	return nil
}
