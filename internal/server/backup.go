package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jejak/internal/backup"
	"jejak/internal/diskfull"
	"jejak/internal/notary"
)

// snapshots is how the folders begin in which a backup keeps copies while it runs. They have names of people: what a killed one has left is deleted at the
// next start.
const snapshots = ".backup-"

// BackUp writes a backup of a directory that no server has open; see package backup. progress, unless nil, is told which position of the log is reached.
// version is of the program. beside is a folder, where the backup goes, in which copies are made meanwhile if the disk of the directory is full. A directory in
// use is a *lock.HeldError: the backup is to be taken through its server.
func BackUp(ctx context.Context, dir, beside, version string, w io.Writer, progress func(done, total uint64)) error {
	m, err := readMark(dir)
	if err == nil && m == nil {
		err = fmt.Errorf("%s holds no log yet: name the data directory of a server with --data", dir)
	}
	if err != nil {
		return err
	}
	out := &begun{w: w}
	err = backUpAlone(ctx, dir, dir, version, m, out, progress)
	if diskfull.Is(err, dir) && !out.yes {
		err = backUpAlone(ctx, dir, beside, version, m, out, progress)
	}
	return err
}

// begun tells whether something was written.
type begun struct {
	w   io.Writer
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.w.Write(p)
}

// backUpAlone writes a backup of a directory that it has alone. What it needs on a disk meanwhile is in a folder of its own in place.
func backUpAlone(ctx context.Context, dir, place, version string, m *mark, w io.Writer, progress func(done, total uint64)) (err error) {
	s := &Server{cfg: Config{Dir: dir, Version: version}, log: discard}
	defer func() {
		// The log is copied from its write-ahead log at the next start, when there is room.
		if bad := s.Close(); err != nil || !diskfull.Is(bad, dir) {
			err = errors.Join(err, bad)
		}
	}()
	if m.Engine == eventStoreDB {
		s.cfg.Store = string(eventStoreDB) // not opened: its log is not in the backup
	}
	if err := s.openAsIs(ctx); err != nil {
		return err
	}
	copies, forget, err := makeCopies(place)
	if err != nil {
		return err
	}
	s.opened("copies", func(context.Context) error { return forget() })
	if place != dir {
		elsewhere, err := newApart(dir, copies)
		if err != nil {
			return err
		}
		s.opened("disk of the copies", func(context.Context) error { elsewhere.unregister(); return nil })
		s.disk = elsewhere.name
	}
	if m.Engine == embedded {
		if err := s.openStore(ctx); err != nil {
			return err
		}
	}
	src := s.source()
	if err := s.take(ctx, &src, copies); err != nil {
		return err
	}
	_, err = backup.Write(ctx, w, src, progress)
	return err
}

// backUp writes a backup while the server works. The copies that it needs are in the data directory meanwhile or, when its disk is full, in the folder for
// temporary files.
func (s *Server) backUp(ctx context.Context, w io.Writer) (err error) {
	src, forget, err := s.taken(ctx, s.cfg.Dir)
	if diskfull.Is(err, s.cfg.Dir) {
		var again error
		if src, forget, again = s.taken(ctx, os.TempDir()); again != nil {
			again = fmt.Errorf("%w\nand elsewhere: %w (start the server with TMPDIR naming a folder on a disk with room)", err, again)
		}
		err = again
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forget()) }()
	_, err = backup.Write(ctx, w, src, nil)
	return err
}

// taken takes everything but the log, with copies in a folder of its own in place, which the caller deletes with forget.
func (s *Server) taken(ctx context.Context, place string) (src backup.Source, forget func() error, err error) {
	copies, forget, err := makeCopies(place)
	if err != nil {
		return src, nil, err
	}
	src = s.source()
	if err := s.take(ctx, &src, copies); err != nil {
		return src, nil, errors.Join(err, forget())
	}
	return src, forget, nil
}

// makeCopies makes a folder for copies, for its owner alone.
func makeCopies(place string) (folder string, forget func() error, err error) {
	if folder, err = os.MkdirTemp(place, snapshots); err == nil { // mode 0700
		folder, err = filepath.Abs(folder)
	}
	if err != nil {
		return "", nil, fmt.Errorf("make room for copies: %w", err)
	}
	return folder, func() error { return os.RemoveAll(folder) }, nil
}

// source is what a backup says of itself, and the log.
func (s *Server) source() backup.Source {
	src := backup.Source{Program: "jejak " + s.cfg.Version, Kind: string(s.cfg.Kind), Engine: "sqlite", Began: time.Now(), Gentle: s.api != nil}
	if engineOf(s.cfg.Store) == eventStoreDB {
		src.Engine = string(eventStoreDB)
	} else {
		src.Log = s.store
	}
	return src
}

// take takes everything but the log as it is now, and decides up to where the log goes.
func (s *Server) take(ctx context.Context, src *backup.Source, copies string) (err error) {
	if src.LeftOut, err = s.leftOut(); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(s.cfg.Dir, f.name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && f.kept != asRecords && f.kept != asLeaves && f.kept != asSide {
			continue
		}
		switch f.kept {
		case asFile:
			src.Files = append(src.Files, backup.File{Name: f.name, Path: path})
		case asDatabase:
			err = s.takeDatabase(ctx, src, f.name, filepath.Join(copies, f.name))
		case asLeaves:
			err = s.takeLeaves(src, f.name, copies)
		case asSide:
			err = s.takeSide(ctx, src, f.name, copies)
		case asRecords, secret, disposable:
		}
		if err != nil {
			return fmt.Errorf("take %s: %w", f.name, err)
		}
	}
	return nil
}

func (s *Server) takeDatabase(ctx context.Context, src *backup.Source, name, to string) error {
	from := filepath.Join(s.cfg.Dir, name)
	src.Files = append(src.Files, backup.File{Name: name, Path: to})
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if name != PeopleFile {
		return copyDatabase(ctx, s.disk, from, to)
	}
	// Accounts and log at the same moment: whoever has acted in the one is in the other, and no change of accounts is in only one of them.
	err := s.hold(func() error {
		if src.Log != nil {
			head, err := src.Log.Head(ctx)
			if err != nil {
				return fmt.Errorf("find the end of the log: %w", err)
			}
			src.Head = head
		}
		return copyDatabase(ctx, s.disk, from, to)
	})
	if err == nil {
		src.People, err = count(to)
	}
	return err
}

// takeLeaves takes the notary's tiles up to the newest checkpoint of its book, which was taken before. Where they are being made again they are left out.
func (s *Server) takeLeaves(src *backup.Source, name, copies string) error {
	if _, err := os.Stat(filepath.Join(copies, NotaryFolder, notary.BookFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	book, err := notary.OpenBook(NotaryDir(copies))
	if err != nil {
		return err
	}
	newest, err := book.Newest()
	if err = errors.Join(err, book.Close()); err != nil || newest == nil {
		return err
	}
	path := filepath.Join(copies, name)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<16)
	missing := notary.WriteLeaves(NotaryDir(s.cfg.Dir), newest.N, out)
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		return err
	}
	if errors.Is(missing, fs.ErrNotExist) {
		return nil
	}
	src.Files = append(src.Files, backup.File{Name: name, Path: path})
	return missing
}

// takeSide takes the streams beside an embedded log.
func (s *Server) takeSide(ctx context.Context, src *backup.Source, name, copies string) error {
	if src.Log == nil {
		return nil
	}
	path := filepath.Join(copies, name)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<16)
	n, err := backup.WriteRecords(out, notaryStreams(ctx, s.side))
	if err := errors.Join(err, out.Flush(), file.Close()); err != nil || n == 0 {
		return err
	}
	src.Files = append(src.Files, backup.File{Name: name, Path: path})
	return nil
}

// hold lets nobody's account change meanwhile.
func (s *Server) hold(do func() error) error {
	if s.people == nil { // the directory is ours alone
		return do()
	}
	return s.people.Hold(do)
}

// count counts the people of a people.db.
func count(path string) (n backup.People, err error) {
	err = withDatabase("", path, func(conn *sqlite3.Conn, _ string) error {
		for table, into := range map[string]*int{"users": &n.Accounts, "forgotten": &n.Forgotten} {
			there, err := column(conn, `SELECT 1 FROM sqlite_schema WHERE name = '`+table+`'`)
			if err != nil {
				return err
			}
			if len(there) == 0 { // an older program has made the file
				continue
			}
			counts, err := column(conn, `SELECT count(*) FROM `+table)
			if err != nil {
				return err
			}
			if *into, err = strconv.Atoi(counts[0]); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// leftOut names what lies in the directory and is not in a backup, although it cannot be made again: secrets, and what no table knows.
func (s *Server) leftOut() ([]string, error) {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		k, known := keptAs(e.Name())
		if (!known && !isSnapshots(e)) || k == secret {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func isSnapshots(e fs.DirEntry) bool {
	return e.IsDir() && len(e.Name()) > len(snapshots) && e.Name()[:len(snapshots)] == snapshots
}

// forgetSnapshots deletes what a backup that was killed has left. The caller holds the lock of the directory.
func forgetSnapshots(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !isSnapshots(e) }) {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("delete what a backup left: %w", err)
		}
	}
	return nil
}
