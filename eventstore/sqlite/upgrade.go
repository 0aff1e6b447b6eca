package sqlite

import (
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// upgrade makes a log of format 2 one of this format, in one transaction: it is done or it is not. The rows stay as and where they are. The column for
// sums comes last, so that rows without it are read as rows in which it is NULL (https://sqlite.org/lang_altertable.html, of changes that do not change what is
// on the disk); what they hold is summed up in table sums, in a thousandth of their size. Every row is read on the way, through the checksums of its pages.
func upgrade(conn *sqlite3.Conn) error {
	if err := checkObjects(conn, objectsOf2()); err != nil {
		return err
	}
	err := conn.Exec(`BEGIN IMMEDIATE`)
	if err == nil {
		if err = inUpgrade(conn); err == nil {
			err = conn.Exec(`COMMIT`)
		}
		if err != nil && !conn.GetAutocommit() {
			_ = conn.Exec(`ROLLBACK`) // err says what went wrong
		}
	}
	if err != nil {
		return fmt.Errorf("make a log of format %d of one of format 2: %w", schemaVersion, err)
	}
	// What a connection remembers of the tables it reads again.
	return conn.Exec(`PRAGMA writable_schema=RESET`)
}

// objectsOf2 are the objects of format 2: those of this format without the sums.
func objectsOf2() []object {
	var old []object
	for _, o := range objects {
		switch o.name {
		case sumsTable:
			continue
		case "events":
			o.sql = strings.Replace(o.sql, sumColumn, "", 1)
			o.sql = strings.Replace(o.sql, "metadata    TEXT,  ", "metadata    TEXT   ", 1)
		}
		old = append(old, o)
	}
	return old
}

func inUpgrade(conn *sqlite3.Conn) error {
	cookie, err := queryInt(conn, `PRAGMA schema_version`)
	if err != nil {
		return err
	}
	for _, o := range objects {
		switch o.name {
		case sumsTable:
			err = conn.Exec(o.sql)
		case "events":
			err = conn.Exec(fmt.Sprintf(`PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='%s' WHERE type='table' AND name='events'; PRAGMA writable_schema=OFF`,
				strings.ReplaceAll(o.sql, "'", "''")))
		}
		if err != nil {
			return err
		}
	}
	if err := sumOldRows(conn); err != nil {
		return err
	}
	return conn.Exec(fmt.Sprintf(`PRAGMA schema_version=%d; PRAGMA user_version=%d`, cookie+2, schemaVersion))
}

// sumOldRows fills table sums.
func sumOldRows(conn *sqlite3.Conn) error {
	insert, _, err := conn.Prepare(`INSERT INTO sums (upto, sum) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	var last int64
	var together uint32
	put := func() error {
		if err := insert.BindInt64(1, last); err != nil {
			return err
		}
		if err := insert.BindInt64(2, int64(together)); err != nil {
			return err
		}
		together = 0
		return insert.Exec()
	}
	err = query(conn, `SELECT `+strings.TrimSuffix(sumColumns, ", sum")+` FROM events WHERE position > 0 ORDER BY position`, func(s *sqlite3.Stmt) error {
		sum := sumOfRow(s)
		if err := s.Err(); err != nil {
			return err
		}
		if position := s.ColumnInt64(0); position != last+1 {
			return fmt.Errorf("%w: position %d comes after %d", ErrDamaged, position, last)
		}
		last++
		if together = onwards(together, sum); last%oldRows == 0 {
			return put()
		}
		return nil
	})
	if err == nil && last%oldRows != 0 {
		err = put()
	}
	return err
}
