package checksum

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// court is what was found of pages that do not fit their checksums.
type court struct {
	judge func(*sqlite3.Conn) error // nil: there is none

	mu      sync.Mutex // held during a trial
	taken   map[place]pair
	refused map[place]refusal

	// presiding: this is the layer under a judge's connection, which takes such pages and notes them in taken.
	presiding bool
}

// place is a page of a file.
type place struct {
	file string
	page int64
}

// refusal is why the page with this checksum is not taken.
type refusal struct {
	sum pair
	err error
}

// JudgeBy says who judges a file in which pages do not fit their checksums. Without a judge such a page is damage.
//
// Another program may write pages without changing what is in them: it recovers or copies a write-ahead log that this program has left, it
// vacuums, it makes a copy. It sets no checksums, and what stands in their place is of another time. A page of which one byte was changed is never
// taken for such a page: that is damage and refused by its number. When any other page does not fit, the whole file is read once: by SQLite's own integrity check, which
// holds the indexes against the rows, and by judge, which is given a connection that changes nothing and must find every row as it was written. If both
// find nothing, pages without a fitting checksum are taken as they are; SetAnew gives them one.
//
// It is called before the first file is opened.
func (c *VFS) JudgeBy(judge func(*sqlite3.Conn) error) { c.court.judge = judge }

// has tells whether a page was taken as it is.
func (ct *court) has(d *DamagedError, is pair) bool {
	ct.mu.Lock()
	defer ct.mu.Unlock()
	sum, ok := ct.taken[place{d.File, d.Page}]
	return ok && sum == is
}

// judged tells why a page that does not fit its checksum, and now has another one, is not to be taken; nil: it is.
func (c *VFS) judged(d *DamagedError, is pair) error {
	p := place{d.File, d.Page}
	ct := &c.court
	if ct.judge == nil && !ct.presiding {
		return d
	}
	ct.mu.Lock()
	defer ct.mu.Unlock()
	if sum, ok := ct.taken[p]; ok && sum == is {
		return nil
	}
	if r, ok := ct.refused[p]; ok && r.sum == is {
		return r.err
	}
	if ct.taken == nil {
		ct.taken, ct.refused = map[place]pair{}, map[place]refusal{}
	}
	if !ct.presiding {
		pages, final, err := c.try(d.File)
		if err != nil {
			err = fmt.Errorf("%w, and the file as a whole does not show that another program has written it: %w", d, err)
			if final {
				ct.refused[p] = refusal{is, err}
			}
			return err
		}
		for at, sum := range pages {
			ct.taken[at] = sum
		}
	}
	ct.taken[p] = is
	return nil
}

// try reads the whole file and returns the pages without a fitting checksum that it met. final tells that an error is about what is in the file.
func (c *VFS) try(path string) (taken map[place]pair, final bool, err error) {
	w := register(c.VFS)
	defer w.Unregister()
	w.court.presiding = true
	uri := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?vfs=" + url.QueryEscape(w.name)
	conn, err := sqlite3.OpenFlags(uri, sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return nil, false, err
	}
	err = conn.BusyTimeout(time.Minute)
	if err == nil {
		err = conn.Exec(Setup + `PRAGMA query_only=ON; BEGIN`) // one snapshot for both
	}
	if err == nil {
		err = integrity(conn)
	}
	if err == nil {
		err = c.court.judge(conn)
	}
	if err != nil {
		final = !errors.Is(err, sqlite3.BUSY) && !errors.Is(err, sqlite3.INTERRUPT) && !errors.Is(err, sqlite3.CANTOPEN)
		return nil, final, w.Named(err)
	}
	return w.court.taken, true, conn.Exec(`COMMIT`)
}

// integrity is SQLite's own check.
func integrity(conn *sqlite3.Conn) error {
	stmt, _, err := conn.Prepare(`PRAGMA integrity_check(10)`)
	if err != nil {
		return err
	}
	var wrong []error
	for stmt.Step() {
		if line := stmt.ColumnText(0); line != "ok" {
			wrong = append(wrong, errors.New(line))
		}
	}
	return errors.Join(errors.Join(wrong...), stmt.Err(), stmt.Close())
}

// SetAnew gives the pages that were taken without a fitting checksum (JudgeBy) one, in the file under a connection. Only the checksum is written, so that it
// does no harm to be cut short. Nobody may be copying a write-ahead log to the file meanwhile.
func SetAnew(conn *sqlite3.Conn) error {
	f, err := Pages(conn)
	if err != nil {
		return err
	}
	return f.setAnew()
}

// Pages returns the file under a connection.
func Pages(conn *sqlite3.Conn) (*PageFile, error) {
	pointer, err := conn.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return nil, fmt.Errorf("find the file: %w", err)
	}
	file, ok := pointer.(vfs.File)
	if !ok {
		return nil, errors.New("find the file: it is not open")
	}
	f, ok := vfsutil.UnwrapFile[*PageFile](file)
	if !ok {
		return nil, errors.New("find the file: it is not read through checksums")
	}
	return f, nil
}

func (f *PageFile) setAnew() error {
	ct := &f.c.court
	ct.mu.Lock()
	defer ct.mu.Unlock()
	written := false
	page := make([]byte, PageSize)
	for _, now := range []bool{true, false} { // those that would be doubtful alone come first, so that it may be cut short
		for at, sum := range ct.taken {
			if at.file != f.name {
				continue
			}
			off := (at.page - 1) * PageSize
			whole, err := readWhole(f.File, page, off)
			if err != nil {
				return fmt.Errorf("read page %d again: %w", at.page, err)
			}
			if now && !(whole && doubtful(page, sum)) {
				continue
			}
			if whole && pageSum(page) == sum && storedSum(page) != sum {
				putSum(page, sum)
				if _, err := f.File.WriteAt(page[PageSize-Reserved:], off+PageSize-Reserved); err != nil {
					return fmt.Errorf("give page %d its checksum: %w", at.page, err)
				}
				written = true
			}
			delete(ct.taken, at)
		}
	}
	if !written {
		return nil
	}
	if err := f.File.Sync(vfs.SYNC_FULL); err != nil {
		return fmt.Errorf("write checksums: %w", err)
	}
	return nil
}
