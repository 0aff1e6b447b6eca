package cache

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jejak/domain/ledger"
)

// A state may be larger than all the memory that SQLite has, which is 256 MiB. Here it is given an eighth of that, and the state is one and a half times as large:
// with all of it this test alone would take seven gigabytes under the race detector. JEJAK_FAULTS=all leaves SQLite what it has.
func TestLargeState(t *testing.T) {
	c, err := Open(filepath.Join(t.TempDir(), "ledger-cache.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	memory := 256 << 20
	if os.Getenv("JEJAK_FAULTS") != "all" {
		memory /= 8
		if err := c.db.Exec("PRAGMA hard_heap_limit = " + strconv.Itoa(memory)); err != nil {
			t.Fatal(err)
		}
	}
	data := ledger.Data{Adopted: strings.Repeat("2024-02-01 ", memory*3/2/11)}
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
