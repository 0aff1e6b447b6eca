package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// TestReadUnchecked: what a damaged page holds is read, and nothing is changed by it.
func TestReadUnchecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := s.Append(t.Context(), "ledger-e.3578", eventstore.Version(i), eventstore.Event{
			ID: uuid.New(), Type: "t", Schema: 1, RecordedAt: time.Unix(int64(i), 0), Data: []byte(`{"text":"abcdefgh"}`),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range file {
		if i+8 <= len(file) && string(file[i:i+8]) == "abcdefgh" {
			file[i] = 'A' // what is left of rows in free space too
			changed++
		}
	}
	if err := os.WriteFile(path, file, 0o600); err != nil || changed < 100 {
		t.Fatal(err, changed)
	}
	n, different := 0, 0
	for rec, err := range ReadUnchecked(t.Context(), path) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; rec.Position != eventstore.Position(n) {
			t.Errorf("position %d comes as the %dth", rec.Position, n)
		}
		if string(rec.Data) != `{"text":"abcdefgh"}` {
			different++
		}
	}
	if n != 100 || different != 100 {
		t.Errorf("%d records, %d different", n, different)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(file) {
		t.Errorf("the file was changed by reading: %v", err)
	}
	for _, err := range ReadUnchecked(t.Context(), filepath.Join(t.TempDir(), "nothing.db")) {
		if err == nil {
			t.Error("a file that is not there was read")
		}
	}
}
