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
	// Version 2 has checksums at pages, version 3 has sums at rows as well.
	schemaVersion = 3
	pageSize      = checksum.PageSize

	busyTimeout = 5 * time.Second
)

// object is a table, index or trigger of the log, as sqlite_schema keeps it: the comments are there for whoever types .schema.
type object struct{ kind, name, sql string }

// What format 3 has added.
const (
	sumsTable = "sums"
	sumColumn = `  sum         INTEGER               -- CRC-32C of the row (see rowSum in package eventstore/sqlite), NULL of one that table sums has
`
)

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
  metadata    TEXT,                 -- JSON: who, with what device, where, when by the device's clock; NULL for none
` + sumColumn + `) STRICT`},
	{"index", "events_stream", `CREATE UNIQUE INDEX events_stream ON events (stream, version)`},
	{"index", "events_command", `CREATE INDEX events_command ON events (command) WHERE command IS NOT NULL`},
	{"index", "events_id", `CREATE UNIQUE INDEX events_id ON events (id) WHERE command IS NULL`},
	{"trigger", "events_no_update", `CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'an event is never changed: append a correction'); END`},
	{"trigger", "events_no_delete", `CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'an event is never deleted: append a correction'); END`},
	{"table", sumsTable, `CREATE TABLE sums (
  -- Of the rows that a program of format 2 has written, which have no sum of their own: CRC-32C over the sums that they would have, some rows together.
  upto INTEGER PRIMARY KEY,  -- position of the last of them
  sum  INTEGER NOT NULL
) STRICT`},
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
		err = conn.Exec(checksum.Setup + setup)
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
	var conn *sqlite3.Conn
	for made := true; made; {
		var err error
		if conn, err = connect(ctx, path, disk.name, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE, ""); err != nil {
			return nil, err
		}
		if made, err = prepareLog(conn); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		if !made {
			break
		}
		if err := conn.Close(); err != nil { // see checksum.Setup
			return nil, err
		}
	}
	if local {
		if err := syncDir(filepath.Dir(path)); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// prepareLog makes sure that a file is such a log. made tells that it was empty.
func prepareLog(conn *sqlite3.Conn) (made bool, err error) {
	app, err := queryInt(conn, `PRAGMA application_id`)
	if errors.Is(err, sqlite3.NOTADB) {
		return false, fmt.Errorf("%w: it is not an SQLite database, or is damaged at its beginning: %w", ErrDamaged, err)
	}
	if err != nil {
		return false, err
	}
	tables, err := queryInt(conn, `SELECT count(*) FROM sqlite_schema`)
	if err != nil {
		return false, err
	}
	empty := app == 0 && tables == 0
	if !empty && app != applicationID {
		return false, fmt.Errorf("the file is an SQLite database of something else (application_id 0x%x, a log has 0x%x): name another file", app, applicationID)
	}
	if empty {
		if _, err := conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, checksum.Reserved); err != nil {
			return false, fmt.Errorf("keep room for checksums: %w", err)
		}
	}
	// With cache_spill off (checksum.Setup) nothing reaches the write-ahead log before a commit. Checkpoints are the writer's, as SQLite's own hide errors.
	if err := conn.Exec(fmt.Sprintf(`PRAGMA page_size=%d; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;
		PRAGMA cache_size=-16384`, pageSize)); err != nil {
		return false, err
	}
	if err := expectSetting(conn, `PRAGMA journal_mode`, "wal"); err != nil {
		return false, err
	}
	if err := expectSetting(conn, `PRAGMA synchronous`, "2"); err != nil {
		return false, err
	}
	if empty {
		if err := createSchema(conn); err != nil {
			return false, fmt.Errorf("create schema: %w", err)
		}
	}
	version, err := queryInt(conn, `PRAGMA user_version`)
	if err != nil {
		return false, err
	}
	if version == 1 {
		return false, errors.New("the log has format 1, which has no checksums: use the program that wrote it, or begin with a new directory")
	}
	if version == 2 {
		if err := upgrade(conn); err != nil {
			return false, err
		}
		version = schemaVersion
	}
	if version != schemaVersion {
		return false, fmt.Errorf("the log has format %d, this program knows %d: use the program that wrote it, or a newer one", version, schemaVersion)
	}
	if err := checkSchema(conn); err != nil {
		return false, err
	}
	if reserved, err := conn.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES); err != nil || reserved != checksum.Reserved {
		return false, errors.Join(fmt.Errorf("%w: page 1 does not fit, or another program has written the file anew without checksums (%v bytes are kept for them, not %d)",
			ErrDamaged, reserved, checksum.Reserved), err)
	}
	if err := checkpointNow(conn); err != nil {
		return false, fmt.Errorf("make the write-ahead log durable: %w", err)
	}
	if err := checksum.SetAnew(conn); err != nil {
		return false, fmt.Errorf("give pages that another program has written their checksums: %w", err)
	}
	return empty, nil
}

// outsidePatience is how long others who read are waited for. Our own readers take milliseconds.
const outsidePatience = 100 * time.Millisecond

// checkpointNow copies the write-ahead log to the file and empties it. After a kill it may hold commits that were never synced, which are durable when
// this is done, before anyone is told that they are there. While another program reads, what it has not read yet stays in the write-ahead log, which is as
// durable: who opens it to write (logFile) has written and synced all of it.
func checkpointNow(conn *sqlite3.Conn) error {
	if err := conn.BusyTimeout(outsidePatience); err != nil {
		return err
	}
	_, _, err := conn.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	if errors.Is(err, sqlite3.BUSY) {
		err = nil
	}
	return errors.Join(err, conn.BusyTimeout(busyTimeout))
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
func checkSchema(conn *sqlite3.Conn) error { return checkObjects(conn, objects) }

func checkObjects(conn *sqlite3.Conn, all []object) error {
	want := map[string]object{}
	for _, o := range all {
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
	for _, o := range all {
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
