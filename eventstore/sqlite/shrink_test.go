package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestShrinks: a write-ahead log that another program's open transaction has kept is emptied when that has ended, though nobody appends.
func TestShrinks(t *testing.T) {
	d := &diary{t: t, path: filepath.Join(t.TempDir(), "events.db")}
	d.open() // the log is long at 160 pages
	d.append(10)
	release := within{}.hold(t, d.path)
	d.append(120)
	size := func() int64 {
		info, err := os.Stat(d.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if n := size(); n < 160*pageSize {
		t.Fatalf("the write-ahead log has %d bytes while another program reads", n)
	}
	release()
	for deadline := time.Now().Add(30 * time.Second); size() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the write-ahead log still has %d bytes", size())
		}
	}
	d.check()
	d.close()
}
