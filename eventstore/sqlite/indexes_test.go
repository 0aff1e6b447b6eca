package sqlite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/eventstore"
	"jejak/eventstore/invariant"
)

// indexed is what a check reads of an open log in place of many look-ups.
func indexed(s *Store) invariant.Options {
	return invariant.Options{Gapless: true, Index: &invariant.Index{Streams: s.StreamIndex, Commands: s.CommandIndex}}
}

// withOthers returns the path of a log of commands and of events without one.
func withOthers(t *testing.T) string {
	t.Helper()
	path := newLog(t)
	s := open(t, path, Options{})
	for v := range eventstore.Version(10) {
		e := eventstore.Event{ID: uuid.New(), Type: "reference.published", RecordedAt: time.Unix(1_700_000_000, 0)}
		if _, err := s.Append(t.Context(), "d", v, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// exchange puts the content of another index in the place of one.
func exchange(t *testing.T, path, name, other string) {
	t.Helper()
	// All at once: who looked in between would go on with the index that it saw.
	edit(t, path, fmt.Sprintf(`BEGIN; %s; PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'other') WHERE name = '%s';
		DELETE FROM sqlite_schema WHERE name = 'other'; COMMIT`, other, name))
}

// TestIndexesAreHeldAgainstTheLog: an index that lacks an entry, or has another, is found by reading it once, and what is wrong is named.
func TestIndexesAreHeldAgainstTheLog(t *testing.T) {
	for name, c := range map[string]struct{ index, other, want string }{
		"sound":              {},
		"a stream's record":  {"events_stream", `CREATE UNIQUE INDEX other ON events (stream, version) WHERE position <> 7`, "stream a: read by itself it has other records"},
		"a command":          {"events_command", `CREATE INDEX other ON events (command) WHERE command IS NOT NULL AND position <> 7`, "is not found"},
		"another command":    {"events_command", `CREATE INDEX other ON events (CASE position WHEN 7 THEN '00000000-0000-4000-8000-000000000000' ELSE command END) WHERE command IS NOT NULL`, "is not found"},
		"an id":              {"events_id", `CREATE UNIQUE INDEX other ON events (id) WHERE command IS NULL AND position <> 33`, "the index by commands does not fit the log"},
		"another version":    {"events_stream", `CREATE INDEX other ON events (stream, CASE position WHEN 28 THEN 11 ELSE version END)`, "stream a: read by itself it has other records"},
		"the order":          {"events_command", `CREATE INDEX other ON events (command DESC) WHERE command IS NOT NULL`, "stands after"},
		"the order of steps": {"events_stream", `CREATE INDEX other ON events (stream, version DESC)`, "stands after"},
		"what is no command": {"events_command", `CREATE INDEX other ON events (type) WHERE command IS NOT NULL`, "read an index"},
	} {
		t.Run(name, func(t *testing.T) {
			path := withOthers(t)
			s := open(t, path, Options{})
			defer s.Close()
			if c.index != "" { // while it is open, as Open finds some of it out by itself
				exchange(t, path, c.index, c.other)
			}
			report, err := invariant.Check(t.Context(), s, indexed(s))
			if err != nil || report.Events != 40 || report.Streams != 4 {
				t.Fatalf("%+v, %v", report, err)
			}
			if got := fmt.Sprint(report.Err()); c.want == "" && report.Err() != nil || !strings.Contains(got, c.want) {
				t.Errorf("%v, want %q", report.Err(), c.want)
			}
		})
	}
}

// TestCheckFindsWhatVerifyFinds in the records.
func TestCheckFindsWhatVerifyFinds(t *testing.T) {
	for name, c := range map[string]struct{ sql, want string }{
		"sound":     {``, ""},
		"data":      {`UPDATE events SET data = '{' WHERE position = 7`, "position 7 (a, version 3): it is malformed"},
		"id":        {`UPDATE events SET id = 'x' WHERE position = 7`, "position 7"},
		"time":      {`UPDATE events SET recorded_at = '2024-02-13' WHERE position = 7`, "position 7"},
		"version":   {`UPDATE events SET version = 77 WHERE position = 7`, "position 7 (a, version 77): it comes after version 2"},
		"stream":    {`UPDATE events SET stream = 'd' WHERE position = 7`, "position 7 (d, version 3): it comes after version 0"},
		"positions": {`DELETE FROM events WHERE position = 7`, "positions 7 to 7 are missing"},
		"command":   {`UPDATE events SET command = (SELECT command FROM events WHERE position = 6) WHERE position = 7`, "has events in stream c too"},
	} {
		t.Run(name, func(t *testing.T) {
			path := newLog(t)
			s := open(t, path, Options{})
			defer s.Close()
			if c.sql != "" {
				edit(t, path, `PRAGMA busy_timeout=5000; DROP TRIGGER events_no_delete; DROP TRIGGER events_no_update; `+c.sql)
			}
			report, err := invariant.Check(t.Context(), s, indexed(s))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(report.Err()); c.want == "" && report.Err() != nil || !strings.Contains(got, c.want) {
				t.Errorf("%v, want %q", report.Err(), c.want)
			}
			if err := s.VerifyFile(t.Context()); err != nil {
				t.Errorf("the file: %v", err)
			}
		})
	}
}
