package diskfull_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"jejak/internal/diskfull"
)

// TestExplain: what says by itself that a disk is full is told with the disk; an I/O error where there is room is not taken for one.
func TestExplain(t *testing.T) {
	dir := t.TempDir()
	other := t.TempDir()
	named := &fs.PathError{Op: "write", Path: filepath.Join(other, "removed-meanwhile", "a.zip"), Err: syscall.ENOSPC}
	for _, c := range []struct {
		err   error
		where string // "" when it is no full disk
	}{
		{fmt.Errorf("export: %w", named), other + " is full"},
		{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}, dir + " is full"},
		{sqlite3.FULL, dir + " is full"},
		{syscall.EDQUOT, dir + " is full"},
		{sqlite3.IOERR, ""},
		{errors.New("no such user"), ""},
	} {
		said := diskfull.Explain(c.err, dir)
		if !errors.Is(said, c.err) || diskfull.Is(c.err, dir) != (c.where != "") || !strings.Contains(said.Error(), c.where) || (c.where == "" && said != c.err) {
			t.Errorf("%v: %v", c.err, said)
		}
	}
	if diskfull.Explain(nil, dir) != nil {
		t.Error("no error has become one")
	}
}
