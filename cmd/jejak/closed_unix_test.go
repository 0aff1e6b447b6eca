//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jejak/internal/outside"
)

// TestFilesForOwnerOnly starts the program with two masks, in a directory that was open before: nothing in it is for anybody but the owner while it runs, nor after.
func TestFilesForOwnerOnly(t *testing.T) {
	program, err := jejak()
	if err != nil {
		t.Fatal(err)
	}
	for _, mask := range []string{"022", "000"} {
		t.Run(mask, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"people.db-wal", "nats"} { // left by a program of before
				if name == "nats" {
					err = os.Mkdir(filepath.Join(dir, name), 0o755)
				} else {
					err = os.WriteFile(filepath.Join(dir, name), nil, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "sh", "-c", `umask `+mask+` && exec "$0" serve --data "$1" --listen 127.0.0.1:0 --json`, program, dir)
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil || !strings.Contains(line, "http") {
				t.Errorf("the server says %q, %v", line, err)
			}
			onlyOwner(t, dir)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
			onlyOwner(t, dir)
		})
	}
}

func onlyOwner(t *testing.T, dir string) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone meanwhile
		}
		if info, err := entry.Info(); err == nil {
			if seen++; info.Mode()&0o077 != 0 {
				t.Errorf("%s has mode %v", name, info.Mode())
			}
		}
		return nil
	})
	if err != nil || seen < 10 {
		t.Error(seen, err)
	}
}

// TestSomebodyElsesOpenDirectory: a directory that belongs to another user and is open to all is refused, with what mends it, and nothing is put into it.
func TestSomebodyElsesOpenDirectory(t *testing.T) {
	if os.Getuid() != 0 {
		outside.Lacking(t, "another user", "run it as root")
	}
	program, err := jejak()
	if err != nil {
		t.Fatal(err)
	}
	place, err := os.MkdirTemp("", "") // other users cannot reach t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(place) })
	own, dir := filepath.Join(place, "jejak"), filepath.Join(place, "data")
	binary, err := os.ReadFile(program)
	if err == nil {
		err = errors.Join(os.Chmod(place, 0o755), os.WriteFile(own, binary, 0o755), os.Chmod(own, 0o755), os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"user", "add", "--role", "operator", "--scope", "3578"}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, own, append(args, "--data", dir)...)
		cmd.Dir = place
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		said, err := cmd.CombinedOutput()
		if ctx.Err() != nil || err == nil || !strings.Contains(string(said), "chmod o= "+dir) || !strings.Contains(string(said), "milik pengguna lain") {
			t.Errorf("%q: %v %s", args, err, said)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("put into it: %v %v", entries, err)
	}
}
