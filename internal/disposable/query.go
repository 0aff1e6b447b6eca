package disposable

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// Query runs one statement on the first connection: bind and row may be nil.
func (f *File) Query(sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	if err := f.usable(); err != nil {
		return err
	}
	return Query(f.conn, sql, bind, row)
}

// Change runs one transaction on the first connection: what do does is there as a whole, or not at all.
func (f *File) Change(do func() error) (err error) {
	if err := f.usable(); err != nil {
		return err
	}
	tx, err := f.conn.BeginImmediate()
	if err == nil {
		err = do()
		tx.End(&err)
	}
	return err
}

// Exec runs statements on the first connection.
func (f *File) Exec(sql string) error {
	if err := f.usable(); err != nil {
		return err
	}
	return f.conn.Exec(sql)
}

func (f *File) usable() error {
	switch {
	case f.over:
		return ErrClosed
	case f.conn == nil:
		return errLost
	}
	return nil
}

// Query runs one statement: bind and row may be nil. conn is nil where it has been closed.
func Query(conn *sqlite3.Conn, sql string, bind func(*sqlite3.Stmt) error, row func(*sqlite3.Stmt)) error {
	if conn == nil {
		return ErrClosed
	}
	stmt, _, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	if bind != nil {
		err = bind(stmt)
	}
	for err == nil && stmt.Step() {
		if row != nil {
			row(stmt)
		}
	}
	return errors.Join(err, stmt.Err(), stmt.Close())
}

// Damaged tells whether an error means that a file is broken, and must be made anew.
func Damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR) || errors.Is(err, errLost)
}
