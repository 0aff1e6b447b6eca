package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ncruces/go-sqlite3"

	"jejak/domain/box"
	"jejak/domain/incident"
	"jejak/domain/ledger"
)

// FuzzSnapshot: a snapshot of any content, its checksum right, is a state that can be kept again and is the same then, or is none; never a panic,
// and memory is bounded by its size.
func FuzzSnapshot(f *testing.F) {
	var whole bytes.Buffer
	if err := gob.NewEncoder(&whole).Encode(&ledger.Data{Version: 7, Adopted: "2024-02-01", LastRecorded: time.Date(2024, 2, 13, 6, 45, 0, 0, time.UTC)}); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes(), "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", int64(7))
	f.Add(whole.Bytes()[:whole.Len()/2], "x", int64(-1))
	f.Add([]byte{}, "", int64(0))
	f.Add([]byte{0xf8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, "", int64(0))
	c, err := Open(filepath.Join(f.TempDir(), "ledger-cache.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	f.Fuzz(func(t *testing.T, raw []byte, event string, position int64) {
		sum := sha256.Sum256(raw)
		err := errors.Join(
			c.write("DELETE FROM part", nil),
			c.write("INSERT OR REPLACE INTO snapshot (stream, version, position, event, format, sha256) VALUES ('a', 1, ?, ?, ?, ?)", func(s *sqlite3.Stmt) error {
				return errors.Join(s.BindInt64(1, position), s.BindText(2, event), s.BindText(3, c.format), s.BindBlob(4, sum[:]))
			}),
			c.write("INSERT INTO part (stream, version, number, data) VALUES ('a', 1, 1, ?)", func(s *sqlite3.Stmt) error { return s.BindBlob(1, raw) }))
		if err != nil {
			t.Skip(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		data, at, ok := c.Load(context.Background(), "a")
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20+1000*uint64(len(raw)) {
			t.Fatalf("%d bytes of memory for a snapshot of %d", used, len(raw))
		}
		if !ok {
			if at != (Mark{}) {
				t.Fatalf("no state, but its place %v", at)
			}
			return
		}
		if err := c.Save(context.Background(), "a", &data, at); err != nil {
			t.Fatal(err)
		}
		again, _, ok := c.Load(context.Background(), "a")
		if diff := cmp.Diff(data, again, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(box.Register{}, incident.Register{}), cmpopts.EquateNaNs()); !ok || diff != "" {
			t.Fatalf("another state after keeping it, %t:\n%s", ok, diff)
		}
	})
}
