package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File makes a file by write, durably and whole or not at all: it is written beside under another name, synced, and renamed. What a failed write leaves
// is removed. An older file of the name is replaced.
func File(name string, write func(*os.File) error) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*.part") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(temp.Name()))
		}
	}()
	if err := errors.Join(write(temp), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), name); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(name))
}

// Directory makes a directory by fill, likewise. One of the name must not be there: what is in it may be somebody's.
func Directory(name string, fill func(dir string) error) error {
	return renamed(name, func(temp string) error {
		if err := os.Mkdir(temp, 0o700); err != nil {
			return err
		}
		return fill(temp)
	})
}

// renamed lets something make a file or folder under another name beside, syncs all of it, and renames it.
func renamed(name string, write func(temp string) error) (err error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s is there already: give a new name", name))
	}
	room, err := os.MkdirTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*.part") // mode 0700
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if gone := os.RemoveAll(room); err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", name, err), gone)
		}
	}()
	temp := filepath.Join(room, filepath.Base(name))
	if err := write(temp); err != nil {
		return err
	}
	if err := syncAll(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(name))
}

// syncAll makes everything in a tree of files durable.
func syncAll(root string) error {
	return filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return errors.Join(err, syncDirectory(name))
		}
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
}

// syncDirectory makes the names in a folder durable. Where a system cannot do that it says so, and nothing is lost by it but the certainty.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
