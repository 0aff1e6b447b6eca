package given

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jejak/domain"
)

// Golden checks that every version of every event ever written stays readable and is written the same: testdata/events holds a file
// "<type>.v<schema>.json" for each, which is never edited. types are all events of the room, at their newest schema.
func Golden(t *testing.T, newEvent func(eventType string, schema int) domain.Event, types ...domain.Event) {
	t.Helper()
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".v1.json")
		seen[name] = true
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		event := newEvent(name, 1)
		if event == nil || event.EventType() != name || event.Schema() != 1 {
			t.Fatalf("%s makes %v", file, event)
		}
		decoder := json.NewDecoder(bytes.NewReader(golden))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(event); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		written, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		if want := bytes.TrimSpace(golden); !bytes.Equal(written, want) {
			t.Errorf("%s is written as\n%s, it was\n%s", file, written, want)
		}
	}
	for _, event := range types {
		if !seen[event.EventType()] {
			t.Errorf("%s has no golden file", event.EventType())
		}
		if newEvent(event.EventType(), event.Schema()+1) != nil {
			t.Errorf("%s has a schema that it does not write", event.EventType())
		}
	}
	if len(seen) != len(types) {
		t.Errorf("%d golden files for %d events", len(seen), len(types))
	}
}
