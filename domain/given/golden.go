package given

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
)

var newGolden = flag.Bool("new-golden", false, "write golden files of events that have none; those that exist are never written again")

var goldenName = regexp.MustCompile(`^([a-z_]+\.[a-z_]+)\.v([1-9][0-9]*)\.json$`)

// Golden checks that every version of every event ever written stays readable, means the same, and is written the same. testdata/events
// holds a file "<type>.v<schema>.json" for each, which is never edited. events are one of each of the room at its newest schema, every field
// filled in: what its file must be read as. Files of older schemas must still be read as the newest.
func Golden(t *testing.T, newEvent func(eventType string, schema int) domain.Event, events ...domain.Event) {
	t.Helper()
	names := map[string]bool{}
	for _, want := range events {
		file := filepath.Join("testdata", "events", want.EventType()+".v"+strconv.Itoa(want.Schema())+".json")
		names[file] = true
		golden, err := os.ReadFile(file)
		if os.IsNotExist(err) && *newGolden {
			golden = write(t, file, want)
		} else if err != nil {
			t.Errorf("every event has a golden file: %v; make it with go test -run Golden -new-golden", err)
			continue
		}
		read := newEvent(want.EventType(), want.Schema())
		if read == nil || read.EventType() != want.EventType() {
			t.Errorf("%s makes %v", file, read)
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(golden))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(read); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if read.Schema() != want.Schema() { // what is in it decides
			t.Errorf("%s is of schema %d", file, read.Schema())
		}
		if diff := cmp.Diff(want, read); diff != "" {
			t.Errorf("%s means something else (-meant +read):\n%s", file, diff)
		}
		if written, err := json.Marshal(read); err != nil || !bytes.Equal(written, bytes.TrimSpace(golden)) {
			t.Errorf("%s is written as\n%s, it was\n%s (%v)", file, written, golden, err)
		}
		// An event that says nothing of what a schema has added may be written as the one before: one more than that of events[] there is not.
		if empty := newEvent(want.EventType(), 0); empty == nil || empty.Schema() > want.Schema() {
			t.Errorf("the newest schema of %s is %v, not %d", want.EventType(), empty, want.Schema())
		}
		if newEvent(want.EventType(), want.Schema()+1) != nil {
			t.Errorf("%s has a schema that it does not write", want.EventType())
		}
	}
	older(t, newEvent, names)
}

// older reads the files that are not of the newest schema of an event.
func older(t *testing.T, newEvent func(string, int) domain.Event, newest map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "events", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if newest[file] {
			continue
		}
		part := goldenName.FindStringSubmatch(filepath.Base(file))
		if part == nil {
			t.Errorf("%s is not named <type>.v<schema>.json", file)
			continue
		}
		schema, _ := strconv.Atoi(part[2])
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		event := newEvent(part[1], schema)
		if event == nil {
			t.Errorf("%s: nothing reads it any more", file)
			continue
		}
		if err := json.Unmarshal(golden, event); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func write(t *testing.T, file string, event domain.Event) []byte {
	t.Helper()
	data, err := json.Marshal(event)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, append(slices.Clone(data), '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}
