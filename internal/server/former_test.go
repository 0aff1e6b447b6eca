package server_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore/checksum"
	"jejak/eventstore/sqlite"
	"jejak/internal/outside"
	"jejak/internal/server"
)

// formerRecords is how many records the directory of formerKilled has, all of which its notary has signed.
const formerRecords = 1496

// formerKilled unpacks a data directory that a program with a log of format 2 has written, and left when it was killed.
func formerKilled(t *testing.T) (dir string) {
	t.Helper()
	to := t.TempDir()
	archive, err := os.Open(filepath.Join("..", "..", "cmd", "jejak", "testdata", "former", "8206380-killed.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	plain, err := gzip.NewReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(plain); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(to, "data")
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(to, filepath.FromSlash(entry.Name))
		if entry.Typeflag == tar.TypeDir {
			err = os.MkdirAll(name, 0o700)
		} else if content, e := io.ReadAll(r); e != nil {
			err = e
		} else {
			err = os.WriteFile(name, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// byAnother runs statements in the log of a directory, whose triggers do not hold for them, and leaves on every page in
// the place of the checksum what another program leaves there.
func byAnother(t *testing.T, dir, sql string) {
	t.Helper()
	path := filepath.Join(dir, server.EventsFile)
	conn, err := sqlite3.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	triggers := ""
	rows, _, err := conn.Prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Step() {
		sql, triggers = `DROP TRIGGER `+rows.ColumnText(0)+`; `+sql, triggers+`; `+rows.ColumnText(1)
	}
	sql += triggers + `; PRAGMA wal_checkpoint(TRUNCATE)`
	if err := errors.Join(rows.Close(), conn.Exec(sql), conn.Close()); err != nil {
		t.Fatal(sql, err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for end := checksum.PageSize; end <= len(content); end += checksum.PageSize {
		copy(content[end-checksum.Reserved:end], fmt.Sprintf("%08x", end*0x9e3779b1>>3))
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// said are the lines of a log.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, string(line))
	return len(line), nil
}

// with gives the lines that have a text.
func (s *said) with(text string) (some []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		if strings.Contains(line, text) {
			some = append(some, line)
		}
	}
	return some
}

// TestFormerLogOfOthers: a log of the format before in which another program has written pages is taken where its
// notary vouches for it. It is said once, with how many records nobody has signed.
func TestFormerLogOfOthers(t *testing.T) {
	shell := func(t *testing.T, dir string, statements ...string) {
		t.Helper()
		args := append([]string{server.EventsFile}, statements...)
		cmd := exec.CommandContext(t.Context(), outside.Program(t, "sqlite3"), args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("sqlite3: %v: %s", err, out)
		}
	}
	instead := func(t *testing.T, dir string) {
		t.Helper()
		for _, end := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(filepath.Join(dir, server.EventsFile+end)); err != nil && end == "" {
				t.Fatal(err)
			}
		}
		if err := os.Rename(filepath.Join(dir, "copy.db"), filepath.Join(dir, server.EventsFile)); err != nil {
			t.Fatal(err)
		}
	}
	one := fmt.Sprintf(`INSERT INTO events SELECT %d, stream, version + 1, '01a22d6b-0000-7000-8000-000000000001', command,
			type, schema, '2026-11-30T17:06:08.000000Z', data, metadata
		FROM events WHERE stream LIKE 'attempts-%%' ORDER BY stream, version DESC LIMIT 1`, formerRecords+1)
	for name, c := range map[string]struct {
		do       func(t *testing.T, dir string)
		unsigned int
	}{
		"look":           {func(t *testing.T, dir string) { shell(t, dir, `SELECT count(*) FROM events`) }, 0},
		"copy":           {func(t *testing.T, dir string) { shell(t, dir, `.backup copy.db`); instead(t, dir) }, 0},
		"copy by vacuum": {func(t *testing.T, dir string) { shell(t, dir, `VACUUM INTO 'copy.db'`); instead(t, dir) }, 0},
		"every page":     {func(t *testing.T, dir string) { byAnother(t, dir, ``) }, 0},
		"not all signed": {func(t *testing.T, dir string) { byAnother(t, dir, one) }, 1},
		"no tiles": {func(t *testing.T, dir string) {
			byAnother(t, dir, ``)
			if err := os.RemoveAll(filepath.Join(server.NotaryDir(dir), "tile")); err != nil {
				t.Fatal(err)
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := formerKilled(t)
			c.do(t, dir)
			log := &said{}
			r := start(t, server.Config{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil))})
			r.until("/v1/elections/pemilu2024/regencies/3572", func(body string) bool {
				return strings.Contains(body, `"labelled":2185`)
			})
			r.stop()
			want := fmt.Sprintf("records=%d signed=%d signed_at=2026-11-30T17:06:06Z not_signed=%d",
				formerRecords+c.unsigned, formerRecords, c.unsigned)
			told := log.with("another program has written pages")
			if len(told) != 1 || !strings.Contains(told[0], "level=WARN") || !strings.Contains(told[0], want) {
				t.Errorf("the log says %q, want one line with %q", told, want)
			}
			report, err := server.VerifyLog(t.Context(), dir, "", server.VerifyConfig{})
			if err != nil || !report.OK() || report.Events < uint64(formerRecords+c.unsigned) {
				t.Errorf("afterwards: %+v, %v", report, err)
			}
			start(t, server.Config{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil))}).stop()
			if told := log.with("another program has written pages"); len(told) != 1 {
				t.Errorf("said again: %q", told)
			}
		})
	}
}

// TestFormerLogNotVouchedFor: what is not as the notary has signed it is refused by its place, however well it is
// formed, and so is a log without a notary.
func TestFormerLogNotVouchedFor(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		do   func(dir string) error
		want string
	}{
		"payload":       {sql: `UPDATE events SET data = replace(data, 'ORD-3572-A2', 'ORD-3579-B7') WHERE position = 1446`, want: "position 1446"},
		"time":          {sql: `UPDATE events SET recorded_at = '2026-11-30T17:05:53.000001Z' WHERE position = 700`, want: "position 700"},
		"command":       {sql: `UPDATE events SET command = '01a22d6b-0000-7000-8000-000000000001' WHERE position = 1490`, want: "position 1490"},
		"removed":       {sql: fmt.Sprintf(`DELETE FROM events WHERE position = %d`, formerRecords), want: "the last 1 records are removed"},
		"no notary":     {do: func(dir string) error { return os.RemoveAll(server.NotaryDir(dir)) }, want: "holds nothing that was signed"},
		"no checkpoint": {do: forgetCheckpoints, want: "there is no checkpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := formerKilled(t)
			byAnother(t, dir, c.sql)
			if c.do != nil {
				if err := c.do(dir); err != nil {
					t.Fatal(err)
				}
			}
			before, err := os.ReadFile(filepath.Join(dir, server.EventsFile))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				log, err := server.OpenLog(t.Context(), dir, "")
				if err == nil {
					err = errors.Join(errors.New("it was opened"), log.Close())
				}
				if !errors.Is(err, sqlite.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("OpenLog = %v, want %q", err, c.want)
				}
			}
			after, err := os.ReadFile(filepath.Join(dir, server.EventsFile))
			if err != nil || string(after) != string(before) {
				t.Errorf("the log was changed, %v", err)
			}
		})
	}
}

// forgetCheckpoints empties what a notary keeps of what it has signed.
func forgetCheckpoints(dir string) error {
	conn, err := sqlite3.Open("file:" + filepath.Join(server.NotaryDir(dir), "notary.db"))
	if err != nil {
		return err
	}
	return errors.Join(conn.Exec(`DROP TRIGGER IF EXISTS checkpoint_no_delete; DELETE FROM checkpoint`), conn.Close())
}
