package lock_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jejak/eventstore/lock"
)

// TestMain lets the test start itself as another process that takes a directory and waits.
func TestMain(m *testing.M) {
	if dir := os.Getenv("JEJAK_TEST_LOCK"); dir != "" {
		if _, err := lock.Acquire(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		select {}
	}
	os.Exit(m.Run())
}

func held(t *testing.T, dir string) *lock.HeldError {
	t.Helper()
	l, err := lock.Acquire(dir)
	var h *lock.HeldError
	if !errors.As(err, &h) {
		if err == nil {
			l.Release()
		}
		t.Fatalf("Acquire = %v, want a HeldError", err)
	}
	return h
}

func TestSecondIsRefused(t *testing.T) {
	dir := t.TempDir()
	l, err := lock.Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	if h := held(t, dir); h.PID != os.Getpid() || h.Dir != dir {
		t.Errorf("%+v, want this process and %s", h, dir)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	l, err = lock.Acquire(dir)
	if err != nil {
		t.Fatalf("after Release: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestKilledHolderDoesNotBlock(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "JEJAK_TEST_LOCK="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("child said %q, %v", line, err)
	}
	if h := held(t, dir); h.PID != child.Process.Pid {
		t.Errorf("holder %d, want %d", h.PID, child.Process.Pid)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it says that it was killed
	l, err := lock.Acquire(dir)
	if err != nil {
		t.Fatalf("after the holder was killed: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestMissingDirectory(t *testing.T) {
	_, err := lock.Acquire(filepath.Join(t.TempDir(), "none"))
	var h *lock.HeldError
	if err == nil || errors.As(err, &h) {
		t.Fatalf("Acquire = %v, want another error", err)
	}
}
