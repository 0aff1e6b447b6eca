package server

import (
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// apart is the SQLite VFS of who reads a data directory whose disk is full: SQLite shares a file of 32 KiB beside each of its own between connections, for
// which there is no room. Here it lies in another folder. Other programs do not see it there, so who uses this has the directory alone.
type apart struct {
	vfs.VFS
	name   string
	dir    string // files directly or deeper in it are meant, by their absolute name
	folder string
}

var aparts atomic.Uint64

// newApart registers such a VFS over the operating system's. The caller ends it with unregister.
func newApart(dir, folder string) (*apart, error) {
	full, err := filepath.Abs(dir)
	if err == nil {
		full, err = filepath.EvalSymlinks(full) // as SQLite names files
	}
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", dir, err)
	}
	a := &apart{VFS: vfs.Find(""), name: fmt.Sprintf("jejak-apart-%d", aparts.Add(1)), dir: full, folder: folder}
	vfs.Register(a.name, a)
	return a, nil
}

func (a *apart) unregister() { vfs.Unregister(a.name) }

func (a *apart) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, flags, err := vfsutil.WrapOpen(a.VFS, name, flags)
	return a.wrap(name, file, flags, err)
}

func (a *apart) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	file, flags, err := vfsutil.WrapOpenFilename(a.VFS, name, flags)
	return a.wrap(name.String(), file, flags, err)
}

func (a *apart) wrap(name string, file vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	inside, bad := filepath.Rel(a.dir, name)
	if err != nil || flags&vfs.OPEN_MAIN_DB == 0 || bad != nil || !filepath.IsLocal(inside) {
		return file, flags, err
	}
	// The connections to one file share one name, so it follows from the file's.
	shared := filepath.Join(a.folder, "shared-"+filepath.Base(inside))
	return &apartFile{file, vfs.NewSharedMemory(shared, flags)}, flags, nil
}

// apartFile is a database whose shared memory lies elsewhere.
type apartFile struct {
	vfs.File
	shared vfs.SharedMemory
}

func (f *apartFile) SharedMemory() vfs.SharedMemory { return f.shared }

func (f *apartFile) Unwrap() vfs.File { return f.File }
