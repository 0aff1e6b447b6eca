package cache

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jejak/domain/ledger"
)

// A state may be larger than all the memory that SQLite has, which is 256 MiB. Here it is given an eighth of that, and the state is one and a half times as large:
// with all of it this test alone would take seven gigabytes under the race detector.
func TestLargeState(t *testing.T) {
	c, err := Open(filepath.Join(t.TempDir(), "ledger-cache.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.db.Exec("PRAGMA hard_heap_limit = 33554432"); err != nil {
		t.Fatal(err)
	}
	data := ledger.Data{Adopted: strings.Repeat("2024-02-01 ", 48<<20/11)}
	for version := range uint64(2) {
		data.Version = version + 1
		at := Mark{Position: 7, Event: uuid.New()}
		if err := c.Save(t.Context(), "ledger-a", &data, at); err != nil {
			t.Fatal(err)
		}
		if got, mark, ok := c.Load(t.Context(), "ledger-a"); !ok || mark != at || got.Version != data.Version || got.Adopted != data.Adopted {
			t.Fatalf("version %d: loaded version %d at %v, %t", data.Version, got.Version, mark, ok)
		}
	}
}
