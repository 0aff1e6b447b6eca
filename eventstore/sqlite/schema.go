package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore/checksum"
)

const (
	// applicationID marks the file ("JEJK"); `file` and sqlite3 show it.
	applicationID = 0x4A454A4B
	// schemaVersion is the user_version. A version that this program does not know is refused.
	// Version 2 has checksums.
	schemaVersion = 2
	pageSize      = checksum.PageSize

	busyTimeout = 5 * time.Second
)

// object is a table, index or trigger of the log, as sqlite_schema keeps it: the comments are there for whoever types .schema.
type object struct{ kind, name, sql string }

var objects = []object{
	{"table", "events", `CREATE TABLE events (
  -- The log: one row an event, in the order in which they became durable. Rows are only ever added.
  position    INTEGER PRIMARY KEY,  -- place in the log: 1, 2, 3, ... without gaps
  stream      TEXT    NOT NULL,     -- what the event is about, e.g. ledger-pemilu2024.3578
  version     INTEGER NOT NULL,     -- place in the stream: 1, 2, 3, ... without gaps
  id          TEXT    NOT NULL,     -- UUID of the event; of an event of a command: UUIDv5 from the command's
  command     TEXT,                 -- UUID of the command that the event is part of, NULL for none
  type        TEXT    NOT NULL,     -- e.g. shipment.dispatched
  schema      INTEGER NOT NULL,     -- version of the form of data
  recorded_at TEXT    NOT NULL,     -- the server's clock, RFC 3339 in UTC to the microsecond: 2024-02-13T06:45:00.000000Z
  data        TEXT,                 -- JSON, NULL for none
  metadata    TEXT                  -- JSON: who, with what device, where, when by the device's clock; NULL for none
) STRICT`},
	{"index", "events_stream", `CREATE UNIQUE INDEX events_stream ON events (stream, version)`},
	{"index", "events_command", `CREATE INDEX events_command ON events (command) WHERE command IS NOT NULL`},
	{"index", "events_id", `CREATE UNIQUE INDEX events_id ON events (id) WHERE command IS NULL`},
	{"trigger", "events_no_update", `CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'an event is never changed: append a correction'); END`},
	{"trigger", "events_no_delete", `CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'an event is never deleted: append a correction'); END`},
}

// connect opens a connection and sets it up with the statements of setup.
func connect(ctx context.Context, path, vfs string, flags sqlite3.OpenFlag, setup string) (*sqlite3.Conn, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	uri := "file:" + (&url.URL{Path: filepath.ToSlash(full)}).EscapedPath()
	if vfs != "" {
		uri += "?vfs=" + url.QueryEscape(vfs)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conn, err := sqlite3.OpenFlags(uri, flags|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	err = conn.BusyTimeout(busyTimeout)
	if err == nil {
		err = conn.Exec(setup)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// openLog opens the writer's connection, creates the schema in an empty file, and refuses a file that is something else.
// local tells that the file is one of the operating system's.
func openLog(ctx context.Context, path string, disk *disk, local bool) (*sqlite3.Conn, error) {
	if local {
		// Created here for its mode: events are not for every user of the machine.
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	conn, err := connect(ctx, path, disk.name, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE, "")
	if err != nil {
		return nil, err
	}
	if err := prepareLog(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if local {
		if err := syncDir(filepath.Dir(path)); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

func prepareLog(conn *sqlite3.Conn) error {
	app, err := queryInt(conn, `PRAGMA application_id`)
	if errors.Is(err, sqlite3.NOTADB) {
		return fmt.Errorf("%w: it is not an SQLite database, or is damaged at its beginning: %w", ErrDamaged, err)
	}
	if err != nil {
		return err
	}
	tables, err := queryInt(conn, `SELECT count(*) FROM sqlite_schema`)
	if err != nil {
		return err
	}
	empty := app == 0 && tables == 0
	if !empty && app != applicationID {
		return fmt.Errorf("the file is an SQLite database of something else (application_id 0x%x, a log has 0x%x): name another file", app, applicationID)
	}
	if empty {
		if _, err := conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, checksum.Reserved); err != nil {
			return fmt.Errorf("keep room for checksums: %w", err)
		}
	}
	// cache_spill is off so that nothing reaches the write-ahead log before a commit. Checkpoints are the writer's, as SQLite's own hide errors.
	if err := conn.Exec(fmt.Sprintf(`PRAGMA page_size=%d; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;
		PRAGMA cache_size=-16384; PRAGMA cache_spill=OFF`, pageSize)); err != nil {
		return err
	}
	if err := expectSetting(conn, `PRAGMA journal_mode`, "wal"); err != nil {
		return err
	}
	if err := expectSetting(conn, `PRAGMA synchronous`, "2"); err != nil {
		return err
	}
	if empty {
		if err := createSchema(conn); err != nil {
			return fmt.Errorf("create schema: %w", err)
		}
	}
	version, err := queryInt(conn, `PRAGMA user_version`)
	if err != nil {
		return err
	}
	if version == 1 {
		return errors.New("the log has format 1, which has no checksums: use the program that wrote it, or begin with a new directory")
	}
	if version != schemaVersion {
		return fmt.Errorf("the log has format %d, this program knows %d: use the program that wrote it, or a newer one", version, schemaVersion)
	}
	if err := checkSchema(conn); err != nil {
		return err
	}
	if reserved, err := conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES); err != nil || reserved != checksum.Reserved {
		return errors.Join(fmt.Errorf("%w: page 1 does not fit, or another program has written the file anew without checksums (%v bytes are kept for them, not %d)",
			ErrDamaged, reserved, checksum.Reserved), err)
	}
	// After a kill the write-ahead log may hold commits that were never synced. They are made durable before anyone is told that they are there.
	if _, _, err := conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		return fmt.Errorf("make the write-ahead log durable (does another program have the file open?): %w", err)
	}
	return nil
}

func createSchema(conn *sqlite3.Conn) error {
	sql := "BEGIN IMMEDIATE;\n"
	for _, o := range objects {
		sql += o.sql + ";\n"
	}
	sql += fmt.Sprintf("PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT", applicationID, schemaVersion)
	return conn.Exec(sql)
}

// checkSchema refuses a log whose tables, indexes or triggers are not exactly those of this version: a foreign trigger could change what is written.
func checkSchema(conn *sqlite3.Conn) error {
	want := map[string]object{}
	for _, o := range objects {
		want[o.name] = o
	}
	var wrong []error
	err := query(conn, `SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'`, func(s *sqlite3.Stmt) error {
		kind, name := s.ColumnText(0), s.ColumnText(1)
		o, known := want[name]
		delete(want, name)
		if !known {
			wrong = append(wrong, fmt.Errorf("the log has a %s %s that does not belong to it: dropping it mends this", kind, name))
		} else if o.kind != kind || o.sql != s.ColumnText(2) {
			wrong = append(wrong, fmt.Errorf("%s %s is not as this program makes it", kind, name))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range objects {
		if _, missing := want[o.name]; missing {
			wrong = append(wrong, fmt.Errorf("%s %s is missing", o.kind, o.name))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w: %w", ErrDamaged, errors.Join(wrong...))
	}
	return nil
}

func expectSetting(conn *sqlite3.Conn, pragma, want string) error {
	var got string
	err := query(conn, pragma, func(s *sqlite3.Stmt) error { got = s.ColumnText(0); return nil })
	if err == nil && got != want {
		err = fmt.Errorf("%s is %q, not %q: the file system does not carry it; use a local disk", pragma, got, want)
	}
	return err
}

// syncDir makes the name of a new file durable. Windows has no such call; NTFS does it by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// query runs a statement once and calls row for each row.
func query(conn *sqlite3.Conn, sql string, row func(*sqlite3.Stmt) error) error {
	stmt, _, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	for stmt.Step() {
		if err := row(stmt); err != nil {
			return errors.Join(err, stmt.Close())
		}
	}
	return errors.Join(stmt.Err(), stmt.Close())
}

func queryInt(conn *sqlite3.Conn, sql string) (n int64, err error) {
	err = query(conn, sql, func(s *sqlite3.Stmt) error { n = s.ColumnInt64(0); return nil })
	return n, err
}
