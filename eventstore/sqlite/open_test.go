package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// edit runs SQL on the file as somebody with an SQLite tool would.
func edit(t *testing.T, path, sql string) {
	t.Helper()
	conn, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(sql); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

// newLog returns the path of a log with 30 events in 3 streams.
func newLog(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kota %41 ? #1.db") // a name that would be misread as a URI
	s := open(t, path, Options{})
	for v := range eventstore.Version(10) {
		for _, stream := range []string{"a", "b", "c"} {
			if _, err := s.Append(t.Context(), stream, v, newEvent(0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

const allowDelete = `DROP TRIGGER events_no_delete; `

var restoreDelete = `; ` + objects[5].sql

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  []string
	}{
		"not a database": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"not an SQLite database"}},
		"another application": {func(t *testing.T, path string) { edit(t, path, `PRAGMA application_id=42`) }, []string{"application_id 0x2a"}},
		"newer":               {func(t *testing.T, path string) { edit(t, path, `PRAGMA user_version=4`) }, []string{"format 4", "this program knows 3"}},
		"older":               {func(t *testing.T, path string) { edit(t, path, `PRAGMA user_version=1`) }, []string{"format 1", "no checksums"}},
		"foreign objects": {func(t *testing.T, path string) {
			edit(t, path, `CREATE TRIGGER spy AFTER INSERT ON events BEGIN SELECT 1; END; CREATE TABLE notes (x); DROP INDEX events_id`)
		}, []string{"trigger spy", "table notes", "events_id is missing"}},
		"first event missing": {func(t *testing.T, path string) {
			edit(t, path, allowDelete+`DELETE FROM events WHERE position = 1`+restoreDelete)
		}, []string{"stream a begins at version 2", "1 of the last 30 events are missing"}},
		"an event missing": {func(t *testing.T, path string) {
			edit(t, path, allowDelete+`DELETE FROM events WHERE position = 15`+restoreDelete)
		}, []string{"1 of the last 30 events are missing"}},
		"last event missing": {func(t *testing.T, path string) {
			edit(t, path, allowDelete+`DELETE FROM events WHERE position = 29`+restoreDelete)
		}, []string{"the streams have 29 events, but the last position is 30"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := newLog(t)
			c.spoil(t, path)
			s, err := Open(t.Context(), path, Options{})
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			for _, want := range append(c.want, path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "none", "events.db"), Options{}); err == nil {
		t.Error("opened in a directory that is not there")
	}
}

func TestFileForOtherTools(t *testing.T) {
	path := newLog(t)
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + suffix); err == nil {
			t.Errorf("%s is left after Close", suffix)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	conn, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var row []string
	err = query(conn, `SELECT position, stream, version, type, recorded_at, json_extract(data, '$.shipment'), json_extract(metadata, '$.mode'), length(id), length(command)
		FROM events WHERE position = 5`, func(s *sqlite3.Stmt) error {
		for i := range s.ColumnCount() {
			row = append(row, s.ColumnText(i))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339Nano, row[4]); err != nil {
		t.Error(err)
	}
	row[4] = "time"
	if got, want := strings.Join(row, " "), "5 b 2 shipment.dispatched time SHP-3578-0001 report 36 36"; got != want {
		t.Errorf("row %q, want %q", got, want)
	}
	for _, sql := range []string{`UPDATE events SET data = '{}' WHERE position = 5`, `DELETE FROM events`} {
		writer, err := sqlite3.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Exec(sql); err == nil {
			t.Errorf("%s is possible", sql)
		}
		writer.Close()
	}
}

func TestVerify(t *testing.T) {
	for name, c := range map[string]struct{ sql, want string }{
		"sound":     {``, ""},
		"data":      {`UPDATE events SET data = '{' WHERE position = 7`, "position 7: data is not JSON"},
		"id":        {`UPDATE events SET id = 'x' WHERE position = 7`, "position 7"},
		"time":      {`UPDATE events SET recorded_at = '2024-02-13' WHERE position = 7`, "position 7"},
		"version":   {`UPDATE events SET version = 77 WHERE position = 7`, "position 7: stream a goes on with version 77 after 2"},
		"stream":    {`UPDATE events SET stream = 'd' WHERE position = 7`, "position 7: stream d goes on with version 3 after 0"},
		"positions": {`DELETE FROM events WHERE position = 7`, "positions 7 to 7 are missing"},
		"command":   {`UPDATE events SET command = (SELECT command FROM events WHERE position = 6) WHERE position = 7`, "is in streams c and a"},
	} {
		t.Run(name, func(t *testing.T) {
			path := newLog(t)
			s := open(t, path, Options{})
			defer s.Close()
			if c.sql != "" { // while it is open, as Open finds some of it out by itself
				edit(t, path, `PRAGMA busy_timeout=5000; DROP TRIGGER events_no_delete; DROP TRIGGER events_no_update; `+c.sql)
			}
			err := s.Verify(t.Context())
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Verify = %v, want %q", err, c.want)
			}
		})
	}
}

// TestForeignWriter: when another program has appended, the engine stops instead of mixing with it.
func TestForeignWriter(t *testing.T) {
	path := newLog(t)
	s := open(t, path, Options{})
	defer s.Close()
	edit(t, path, `INSERT INTO events (position, stream, version, id, type, schema, recorded_at)
		VALUES (31, 'z', 1, '018d9f5e-5b7c-7c3e-9b1a-0123456789ab', 'x', 1, '2024-02-13T06:45:00.000000Z')`)
	_, err := s.Append(t.Context(), "a", 10, newEvent(0))
	wantFailed(t, err, "another program writes to the log")
	_, err = s.Append(t.Context(), "b", 10, newEvent(0))
	wantFailed(t, err, "another program writes to the log")
	if err := s.Stats().Failed; err == nil {
		t.Error("Stats does not tell")
	}
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Open(ctx, filepath.Join(t.TempDir(), "events.db"), Options{}); err == nil {
		s.Close()
		t.Error("opened")
	}
}
