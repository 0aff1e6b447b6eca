package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore/checksum"
)

// databaseURI names an SQLite file. One whose pages have checksums is opened through them.
func databaseURI(path, vfs string) string {
	uri := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	if vfs != "" {
		uri += "?vfs=" + url.QueryEscape(vfs)
	}
	return uri
}

// withDatabase opens an SQLite file that is there, on a SQLite VFS ("" is the operating system's), and looks at it. look is told the VFS for a copy of it.
func withDatabase(disk, path string, look func(conn *sqlite3.Conn, vfs string) error) (err error) {
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	sums, err := hasSums(path)
	if err != nil {
		return err
	}
	vfs := disk
	if sums {
		checked, err := checksum.Register(disk)
		if err != nil {
			return err
		}
		defer checked.Unregister()
		checked.JudgeBy(func(*sqlite3.Conn) error { return nil }) // whose file it is judges what is in it
		defer func() { err = checked.Named(err) }()
		vfs = checked.Name()
	}
	conn, err := sqlite3.OpenFlags(databaseURI(path, vfs), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.Exec(checksum.Setup + `PRAGMA busy_timeout = 10000; PRAGMA query_only = ON`); err != nil {
		return err
	}
	return look(conn, vfs)
}

// hasSums tells whether the pages of an SQLite file have checksums (docs/decisions/009-flipped-bits.md).
func hasSums(path string) (bool, error) {
	const reservedAt = 20 // in the header of an SQLite file
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	header := make([]byte, reservedAt+1)
	if _, err := io.ReadFull(f, header); err != nil {
		return false, fmt.Errorf("%s is no SQLite file: %w", path, err)
	}
	return header[reservedAt] == checksum.Reserved, nil
}

// copyDatabase copies an SQLite file, which others may write to, as it is at one moment. It is for small ones: who writes waits for no one, but a
// write-ahead log cannot begin anew meanwhile.
func copyDatabase(ctx context.Context, disk, from, to string) error {
	err := withDatabase(disk, from, func(conn *sqlite3.Conn, vfs string) error {
		conn.SetInterrupt(ctx)
		b, err := conn.BackupInit("main", databaseURI(to, vfs))
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Close())
	})
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

// checkDatabase reads the whole of an SQLite file.
func checkDatabase(ctx context.Context, path string) error {
	return withDatabase("", path, func(conn *sqlite3.Conn, _ string) error {
		conn.SetInterrupt(ctx)
		lines, err := column(conn, `PRAGMA integrity_check(10)`)
		if err == nil && (len(lines) != 1 || lines[0] != "ok") {
			err = fmt.Errorf("%s is damaged: %v", filepath.Base(path), lines)
		}
		return err
	})
}

// column is the first column of what a query finds.
func column(conn *sqlite3.Conn, query string) (texts []string, err error) {
	stmt, _, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	for stmt.Step() {
		texts = append(texts, stmt.ColumnText(0))
	}
	return texts, stmt.Err()
}
