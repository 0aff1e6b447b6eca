package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jejak/internal/outside"
)

// fullDisk is a small disk that is filled and emptied.
type fullDisk struct {
	t    *testing.T
	root string
}

func newDisk(t *testing.T) *fullDisk {
	t.Helper()
	root := t.TempDir()
	if err := syscall.Mount("none", root, "tmpfs", 0, "size=64M"); err != nil {
		outside.Lacking(t, "a disk of its own: "+err.Error(), "run it as root")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &fullDisk{t, root}
}

func (d *fullDisk) ballast() string { return filepath.Join(d.root, "ballast") }

// fill takes what is free, to the last byte.
func (d *fullDisk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *fullDisk) empty() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

// names are the files of a folder, those beside an open SQLite file and the ballast apart.
func names(t *testing.T, folder string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		beside := strings.HasSuffix(name, "-wal") || strings.HasSuffix(name, "-shm")
		if err == nil && !entry.IsDir() && !beside && entry.Name() != "ballast" && entry.Name() != "server.json" {
			all = append(all, strings.TrimPrefix(name, folder))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// jejakRun runs the program within half a minute, with a folder for temporary files.
func jejakRun(t *testing.T, temporary string, args ...string) (ok bool, said string) {
	t.Helper()
	program, err := jejak()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%q has not ended after half a minute", args)
	}
	if broke := (*exec.ExitError)(nil); err != nil && !errors.As(err, &broke) {
		t.Fatal(err)
	}
	return err == nil, string(out)
}

// servesOn starts a server of a directory without a feed and waits until it answers; stop stops it.
func servesOn(t *testing.T, dir, temporary string) (stop func()) {
	t.Helper()
	program, err := jejak()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--nats", "off", "--no-import", "--json")
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &struct{}{}) != nil {
		t.Fatalf("the server says %q, %v", line, err)
	}
	return func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // on a full disk it says what could not be written
		if t.Failed() {
			t.Log(log.String())
		}
	}
}

// TestFullDisk: on a disk without a free byte whatever writes there ends soon and says which disk it is and what mends it, leaves nothing half written, and
// works when there is room; and a backup to another disk can be taken all the while.
func TestFullDisk(t *testing.T) {
	disk, other, temporary := newDisk(t), t.TempDir(), t.TempDir()
	dir := filepath.Join(disk.root, "data")
	add := []string{"user", "add", "--role", "operator", "--scope", "3578", "--data", dir}
	good := func(args ...string) {
		t.Helper()
		if ok, said := jejakRun(t, temporary, args...); !ok {
			t.Fatalf("%q: %s", args, said)
		}
	}
	backedUp := func(name string) {
		t.Helper()
		file := filepath.Join(other, name)
		before := names(t, other)
		good("backup", file, "--data", dir)
		good("backup", "check", file)
		if now := names(t, other); len(now) != len(before)+1 {
			t.Errorf("beside the backup: %q, then %q", before, now)
		}
		if left := names(t, temporary); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
	stop := servesOn(t, dir, temporary)
	good(add...)
	list := filepath.Join(other, "people.csv")
	if err := os.WriteFile(list, []byte("role,scope,name\noperator,3578,Budi\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	was := names(t, dir)

	disk.fill()
	refused := ""
	for n := 0; refused == ""; n++ { // some find room in blocks that a file has already
		ok, said := jejakRun(t, temporary, add...)
		if !ok {
			refused = said
		}
		if n == 500 {
			t.Fatal("accounts are made without end")
		}
		disk.fill()
	}
	if !strings.Contains(refused, "disk_full") || !strings.Contains(refused, "penuh") {
		t.Errorf("through the server: %s", refused)
	}
	backedUp("served.backup")
	if now := names(t, dir); !slices.Equal(now, was) {
		t.Errorf("in the directory: %q, then %q", was, now)
	}
	disk.empty()
	good(add...)
	stop()
	was = names(t, dir)

	disk.fill()
	for what, args := range map[string][]string{
		"add":     add,
		"import":  {"user", "import", list, "--tokens", filepath.Join(other, "tokens.csv"), "--data", dir},
		"restore": {"restore", filepath.Join(other, "served.backup"), "--data", filepath.Join(disk.root, "restored")},
		"rotate":  {"notary", "rotate", "--data", dir},
		"onto it": {"backup", filepath.Join(disk.root, "a.backup"), "--data", dir},
		"serve":   {"serve", "--data", dir, "--listen", "127.0.0.1:0", "--nats", "off"},
		"views":   {"projections", "rebuild", "--data", dir},
	} {
		disk.fill()
		ok, said := jejakRun(t, temporary, args...)
		if ok || !strings.Contains(said, "is full") || !strings.Contains(said, "penuh") || !strings.Contains(said, disk.root) {
			t.Errorf("%s: %v %s", what, ok, said)
		}
	}
	backedUp("alone.backup")
	if now := names(t, dir); !slices.Equal(now, was) {
		t.Errorf("in the directory: %q, then %q", was, now)
	}
	if entries, err := os.ReadDir(disk.root); err != nil || len(entries) != 2 {
		t.Errorf("beside the directory: %v %v", entries, err)
	}
	disk.empty()
	good(add...)
	good("notary", "rotate", "--data", dir)
	servesOn(t, dir, temporary)()
	good("audit", "verify", "--data", dir)
}
