//go:build unix

package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// others are the rights of everybody but the owner.
const others fs.FileMode = 0o077

// closeToOthers takes from everybody but the owner what rights there are in a data directory: names and telephone numbers are in it. A directory that belongs to somebody else is refused while everybody
// can look into it.
func closeToOthers(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the data directory: %w", err)
	}
	if info.Mode()&others != 0 {
		if err := os.Chmod(dir, info.Mode().Perm()&^others); errors.Is(err, fs.ErrPermission) && info.Mode()&0o007 != 0 {
			return fmt.Errorf("the data directory %s is open to every user of this machine (mode %o) and belongs to another one, so that it cannot be closed: run `chmod o= %s` as its owner"+
				" / folder data %s terbuka untuk semua pengguna komputer ini dan milik pengguna lain: jalankan `chmod o= %s` sebagai pemiliknya", dir, info.Mode().Perm(), dir, dir, dir)
		} else if err != nil && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("close the data directory to others: %w", err)
		}
	}
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && name != dir && (entry.IsDir() || entry.Type().IsRegular()) {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil && info.Mode()&others != 0 {
				err = os.Chmod(name, info.Mode().Perm()&^others)
			}
		}
		// What belongs to somebody else stands in a closed directory; what has gone meanwhile needs nothing.
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("close the files of the data directory to others: %w", err)
		}
		return nil
	})
}
