package supporting_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/domain/election/electiontest"
	"jejak/domain/supporting"
)

// Every version of every event ever written stays readable. The files are never edited; a new schema adds a file.
func TestGoldenEvents(t *testing.T) {
	files, err := filepath.Glob("testdata/events/*.v1.json")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	room := supporting.NewRoom(&supporting.State{}, electiontest.Small(), unit)
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		eventType, _, _ := strings.Cut(filepath.Base(file), ".v1")
		event := room.NewEvent(eventType, 1)
		if event == nil || event.EventType() != eventType || event.Schema() != 1 {
			t.Fatalf("%s makes %v", eventType, event)
		}
		decoder := json.NewDecoder(strings.NewReader(string(golden)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(event); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		written, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(written), strings.TrimSpace(string(golden)); got != want {
			t.Errorf("%s is written as\n%s, it was\n%s", file, got, want)
		}
		if room.NewEvent(eventType, 2) != domain.Event(nil) {
			t.Errorf("%s has a schema 2 without a golden file", eventType)
		}
	}
}
