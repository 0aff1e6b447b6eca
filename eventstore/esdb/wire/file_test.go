package wire_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"

	"jejak/eventstore/esdb/wire"
)

// written returns a log file of a few appends, the events of users after each of the last two, and the size of the file then.
func written(t *testing.T) (data []byte, records [2][]wire.Record, size [2]int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	s := start(t, wire.Options{File: path})
	c := connect(t, s.ConnectionString())
	appendTo(t, c, "order-1", esdb.NoStream{}, events(0, 3)...)
	for i := range 2 {
		appendTo(t, c, "order-2", esdb.Any{}, event(10+i))
		read, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, size[i], records[i] = read, len(read), s.Records()
	}
	s.Kill()
	return data, records, size
}

// startOn starts a server on a file with these bytes.
func startOn(t *testing.T, path string, data []byte) (*wire.Server, error) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return wire.Start(wire.Options{File: path})
}

// A log that ends anywhere within its last frame has all before it, and goes on from there.
func TestTornTail(t *testing.T) {
	data, records, size := written(t)
	path := filepath.Join(t.TempDir(), "log")
	for end := size[0]; end <= size[1]; end++ {
		s, err := startOn(t, path, data[:end])
		if err != nil {
			t.Fatalf("torn at byte %d: %v", end, err)
		}
		want, length := records[0], size[0]
		if end == size[1] {
			want, length = records[1], size[1]
		}
		if diff := cmp.Diff(want, s.Records()); diff != "" {
			t.Fatalf("torn at byte %d: %s", end, diff)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != int64(length) {
			t.Fatalf("torn at byte %d: the file has %d bytes, want %d (%v)", end, info.Size(), length, err)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	// The end of a file that grew before its bytes came is zeroes.
	s, err := startOn(t, path, append(bytes.Clone(data[:size[0]]), make([]byte, size[1]-size[0])...))
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s.ConnectionString())
	appendTo(t, c, "order-2", esdb.Revision(0), event(11))
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := s.Records(); len(got) != len(records[1]) || got[len(got)-1].ID != event(11).EventID {
		t.Errorf("after the cut and an append there is %v", got)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A byte (every third is tried) that has changed before the last frame is never taken for a torn end.
func TestDamageIsRefused(t *testing.T) {
	data, _, size := written(t)
	path := filepath.Join(t.TempDir(), "log")
	for at := 0; at < size[0]; at += 3 {
		damaged := bytes.Clone(data)
		damaged[at] ^= 0x20
		s, err := startOn(t, path, damaged)
		if err == nil {
			_ = s.Stop()
			t.Fatalf("damage at byte %d is taken", at)
		}
		if !strings.Contains(err.Error(), "damaged at byte") {
			t.Fatalf("damage at byte %d: %v", at, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, damaged) {
			t.Fatalf("the refused file was changed (%v)", err)
		}
	}
}

// A frame that is missing between sound ones is seen by the positions.
func TestMissingFrameIsRefused(t *testing.T) {
	data, _, _ := written(t)
	second := bytes.Index(data[1:], []byte("JWL1")) + 1
	if s, err := startOn(t, filepath.Join(t.TempDir(), "log"), data[second:]); err == nil {
		_ = s.Stop()
		t.Fatal("a log without its first frame is taken")
	}
}
