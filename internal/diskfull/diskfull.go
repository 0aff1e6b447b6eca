// Package diskfull tells whether something failed because a disk is full, and says what mends it.
package diskfull

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ncruces/go-sqlite3"
)

// scant is how many bytes may be free where SQLite's "disk I/O error" is taken for a disk that is full: SQLite makes files of 32 KiB beside its own, and
// of what the system said when one could not be made the engine keeps nothing.
const scant = 1 << 20

// Still tells whether the disk of a folder has no room for even small files; false where that is unknown.
func Still(folder string) bool {
	n, ok := Free(folder)
	return ok && n < scant
}

// Is tells whether err came from a disk that is full, or from a quota that is used up. dirs are the folders that were written to, whose disks are looked at
// when err alone does not tell.
func Is(err error, dirs ...string) bool {
	_, is := find(err, dirs)
	return is
}

// Explain adds to an error that came from a full disk which disk it is and what mends it, in English and Indonesian. Another error stays as it is.
func Explain(err error, dirs ...string) error {
	where, is := find(err, dirs)
	if !is {
		return err
	}
	if where == "" {
		where = "/"
	}
	free := "none of it"
	if n, ok := Free(where); ok {
		free = fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Errorf("%w\nthe disk of %s is full (%s free): free some space there, or name a place on another disk, and do it again"+
		"\ndisk tempat %s penuh: kosongkan ruang di sana, atau sebutkan tempat di disk lain, lalu ulangi", err, where, free, where)
}

// find also tells the folder whose disk is full, "" where that is not known.
func find(err error, dirs []string) (where string, is bool) {
	if err == nil {
		return "", false
	}
	for _, dir := range dirs {
		if Still(dir) {
			where = dir
			break
		}
	}
	system := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if named, ok := errors.AsType[*fs.PathError](err); ok && system && filepath.IsAbs(named.Path) && filepath.Dir(named.Path) != "/dev" {
		where = standing(filepath.Dir(named.Path))
	}
	if where == "" && len(dirs) > 0 {
		where = dirs[0]
	}
	if system || errors.Is(err, sqlite3.FULL) {
		return where, true
	}
	if where != "" && Still(where) {
		return where, errors.Is(err, sqlite3.IOERR) || errors.Is(err, sqlite3.CANTOPEN)
	}
	return "", false
}

// standing is the nearest folder around one that is still there: a temporary one has been removed when its error is told.
func standing(folder string) string {
	for {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}
