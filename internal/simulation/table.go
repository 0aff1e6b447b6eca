package simulation

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// eachRow reads a CSV file with a header line, packed when its name ends in .gz, and calls do with a lookup of the row's columns by name. A
// lookup is good until do returns.
func eachRow(files fs.FS, name string, do func(row func(column string) string) error) (err error) {
	file, err := files.Open(name)
	if err != nil {
		return fmt.Errorf("read the reference data: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var in io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	reader := csv.NewReader(in)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return fmt.Errorf("read %s: header: %w", name, err)
	}
	at := map[string]int{}
	for i, column := range header {
		at[strings.Clone(column)] = i
	}
	var record []string
	var missing error
	lookup := func(column string) string {
		i, ok := at[column]
		if !ok {
			missing = fmt.Errorf("read %s: there is no column %q", name, column)
			return ""
		}
		return record[i]
	}
	for {
		record, err = reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(lookup)
		}
		if missing != nil {
			return missing
		}
		if err != nil {
			line, _ := reader.FieldPos(0)
			return fmt.Errorf("read %s, line %d: %w", name, line, err)
		}
	}
}
