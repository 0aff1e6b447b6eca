//go:build unix

package main

import (
	"bufio"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
