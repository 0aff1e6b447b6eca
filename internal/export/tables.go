package export

import (
	"context"
	"fmt"
	"io"
	"os"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/refold"
)

// CSV fills an empty folder with the tables, one file each.
func (l Log) CSV(ctx context.Context, dir string, c Choice) (Summary, error) {
	return l.tables(ctx, &csvFolder{dir: dir}, c)
}

// XLSX writes the tables as a workbook. temp is a folder for what grows meanwhile, about as large as the workbook; "" for the system's.
func (l Log) XLSX(ctx context.Context, w io.Writer, temp string, c Choice) (s Summary, err error) {
	dir, err := os.MkdirTemp(temp, ".jejak-xlsx-*")
	if err != nil {
		return s, fmt.Errorf("make room for the sheets: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil && gone != nil {
			err = fmt.Errorf("clear away the sheets: %w", gone)
		}
	}()
	return l.tables(ctx, &workbook{w: w, temp: dir}, c)
}

// tables folds the ledgers once and fills all tables.
func (l Log) tables(ctx context.Context, to sink, c Choice) (Summary, error) {
	counted := &counting{sink: to}
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

// counting counts rows.
type counting struct {
	sink
	n uint64
}

func (c *counting) row(t *table, cells []cell) error {
	c.n++
	return c.sink.row(t, cells)
}
