package export

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/refold"
)

// Form is how tables are written. The zero value is for programs.
type Form struct {
	// Human has times as "2024-02-13 06:45:00 WIB" and truths as "ya" and "tidak", both as text.
	Human bool
	// Comma stands between the columns of CSV; 0 for a comma. Excel in Indonesian opens a file by double click only with a semicolon.
	Comma rune
}

// CSV fills an empty folder with the tables, one file each.
func (l Log) CSV(ctx context.Context, dir string, c Choice, f Form) (Summary, error) {
	return l.tables(ctx, &csvFolder{dir: dir, comma: cmp.Or(f.Comma, ',')}, c, f)
}

// XLSX writes the tables as a workbook. temp is a folder for what grows meanwhile, about as large as the workbook; "" for the system's.
func (l Log) XLSX(ctx context.Context, w io.Writer, temp string, c Choice, f Form) (s Summary, err error) {
	dir, err := os.MkdirTemp(temp, ".jejak-xlsx-*")
	if err != nil {
		return s, fmt.Errorf("make room for the sheets: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil && gone != nil {
			err = fmt.Errorf("clear away the sheets: %w", gone)
		}
	}()
	return l.tables(ctx, &workbook{w: w, temp: dir}, c, f)
}

// tables folds the ledgers once and fills all tables.
func (l Log) tables(ctx context.Context, to sink, c Choice, f Form) (Summary, error) {
	counted := &counting{sink: to, human: f.Human}
	if err := counted.begin(tables); err != nil {
		return Summary{}, fmt.Errorf("begin the tables: %w", err)
	}
	s, err := l.fold(ctx, c, func(step refold.Step, chosen bool) error {
		if !chosen {
			return nil
		}
		return event(counted, step)
	}, func(state *ledger.State, at eventstore.Position) error {
		return (&rows{sink: counted, state: state, ref: state.Reference(), at: at}).all()
	})
	if end := counted.end(); err == nil && end != nil {
		err = fmt.Errorf("end the tables: %w", end)
	}
	s.Written = counted.n
	return s, err
}

// counting counts rows, and has their cells in the form that was asked for, the offset of their times behind them.
type counting struct {
	sink
	human bool
	n     uint64
}

func (c *counting) row(t *table, cells []cell) error {
	c.n++
	if t.timed() {
		cells = append(cells, text(offset))
	}
	if c.human {
		for i := range cells {
			cells[i] = cells[i].human()
		}
	}
	return c.sink.row(t, cells)
}
