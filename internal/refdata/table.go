package refdata

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"jejak/domain"
)

// table reads one CSV file strictly: comma, UTF-8 (a byte order mark is allowed), a header with exactly the known columns.
type table struct {
	file     string
	problems *Problems
	columns  map[string]int
	reader   *csv.Reader
	width    int
	// whole: the file could be read and its header is right, so that what is missing in it is really missing.
	whole bool
	// skipped is told the first field of every line that had to be skipped.
	skipped func(first string)
}

// openTable opens name, or for "x.csv.gz" the plain "x.csv" where only that is there. It returns nil when nothing can be read.
func openTable(fsys fs.FS, name string, problems *Problems, columns ...string) *table {
	data, file, err := readFile(fsys, name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			problems.add(name, 0, "", "the file is missing")
		} else {
			problems.add(name, 0, "", "cannot read the file: %v", err)
		}
		return nil
	}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		problems.add(file, 1, "", "the file is UTF-16: save it as UTF-8")
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	checkEncoding(file, data, problems)
	t := &table{file: file, problems: problems, reader: csv.NewReader(bytes.NewReader(data))}
	t.reader.FieldsPerRecord, t.reader.ReuseRecord = -1, true
	t.header(columns)
	return t
}

func readFile(fsys fs.FS, name string) (data []byte, file string, err error) {
	data, err = fs.ReadFile(fsys, name)
	plain, zipped := strings.CutSuffix(name, ".gz")
	if !zipped {
		return data, name, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		if data, err := fs.ReadFile(fsys, plain); err == nil {
			return data, plain, nil
		}
	}
	if err != nil {
		return nil, name, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, name, err
	}
	data, err = io.ReadAll(r)
	return data, name, err
}

func checkEncoding(file string, data []byte, problems *Problems) {
	if utf8.Valid(data) {
		return
	}
	for i, line := range bytes.Split(data, []byte{'\n'}) {
		if utf8.Valid(line) {
			continue
		}
		at := 0
		for at < len(line) {
			r, size := utf8.DecodeRune(line[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		problems.add(file, i+1, "", "byte 0x%02x at byte %d is not UTF-8 (a file saved as Windows-1252?): save it as UTF-8", line[at], at+1)
	}
}

func (t *table) header(columns []string) {
	header, err := t.reader.Read()
	if err != nil {
		t.problems.add(t.file, 1, "", "the header line cannot be read: %v", cause(err))
		return
	}
	if len(header) == 1 && strings.Contains(header[0], ";") {
		t.problems.add(t.file, 1, "", "the columns are separated by semicolons: save the file with commas")
		return
	}
	t.whole, t.width, t.columns = true, len(header), map[string]int{}
	ambiguous := false
	for i, name := range header {
		switch _, twice := t.columns[name]; {
		case twice:
			t.problems.add(t.file, 1, name, "the column stands in the header twice")
			t.whole, ambiguous = false, true
		case !slices.Contains(columns, name):
			t.problems.add(t.file, 1, name, "the column is unknown; known are: %s", strings.Join(columns, ", "))
		}
		t.columns[strings.Clone(name)] = i
	}
	for _, name := range columns {
		if _, ok := t.columns[name]; !ok {
			t.problems.add(t.file, 1, name, "the column is missing")
			t.whole = false
		}
	}
	if ambiguous { // nobody can tell what the lines mean
		t.columns = nil
	}
}

// row is one line of a table. Its methods note what is wrong with a field and return the zero value.
type row struct {
	t      *table
	fields []string
	line   int
}

// rows yields every line that has the right number of fields. It may be called once.
func (t *table) rows(yield func(row) bool) {
	if t == nil || t.columns == nil {
		return
	}
	for {
		fields, err := t.reader.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			t.problems.add(t.file, parse.Line, "", "%v", cause(err))
			if t.skipped != nil && len(fields) > 0 {
				t.skipped(fields[0])
			}
			continue
		}
		if err != nil {
			t.problems.add(t.file, 0, "", "cannot read the file: %v", err)
			return
		}
		line, _ := t.reader.FieldPos(0)
		if len(fields) != t.width {
			t.problems.add(t.file, line, "", "the line has %d fields, the header %d", len(fields), t.width)
			if t.skipped != nil {
				t.skipped(fields[0])
			}
			continue
		}
		if !yield(row{t: t, fields: fields, line: line}) {
			return
		}
	}
}

func cause(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return parse.Err
	}
	return err
}

func (r row) fail(column, format string, args ...any) {
	r.t.problems.add(r.t.file, r.line, column, format, args...)
}

// raw is a field as it stands; ok is false when the column is missing, which the header has reported.
func (r row) raw(column string) (value string, ok bool) {
	i, ok := r.t.columns[column]
	if !ok {
		return "", false
	}
	return r.fields[i], true
}

// code is a region code of a level.
func (r row) code(column string, level domain.Level) domain.Code {
	s, ok := r.raw(column)
	if !ok {
		return ""
	}
	code, err := domain.ParseCode(s)
	if err != nil {
		r.fail(column, "%v", err)
		return ""
	}
	if code.Level() != level {
		r.fail(column, "region code %q has %d digits, expected %d", s, len(s), level)
		return ""
	}
	return domain.Code(strings.Clone(s))
}

// digits is an electoral district's code: digits only.
func (r row) digits(column string, lengths ...int) string {
	s, ok := r.raw(column)
	if !ok {
		return ""
	}
	if strings.Trim(s, "0123456789") != "" || !slices.Contains(lengths, len(s)) {
		r.fail(column, "%q is not a code of %v digits", s, lengths)
		return ""
	}
	return strings.Clone(s)
}

// count is a number that is zero or more.
func (r row) count(column string) int {
	s, ok := r.raw(column)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		r.fail(column, "%q is not a whole number", s)
		return 0
	case n < 0:
		r.fail(column, "%d is negative", n)
		return 0
	}
	return n
}

// decimal checks a number with a fraction; an empty field is allowed.
func (r row) decimal(column string) {
	if s, ok := r.raw(column); ok && s != "" {
		if _, err := strconv.ParseFloat(s, 64); err != nil {
			r.fail(column, "%q is not a number", s)
		}
	}
}

// text is a field that must not be empty.
func (r row) text(column string) string {
	s, ok := r.raw(column)
	if ok && strings.TrimSpace(s) == "" {
		r.fail(column, "the field is empty")
	}
	return strings.Clone(s)
}

// one is a field that must be one of a few words.
func (r row) one(column string, words ...string) string {
	s, ok := r.raw(column)
	if !ok {
		return ""
	}
	i := slices.Index(words, s)
	if i < 0 {
		r.fail(column, "%q is none of: %s", s, strings.Join(words, ", "))
		return ""
	}
	return words[i]
}
