package sqlite

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
	"jejak/internal/outside"
)

// other is another program that opens the log the ordinary way, and knows nothing of checksums.
type other interface {
	// run runs statements, which may be refused because the log is in use.
	run(t *testing.T, path, sql string)
	// copy makes a copy by SQLite's backup interface.
	copy(t *testing.T, path, to string)
	// hold begins a transaction that reads, and keeps it until release.
	hold(t *testing.T, path string) (release func())
}

// shell is SQLite's own program.
type shell string

func (s shell) run(t *testing.T, path, sql string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), string(s), path, ".timeout 5000", sql).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "database is locked") {
		t.Fatalf("%s: %v: %s", sql, err, out)
	}
}

func (s shell) copy(t *testing.T, path, to string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), string(s), path, ".timeout 5000", ".backup '"+to+"'").CombinedOutput(); err != nil {
		t.Fatalf("backup: %v: %s", err, out)
	}
}

func (s shell) hold(t *testing.T, path string) func() {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), string(s), path)
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(in, ".timeout 5000\nBEGIN;\nSELECT 'rows', count(*) FROM events;\n")
	line, err2 := bufio.NewReader(out).ReadString('\n')
	if err := errors.Join(err, err2); err != nil || !strings.HasPrefix(line, "rows") {
		t.Fatalf("the reader says %q, %v", line, err)
	}
	return func() {
		t.Helper()
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
	}
}

// within is another SQLite in this process, over files where nobody sets checksums.
type within struct{}

func (within) open(t *testing.T, path string) *sqlite3.Conn {
	t.Helper()
	registerUnsummed()
	conn, err := sqlite3.Open("file:" + path + "?vfs=unsummed")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.BusyTimeout(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	return conn
}

func (w within) run(t *testing.T, path, sql string) {
	t.Helper()
	conn := w.open(t, path)
	if err := errors.Join(conn.Exec(sql), conn.Close()); err != nil && !errors.Is(err, sqlite3.BUSY) {
		t.Fatal(sql, err)
	}
}

func (w within) copy(t *testing.T, path, to string) {
	t.Helper()
	conn := w.open(t, path)
	if err := errors.Join(conn.Backup("main", "file:"+to+"?vfs=unsummed"), conn.Close()); err != nil {
		t.Fatal(err)
	}
}

func (w within) hold(t *testing.T, path string) func() {
	t.Helper()
	conn := w.open(t, path)
	if err := conn.Exec(`BEGIN; SELECT count(*) FROM events`); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

var registerUnsummed = sync.OnceFunc(func() { vfs.Register("unsummed", unsummed{vfs.Find("")}) })

// unsummed is the operating system's VFS under the library, which sets and checks checksums by itself: what it sets is not written, and what it
// checks fits. (A real program leaves in a page that it changes the checksum that it has read, of before.)
type unsummed struct{ vfs.VFS }

func (u unsummed) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return u.wrap(vfsutil.WrapOpen(u.VFS, name, flags))
}

func (u unsummed) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return u.wrap(vfsutil.WrapOpenFilename(u.VFS, name, flags))
}

func (unsummed) wrap(file vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	if err == nil && flags&vfs.OPEN_MAIN_DB != 0 {
		file = unsummedFile{file}
	}
	return file, flags, err
}

type unsummedFile struct{ vfs.File }

func (f unsummedFile) Unwrap() vfs.File { return f.File }

func (f unsummedFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

func (f unsummedFile) WriteAt(p []byte, off int64) (int, error) {
	if len(p) != pageSize {
		return f.File.WriteAt(p, off)
	}
	page := append([]byte(nil), p...)
	clear(page[pageSize-checksum.Reserved:])
	return f.File.WriteAt(page, off)
}

func (f unsummedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if n == pageSize {
		checksum.Fit(p)
	}
	return n, err
}

// others are the programs that tests run against the log.
func others(t *testing.T, test func(t *testing.T, o other)) {
	t.Run("in this process", func(t *testing.T) { test(t, within{}) })
	t.Run("sqlite3", func(t *testing.T) { test(t, shell(outside.Program(t, "sqlite3"))) })
}

// harmless is what another program may do: it changes no row.
var harmless = map[string]string{
	"look":              `SELECT count(*) FROM events`,
	"check":             `PRAGMA integrity_check`,
	"checkpoint":        `PRAGMA wal_checkpoint(TRUNCATE)`,
	"vacuum":            `VACUUM`,
	"auto vacuum":       `PRAGMA auto_vacuum=FULL; VACUUM`,
	"reindex":           `REINDEX`,
	"analyze":           `ANALYZE`,
	"index for a while": `CREATE INDEX x ON events (type); DROP INDEX x`,
	"other journal":     `PRAGMA journal_mode=DELETE`,
}

// diary is a log with what was acknowledged of it.
type diary struct {
	t     *testing.T
	path  string
	store *Store
	acked []eventstore.Event
	side  []eventstore.Event // beside the log
}

func (d *diary) open() {
	d.t.Helper()
	store, err := Open(d.t.Context(), d.path, Options{CheckpointPages: 20})
	if err != nil {
		d.t.Fatalf("open: %v", err)
	}
	d.store = store
}

func (d *diary) append(n int) {
	d.t.Helper()
	for range n {
		e := newEvent(0)
		if len(d.acked)%3 == 0 {
			e.Command, e.Metadata = uuid.Nil, nil
		}
		if _, err := d.store.Append(d.t.Context(), fmt.Sprint("ledger-", len(d.acked)%2), eventstore.Version(len(d.acked)/2), e); err != nil {
			d.t.Fatalf("append: %v", err)
		}
		d.acked = append(d.acked, e)
		if len(d.acked)%5 != 0 {
			continue
		}
		e = newEvent(0)
		if _, err := d.store.Side().Append(d.t.Context(), "side-x", eventstore.Version(len(d.side)), e); err != nil {
			d.t.Fatalf("append beside the log: %v", err)
		}
		d.side = append(d.side, e)
	}
}

// check reads everything in every way, and has the log verify itself.
func (d *diary) check() {
	d.t.Helper()
	n := 0
	for r, err := range d.store.ReadAll(d.t.Context(), 0, eventstore.Filter{}) {
		if err != nil || n >= len(d.acked) || r.ID != d.acked[n].ID || string(r.Data) != string(d.acked[n].Data) || r.Command != d.acked[n].Command {
			d.t.Fatalf("record %d is %+v, %v", n, r, err)
		}
		n++
	}
	if n != len(d.acked) {
		d.t.Fatalf("%d of %d records are there", n, len(d.acked))
	}
	n = 0
	for r, err := range d.store.Side().Read(d.t.Context(), "side-x", 0) {
		if err != nil || n >= len(d.side) || r.ID != d.side[n].ID || string(r.Data) != string(d.side[n].Data) {
			d.t.Fatalf("record %d beside the log is %+v, %v", n, r, err)
		}
		n++
	}
	if n != len(d.side) {
		d.t.Fatalf("%d of %d records beside the log are there", n, len(d.side))
	}
	for i, e := range d.acked {
		if r, found, err := d.store.ByCommand(d.t.Context(), e.Command); e.Command != uuid.Nil && (err != nil || !found || r.Command != e.Command) {
			d.t.Fatalf("command of record %d: %v, %v", i, found, err)
		}
	}
	if err := d.store.Verify(d.t.Context()); err != nil {
		d.t.Fatalf("verify: %v", err)
	}
}

func (d *diary) close() {
	d.t.Helper()
	if err := d.store.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// kill leaves the log as a process does that is killed: its files as they are. The diary goes on with them, at another place.
func (d *diary) kill() {
	d.t.Helper()
	to := filepath.Join(d.t.TempDir(), "killed.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(d.path + suffix)
		if err == nil {
			err = os.WriteFile(to+suffix, content, 0o600)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	d.close()
	d.path = to
}

func (d *diary) live() {
	d.t.Helper()
	d.open()
	d.append(10)
	d.check()
	d.close()
	d.open()
	d.check()
	// Every page has its checksum again, so that the file needs no second look.
	if pages, err := unfitting(d.path); err != nil || len(pages) > 0 {
		d.t.Errorf("pages %v have no fitting checksum, %v", pages, err)
	}
	d.close()
}

// unfitting lists the pages of a file whose checksums do not fit and on which something is kept.
func unfitting(path string) (pages []int, err error) {
	content, err := os.ReadFile(path)
	for at := 0; at+pageSize <= len(content); at += pageSize {
		page := content[at : at+pageSize]
		whole := string(page)
		checksum.Fit(page)
		if string(page) != whole && (page[0] == 0x0d || page[0] == 0x0a || page[0] == 0x05 || page[0] == 0x02 || at == 0) {
			pages = append(pages, at/pageSize+1)
		}
	}
	return pages, err
}

// TestOthers: whatever another program does that changes no row, whenever it does it: all that was acknowledged is there, and the log goes on.
func TestOthers(t *testing.T) {
	others(t, func(t *testing.T, o other) {
		for name, sql := range harmless {
			t.Run(name, func(t *testing.T) {
				for when, test := range map[string]func(d *diary){
					"running": func(d *diary) {
						d.append(30)
						o.run(d.t, d.path, sql)
						d.check()
						d.append(30)
						o.run(d.t, d.path, sql)
						d.append(30)
						d.check()
						d.close()
					},
					"killed": func(d *diary) {
						d.append(30)
						d.kill()
						o.run(d.t, d.path, sql)
					},
					"stopped": func(d *diary) {
						d.append(30)
						d.close()
						o.run(d.t, d.path, sql)
					},
					"a reader left open": func(d *diary) {
						d.append(30)
						release := o.hold(d.t, d.path)
						d.append(30)
						d.close()
						d.open()
						d.append(30)
						d.check()
						d.close()
						release()
						o.run(d.t, d.path, sql)
					},
					"killed, a reader left open": func(d *diary) {
						d.append(30)
						d.kill()
						release := o.hold(d.t, d.path)
						d.open()
						d.append(30)
						o.run(d.t, d.path, sql)
						d.check()
						release()
						d.close()
					},
				} {
					t.Run(when, func(t *testing.T) {
						t.Parallel()
						d := &diary{t: t, path: filepath.Join(t.TempDir(), "events.db")}
						d.open()
						test(d)
						d.live()
					})
				}
			})
		}
	})
}

// TestCopies: a copy that another program makes is a log.
func TestCopies(t *testing.T) {
	others(t, func(t *testing.T, o other) {
		for name, copy := range map[string]func(t *testing.T, from, to string){
			"backup":      o.copy,
			"vacuum into": func(t *testing.T, from, to string) { o.run(t, from, `VACUUM INTO '`+to+`'`) },
		} {
			for _, when := range []string{"running", "killed", "stopped"} {
				t.Run(name+" "+when, func(t *testing.T) {
					t.Parallel()
					d := &diary{t: t, path: filepath.Join(t.TempDir(), "events.db")}
					d.open()
					d.append(50)
					switch when {
					case "killed":
						d.kill()
					case "stopped":
						d.close()
					}
					to := filepath.Join(t.TempDir(), "copy.db")
					copy(t, d.path, to)
					if when == "running" {
						d.close()
					}
					d.path = to
					d.live()
				})
			}
		}
	})
}

// TestFlippedAfterOthers: where another program has written the pages, a flipped bit is found in rows and indexes.
func TestFlippedAfterOthers(t *testing.T) {
	others(t, func(t *testing.T, o other) {
		d := &diary{t: t, path: filepath.Join(t.TempDir(), "events.db")}
		d.open()
		d.append(60)
		d.close()
		o.run(t, d.path, `VACUUM`)
		whole, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		found := map[byte]int{}
		for _, n := range chosen(t, len(whole), 150) {
			at := n - 1
			kind := whole[at-at%pageSize]
			if at < pageSize {
				continue // the schema is held against the program's, letter by letter; of the header SQLite itself uses a part only
			}
			flipped := append([]byte(nil), whole...)
			flipped[at] ^= 1 << (n % 8)
			if err := os.WriteFile(d.path, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			store, err := Open(t.Context(), d.path, Options{})
			if err == nil {
				err = store.Verify(t.Context())
				if e := store.Close(); e != nil {
					t.Fatal(e)
				}
			}
			if err != nil {
				if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "page ") {
					t.Errorf("byte %d: %v", at, err)
				}
				found[kind]++
				continue
			}
			// Nothing was found: then all is there, as it was written.
			d.open()
			d.check()
			d.close()
		}
		if found[0x0d] == 0 || found[0x0a] == 0 {
			t.Errorf("found on pages of each kind: %v", found)
		}
		for _, text := range []string{"SHP-3578-0001", "ledger-1", d.acked[7].Command.String(), d.acked[9].ID.String()} {
			d.flipEach(whole, text)
		}
	})
}

// flipEach changes a text in a file, wherever it stands: it is found, or it stood where nothing is kept any more.
func (d *diary) flipEach(whole []byte, text string) {
	d.t.Helper()
	found, looked := 0, 0
	for at := 0; looked < 12; at++ {
		next := strings.Index(string(whole[at:]), text)
		if next < 0 {
			break
		}
		at += next
		looked++
		flipped := append([]byte(nil), whole...)
		flipped[at+len(text)/2] ^= 1
		if err := os.WriteFile(d.path, flipped, 0o600); err != nil {
			d.t.Fatal(err)
		}
		store, err := Open(d.t.Context(), d.path, Options{})
		if err == nil {
			err = store.Verify(d.t.Context())
			if e := store.Close(); e != nil {
				d.t.Fatal(e)
			}
		}
		switch {
		case err == nil:
			d.open()
			d.check()
			d.close()
		case errors.Is(err, ErrDamaged):
			found++
		default:
			d.t.Fatalf("%q changed at byte %d of page %d: %v", text, at%pageSize, at/pageSize+1, err)
		}
	}
	if found == 0 {
		d.t.Errorf("%q changed in %d places: nothing was found", text, looked)
	}
}

// unpack unpacks a file of testdata.
func unpack(t *testing.T, name, to string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// format2 unpacks a log of 150 events in three streams that a program of format 2 has written, and left in good order or when it was killed.
func format2(t *testing.T, how string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.db")
	unpack(t, "testdata/format2/"+how+".db.gz", path)
	if how == "killed" {
		unpack(t, "testdata/format2/killed.db-wal.gz", path+"-wal")
	}
	return path
}

// TestFormat2 opens a log of the format before: everything is there, the file is of the new format, and a flipped bit is found in what was there before as in
// what has come since, also after another program has written every page.
func TestFormat2(t *testing.T) {
	for _, how := range []string{"stopped", "killed"} {
		t.Run(how, func(t *testing.T) {
			d := &diary{t: t, path: format2(t, how)}
			d.open()
			for r, err := range d.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				d.acked = append(d.acked, r.Event)
			}
			if n := len(d.acked); n != 150 || string(d.acked[1].Data) != `{"note":"number 1 of an old program"}` || string(d.acked[149].Data) != `{"note":"number 99 of an old program"}` {
				t.Fatalf("%d events, %s, %s", n, d.acked[1].Data, d.acked[149].Data)
			}
			for v := range eventstore.Version(10) {
				e := newEvent(0)
				if _, err := d.store.Append(t.Context(), "new", v, e); err != nil {
					t.Fatal(err)
				}
				d.acked = append(d.acked, e)
			}
			d.check()
			d.close()
			d.open()
			d.check()
			d.close()
			// Where a program of format 2 looks, before it looks at anything else but application_id: it knows 2, and refuses 3 by its number.
			header, err := os.ReadFile(d.path)
			if err != nil {
				t.Fatal(err)
			}
			if version := header[60:64]; string(version) != "\x00\x00\x00\x03" {
				t.Errorf("the header has format % x", version)
			}
			within{}.run(t, d.path, `VACUUM`)
			d.open()
			d.check()
			d.close()
			within{}.run(t, d.path, `VACUUM`)
			whole, err := os.ReadFile(d.path)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"number 1 of an old", "number 99 of an old", "SHP-3578-0001"} {
				d.flipEach(whole, text)
			}
		})
	}
}

// TestFormat2Flipped: a flipped bit in a log of the format before is named before it becomes one of this format.
func TestFormat2Flipped(t *testing.T) {
	path := format2(t, "stopped")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(whole), "number 51 of an old")
	whole[at] ^= 4
	if err := os.WriteFile(path, whole, 0o600); err != nil || at < 0 {
		t.Fatal(err, at)
	}
	_, err = Open(t.Context(), path, Options{})
	var damaged *checksum.DamagedError
	if !errors.As(err, &damaged) || damaged.Page != int64(at/pageSize+1) {
		t.Fatalf("Open = %v, want page %d", err, at/pageSize+1)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(whole) {
		t.Error("the file was changed")
	}
}
