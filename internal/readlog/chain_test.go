package readlog

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// filled is an access.db with so many reads, and the end of its chain after each.
func filled(t *testing.T, path string, reads int) (heads []Head) {
	t.Helper()
	l, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range reads {
		admit(t, l, Read{At: time.Now(), User: fmt.Sprint("usr-", i), Role: "auditor", Scope: "35", Method: "GET", Route: "GET /v1/events", Path: "/v1/events"}).Done(200, int64(i), 9)
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		heads = append(heads, l.Head())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return heads
}

func sqlOn(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, path string, signed []Head, want string) {
	t.Helper()
	problems, _, err := Check(t.Context(), path, signed)
	if got := strings.Join(problems, "\n"); err != nil || want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("found %q, %v; want %q", got, err, want)
	}
}

// TestChain: a read that was changed, removed or inserted after the end of the chain was signed is found.
func TestChain(t *testing.T) {
	free := []string{`DROP TRIGGER reads_no_update`, `DROP TRIGGER reads_no_delete`}
	for name, c := range map[string]struct {
		tamper []string
		want   string
	}{
		"nothing":             {nil, ""},
		"a user":              {[]string{`UPDATE reads SET user = 'usr-7' WHERE seq = 3`}, "read 3 (GET /v1/events by usr-7"},
		"a time":              {[]string{`UPDATE reads SET at = '2024-01-01T00:00:00.000000Z' WHERE seq = 3`}, "read 3 "},
		"one removed":         {[]string{`DELETE FROM reads WHERE seq = 3`}, "read 4 "},
		"the last removed":    {[]string{`DELETE FROM reads WHERE seq > 4`}, "there are 4 reads, the notary has signed 5: the last 1 were removed"},
		"all removed":         {[]string{`DELETE FROM reads`}, "there are 0 reads, the notary has signed 5"},
		"one inserted":        {[]string{`INSERT INTO reads SELECT 0, request, part, at, user, role, scope, method, route, path, query, unit, status, bytes, position, chain FROM reads WHERE seq = 1`}, "read 0 "},
		"an empty file of it": {[]string{`DROP TABLE reads`}, "cannot be read"},
	} {
		path := filepath.Join(t.TempDir(), "access.db")
		heads := filled(t, path, 5)
		sqlOn(t, path, append(free, c.tamper...)...)
		t.Run(name, func(t *testing.T) { wants(t, path, []Head{heads[1], heads[4]}, c.want) })
	}
	// Who makes all hashes fit is told by the one that was signed; what was written after it is free.
	path := filepath.Join(t.TempDir(), "access.db")
	heads := filled(t, path, 3)
	again := filepath.Join(t.TempDir(), "access.db")
	filled(t, again, 3)
	sqlOn(t, again, `UPDATE file SET id = '`+heads[0].File+`'`)
	wants(t, again, heads[1:2], "the first 2 reads are not those that the notary has signed")
	if problems, other, err := Check(t.Context(), path, []Head{{File: "another", Rows: 7, Sum: "x"}}); len(problems) > 0 || !other || err != nil {
		t.Errorf("the end of another file: %q %v %v", problems, other, err)
	}
	if more := filled(t, path, 2); more[1].Rows != 5 {
		t.Errorf("the chain goes on with %+v", more)
	}
	wants(t, path, heads, "")
}

// TestChainOfAFileOfBefore: its rows are taken into the chain as they are.
func TestChainOfAFileOfBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.db")
	filled(t, path, 3)
	sqlOn(t, path, `DROP TABLE file`, `DROP TRIGGER reads_no_update`, `ALTER TABLE reads DROP COLUMN chain`,
		`CREATE TRIGGER reads_no_update BEFORE UPDATE ON reads BEGIN SELECT raise(ABORT, 'a read is never changed'); END`)
	wants(t, path, nil, "") // as it is
	heads := filled(t, path, 1)
	if heads[0].Rows != 4 {
		t.Errorf("%+v", heads)
	}
	wants(t, path, heads, "")
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE reads SET user = 'x'`); err == nil {
		t.Error("a read was changed: the trigger is gone")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
