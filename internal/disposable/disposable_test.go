package disposable_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore/checksum"
	"jejak/eventstore/faultvfs"
	"jejak/internal/disposable"
)

var kind = disposable.Kind{Name: "test file", Version: 3, Schema: "CREATE TABLE word (word TEXT PRIMARY KEY) STRICT;"}

func open(t *testing.T, kind disposable.Kind, disk, path string) *disposable.File {
	t.Helper()
	f, err := disposable.Open(kind, disk, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func add(f *disposable.File, word string) error {
	return f.Query("INSERT INTO word (word) VALUES (?)", func(s *sqlite3.Stmt) error { return s.BindText(1, word) }, nil)
}

func words(t *testing.T, f *disposable.File) string {
	t.Helper()
	var all []string
	if err := f.Query("SELECT word FROM word ORDER BY word", nil, func(s *sqlite3.Stmt) { all = append(all, s.ColumnText(0)) }); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?b%.db")
	f := open(t, kind, "", path)
	must(t, add(f, "satu"))
	must(t, f.Change(func() error { return errors.Join(add(f, "dua"), add(f, "tiga")) }))
	if err := f.Change(func() error { return errors.Join(add(f, "empat"), add(f, "satu")) }); !errors.Is(err, sqlite3.CONSTRAINT) {
		t.Errorf("a transaction that fails: %v", err)
	}
	must(t, f.Close())
	if err := errors.Join(add(f, "lima"), f.Renew()); !errors.Is(err, disposable.ErrClosed) {
		t.Errorf("a closed file: %v", err)
	}
	f = open(t, kind, "", path)
	if got := words(t, f); got != "dua satu tiga" {
		t.Errorf("kept is %q", got)
	}
	other, err := f.Connect()
	must(t, err)
	seen := 0
	must(t, disposable.Query(other, "SELECT count(*) FROM word", nil, func(s *sqlite3.Stmt) { seen = s.ColumnInt(0) }))
	if must(t, other.Close()); seen != 3 {
		t.Errorf("another connection sees %d words", seen)
	}
	info, err := os.Stat(path)
	if must(t, err); info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v", info.Mode())
	}
}

// TestWhatIsMadeAnew: whatever lies at the path, Open gives a file that works, empty unless it was a good one; OpenAsIs refuses it and leaves it alone.
func TestWhatIsMadeAnew(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.db")
	f := open(t, kind, "", good)
	must(t, add(f, "satu"))
	must(t, f.Close())
	whole, err := os.ReadFile(good)
	must(t, err)
	older := kind
	older.Version--
	old := filepath.Join(t.TempDir(), "old.db")
	must(t, open(t, older, "", old).Close())
	oldVersion, err := os.ReadFile(old)
	must(t, err)
	plain := filepath.Join(t.TempDir(), "plain.db")
	conn, err := sqlite3.Open(plain)
	must(t, err)
	must(t, errors.Join(conn.Exec(kind.Schema+"PRAGMA user_version = 3; INSERT INTO word VALUES ('satu')"), conn.Close()))
	unchecked, err := os.ReadFile(plain)
	must(t, err)
	flipped := bytes.Clone(whole)
	flipped[40] ^= 1 // schema cookie, on the page that every opening reads
	for name, content := range map[string][]byte{
		"text": []byte(strings.Repeat("no database ", 800)), "torn": whole[:checksum.PageSize/2], "older": oldVersion, "without checksums": unchecked, "flipped": flipped,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			must(t, os.WriteFile(path, content, 0o600))
			if f, err := disposable.OpenAsIs(kind, path); err == nil {
				t.Errorf("opened as it is, with %q", words(t, f))
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, content) {
				t.Errorf("looking at it has changed it (%v)", err)
			}
			f := open(t, kind, "", path)
			if got := words(t, f); got != "" {
				t.Errorf("made anew it has %q", got)
			}
			must(t, add(f, "dua"))
		})
	}
	if _, err := disposable.OpenAsIs(kind, filepath.Join(t.TempDir(), "none.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	stuck := filepath.Join(t.TempDir(), "stuck.db")
	must(t, os.MkdirAll(filepath.Join(stuck, "full"), 0o700))
	if _, err := disposable.Open(kind, "", stuck); err == nil {
		t.Error("a directory was opened")
	}
}

// TestRenewedLater: a file that cannot be renewed now can be when the cause is gone, and until then says that it is to be renewed.
func TestRenewedLater(t *testing.T) {
	disk, err := faultvfs.New()
	must(t, err)
	t.Cleanup(func() { must(t, disk.Close()) })
	f := open(t, kind, disk.Name(), "/x.db")
	t.Cleanup(func() { _ = f.Close() })
	must(t, add(f, "satu"))
	for name, fault := range map[string]func(bool){
		"read-only": disk.SetReadOnly,
		"full": func(on bool) {
			disk.SetPlan(nil)
			if on {
				disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
					if op.Kind == faultvfs.Write {
						return faultvfs.Fault{Err: syscall.ENOSPC}
					}
					return faultvfs.Fault{}
				})
			}
		},
	} {
		fault(true)
		if err := f.Renew(); err == nil {
			t.Fatalf("%s: renewed", name)
		}
		if err := add(f, "dua"); !disposable.Damaged(err) {
			t.Errorf("%s: a file that could not be renewed: %v", name, err)
		}
		fault(false)
		must(t, f.Renew())
		must(t, add(f, "dua"))
		if got := words(t, f); got != "dua" {
			t.Errorf("%s: renewed it has %q", name, got)
		}
	}
}
