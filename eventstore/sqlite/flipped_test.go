package sqlite

import (
	"context"
	"errors"
	"testing"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
)

// readEverything reads the open log in every way there is. Whatever is read must be right; it returns the first error of the engine.
func (s *script) readEverything() (first error) {
	s.t.Helper()
	ctx := context.Background()
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	if !s.readAll() {
		for _, err := range s.store.ReadAll(ctx, 0, eventstore.Filter{}) {
			if err != nil {
				note(err)
			}
		}
	}
	for _, a := range s.acked {
		n := 0
		for r, err := range s.store.Read(ctx, a.Stream, a.Expected) {
			if err != nil {
				note(err)
				n = len(a.Events)
				break
			}
			if n < len(a.Events) && (r.ID != a.Events[n].ID || string(r.Data) != string(a.Events[n].Data) || string(r.Metadata) != string(a.Events[n].Metadata)) {
				s.t.Fatalf("stream %s, version %d is not what was written", a.Stream, r.Version)
			}
			n++
		}
		if n < len(a.Events) {
			s.t.Fatalf("stream %s after version %d: events are missing, without an error", a.Stream, a.Expected)
		}
		r, found, err := s.store.ByCommand(ctx, a.Events[0].Command)
		if err != nil {
			note(err)
		} else if !found || r.ID != a.Events[0].ID {
			s.t.Fatalf("command %s is not found, without an error", a.Events[0].Command)
		}
	}
	return first
}

// TestFlippedInFile changes every byte of a file that was closed in good order: Open refuses it, or each read is right or an error that names
// the page, and Verify names it.
func TestFlippedInFile(t *testing.T) {
	s := newScript(t)
	s.open()
	for range 3 {
		s.append("ledger-a", 1, 50)
		s.append("ledger-b", 4, 100)
		s.append("ledger-c", 1, 6_000)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	whole := s.disk.Content(diskPath)
	refused, wrong := 0, 0
	for _, n := range chosen(t, len(whole), 150) {
		at := int64(n - 1)
		s.disk.Put(diskPath, whole)
		s.disk.Flip(diskPath, at, byte(1<<(n%8)))
		want := checksum.DamagedError{File: diskPath, Page: at/pageSize + 1}
		names := func(err error) bool {
			var damaged *checksum.DamagedError
			return errors.As(err, &damaged) && *damaged == want
		}
		store, err := Open(t.Context(), diskPath, Options{VFS: s.disk.Name(), Readers: 2})
		if err != nil {
			refused++
			if at >= 100 /* the header */ && !names(err) {
				t.Fatalf("byte %d: Open = %v, which does not name %v", at, err, &want)
			}
			continue
		}
		s.store = store
		if err := s.readEverything(); err != nil {
			wrong++
			if !names(err) {
				t.Fatalf("byte %d: read: %v, which does not name %v", at, err, &want)
			}
		}
		if err := store.Verify(t.Context()); !names(err) {
			t.Fatalf("byte %d: Verify = %v, which does not name %v", at, err, &want)
		}
		_ = s.close()
		if t.Failed() {
			t.Fatalf("byte %d", at)
		}
	}
	t.Logf("a file of %d bytes; %d changes were found by Open, %d in reading, the others by Verify", len(whole), refused, wrong)
	s.disk.Put(diskPath, whole)
}

// TestFlippedInLog changes bytes of the write-ahead log of an open log: each read is right or an error that names the frame.
func TestFlippedInLog(t *testing.T) {
	s := newScript(t)
	store, err := Open(t.Context(), diskPath, Options{VFS: s.disk.Name(), Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.store = store
	for range 2 {
		s.append("ledger-a", 1, 50)
		s.append("ledger-b", 4, 100)
		s.append("ledger-c", 1, 6_000)
	}
	if err := s.readEverything(); err != nil {
		t.Fatal(err)
	}
	size := len(s.disk.Content(diskPath + "-wal"))
	found := 0
	for _, n := range chosen(t, size, 300) {
		at := int64(n - 1)
		mask := byte(1 << (n % 8))
		s.disk.Flip(diskPath+"-wal", at, mask)
		if err := store.readers.suspend(t.Context()); err != nil { // what was read before is forgotten
			t.Fatal(err)
		}
		store.readers.resume()
		if err := s.readEverything(); err != nil {
			found++
			var damaged *checksum.DamagedError
			frame := max(at-checksum.LogHeader, 0)/(checksum.FrameHeader+pageSize) + 1
			if !errors.As(err, &damaged) || damaged.File != diskPath+"-wal" || damaged.Frame != frame && damaged.Frame != frame+1 {
				t.Fatalf("byte %d: read: %v, which does not name frame %d", at, err, frame)
			}
		}
		s.disk.Flip(diskPath+"-wal", at, mask)
	}
	if found == 0 {
		t.Error("nothing was found")
	}
	t.Logf("a write-ahead log of %d bytes; %d changes were found in reading", size, found)
}

// TestFlippedBeforeRecovery changes bytes of the write-ahead log that a killed process has left. Whatever is missing afterwards is at most
// the last transaction.
func TestFlippedBeforeRecovery(t *testing.T) {
	s := newScript(t)
	s.open()
	s.append("ledger-a", 1, 50)
	s.append("ledger-b", 4, 100)
	s.append("ledger-c", 1, 6_000)
	s.append("ledger-a", 1, 50)
	file, log := s.disk.Content(diskPath), s.disk.Content(diskPath+"-wal")
	_ = s.close()
	acked := s.acked
	refused := 0
	for _, n := range chosen(t, len(log), 120) {
		at := int64(n - 1)
		s.disk.Put(diskPath, file)
		s.disk.Put(diskPath+"-wal", log)
		s.disk.Flip(diskPath+"-wal", at, byte(1<<(n%8)))
		store, err := Open(t.Context(), diskPath, Options{VFS: s.disk.Name(), Readers: 2})
		if err != nil {
			refused++
			var damaged *checksum.DamagedError
			if !errors.As(err, &damaged) {
				t.Fatalf("byte %d: Open = %v, which does not name what is damaged", at, err)
			}
			continue
		}
		s.store = store
		head, err := store.Head(t.Context())
		if err != nil || head < acked[len(acked)-2].Position {
			t.Fatalf("byte %d: the log ends at %d, %v, without an error", at, head, err)
		}
		if s.acked = acked; head < acked[len(acked)-1].Position {
			s.acked = acked[:len(acked)-1]
		}
		if err := s.readEverything(); err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		_ = s.close()
	}
	t.Logf("a write-ahead log of %d bytes; %d changes were refused", len(log), refused)
}
