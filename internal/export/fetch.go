package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"jejak/eventstore"
	"jejak/internal/notary/bundle"
)

// Bundle takes a bundle of the server under a new name, as Log.Bundle makes one of a directory. With units in the choice it is a part; so it is where the
// token does not see everything.
func (r Remote) Bundle(ctx context.Context, name string, c Choice, split bool) (s Summary, err error) {
	query := url.Values{}
	if len(c.Units) > 0 {
		units := make([]string, len(c.Units))
		for i, unit := range c.Units {
			units[i] = string(unit)
		}
		query.Set("unit", strings.Join(units, ","))
		query.Set("election", c.Election)
	}
	if split {
		query.Set("split", "true")
	}
	return s, renamed(name, func(temp string) error {
		whole := temp
		if !strings.HasSuffix(name, ".zip") {
			whole += ".zip"
		}
		position, err := r.fetch(ctx, query, whole)
		if err != nil {
			return err
		}
		b, err := bundle.Open(whole)
		if err != nil {
			return err
		}
		m := b.Manifest
		s = Summary{Units: m.Ledgers, Records: uint64(m.Records), Written: uint64(m.Records), Last: eventstore.Position(position)}
		if whole != temp {
			err = unpack(b.FS, temp)
		}
		return errors.Join(err, b.Close())
	})
}

func (r Remote) fetch(ctx context.Context, query url.Values, to string) (position uint64, err error) {
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	out := io.Writer(file)
	if r.Watch != nil {
		out = io.MultiWriter(file, r.Watch)
	}
	position, err = r.Client.Bundle(ctx, r.Token, query, out)
	return position, errors.Join(err, file.Close())
}

// unpack copies files into a new folder, and nowhere else whatever they are named.
func unpack(files fs.FS, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if entry.IsDir() {
			return root.Mkdir(filepath.FromSlash(name), 0o700)
		}
		from, err := files.Open(name)
		if err != nil {
			return err
		}
		defer from.Close() // only read from
		file, err := root.OpenFile(filepath.FromSlash(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err := io.Copy(file, from); err != nil {
			return errors.Join(fmt.Errorf("unpack %s: %w", name, err), file.Close())
		}
		return file.Close()
	})
}
