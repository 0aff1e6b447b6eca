package export

import (
	"bufio"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// csvFolder writes each table into a file of a folder. Files begin with a byte order mark, by which spreadsheet programs know UTF-8. Text that such a
// program would take for a formula gets an apostrophe before it. Times are ISO 8601 with their offset, truths are true and false.
type csvFolder struct {
	dir   string
	comma rune
	files map[*table]*csvFile
	line  []string
}

type csvFile struct {
	file *os.File
	buf  *bufio.Writer
	csv  *csv.Writer
}

func (c *csvFolder) begin(tables []*table) error {
	c.files = map[*table]*csvFile{}
	for _, t := range tables {
		file, err := os.OpenFile(filepath.Join(c.dir, t.name+".csv"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		f := &csvFile{file: file, buf: bufio.NewWriterSize(file, 1<<16)}
		f.csv = csv.NewWriter(f.buf)
		f.csv.Comma = c.comma
		c.files[t] = f
		heads := make([]string, len(t.columns))
		for i, column := range t.columns {
			heads[i] = column.heading()
		}
		if _, err := f.buf.WriteString("\ufeff"); err != nil {
			return err
		}
		if err := f.csv.Write(heads); err != nil {
			return err
		}
	}
	return nil
}

func (c *csvFolder) row(t *table, cells []cell) error {
	c.line = c.line[:0]
	for _, v := range cells {
		s := v.text
		switch v.kind {
		case isNumber:
			s = strconv.FormatInt(v.number, 10)
		case isMoment:
			s = v.moment.Format(time.RFC3339)
		case isTruth:
			s = strconv.FormatBool(v.number == 1)
		case isText:
			if dangerous(s) {
				s = "'" + s
			}
		}
		c.line = append(c.line, s)
	}
	return c.files[t].csv.Write(c.line)
}

func (c *csvFolder) end() error {
	var errs []error
	for _, f := range c.files {
		f.csv.Flush()
		errs = append(errs, f.csv.Error(), f.buf.Flush(), f.file.Sync(), f.file.Close())
	}
	return errors.Join(errs...)
}
