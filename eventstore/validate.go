package eventstore

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Validate says everything that is wrong with an append, at once. The error wraps ErrInvalid, ErrTooLarge or both; nil means that an
// engine can store it. Every engine calls it first, so that all refuse the same.
func Validate(stream string, events []Event) error {
	var wrong []error
	bad := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("append to %q: "+format+": %w", append(append([]any{stream}, args...), ErrInvalid)...))
	}
	if problem := nameProblem(stream, MaxStreamName); problem != "" {
		bad("stream name %s", problem)
	}
	if len(events) == 0 {
		bad("it has no events")
	}
	if len(events) > MaxEvents {
		wrong = append(wrong, fmt.Errorf("append to %q: %d events, at most %d: split it: %w", stream, len(events), MaxEvents, ErrTooLarge))
		return errors.Join(wrong...)
	}
	for i := range events {
		e := &events[i]
		if e.ID == uuid.Nil {
			bad("event %d has no id", i)
		}
		if problem := nameProblem(e.Type, MaxTypeName); problem != "" {
			bad("event %d: type %s", i, problem)
		}
		if e.Schema < 0 || e.Schema > math.MaxInt32 {
			bad("event %d: schema %d is not between 0 and %d", i, e.Schema, math.MaxInt32)
		}
		if y := e.RecordedAt.UTC().Year(); y < 0 || y > 9999 {
			bad("event %d: year %d of its time is not between 0 and 9999", i, y)
		}
		if problem := jsonProblem(e.Data); problem != "" {
			bad("event %d: data %s", i, problem)
		}
		if problem := jsonProblem(e.Metadata); problem != "" {
			bad("event %d: metadata %s", i, problem)
		}
	}
	if i, j, twice := twice(events); twice {
		bad("events %d and %d have the same id %s", i, j, events[i].ID)
	}
	if size := Size(events...); size > MaxAppend {
		wrong = append(wrong, fmt.Errorf("append to %q: %d bytes, at most %d: split it: %w", stream, size, MaxAppend, ErrTooLarge))
	}
	return errors.Join(wrong...)
}

// Size is what MaxAppend limits: the bytes of events as the engine with the smallest limit stores them, or a little more.
func Size(events ...Event) int {
	size := 0
	for i := range events {
		e := &events[i]
		size += EventOverhead + len(e.Type) + len(e.Data) + len(e.Metadata)
	}
	return size
}

// Match tells whether the filter chooses records of this stream and type.
func (f *Filter) Match(stream, typ string) bool {
	return strings.HasPrefix(stream, f.StreamPrefix) && (len(f.Types) == 0 || slices.Contains(f.Types, typ))
}

// Stored returns the event as every engine gives it back: time in UTC to the microsecond, no bytes as nil.
func (e Event) Stored() Event {
	e.RecordedAt = e.RecordedAt.UTC().Truncate(microsecond)
	if len(e.Data) == 0 {
		e.Data = nil
	}
	if len(e.Metadata) == 0 {
		e.Metadata = nil
	}
	return e
}

func nameProblem(name string, limit int) string {
	if name == "" {
		return "is empty"
	}
	if len(name) > limit {
		return fmt.Sprintf("has %d bytes, at most %d", len(name), limit)
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return fmt.Sprintf("has byte 0x%02x at %d: only printable ASCII without spaces", name[i], i)
		}
	}
	return ""
}

// jsonProblem: the log is read with SQL and JSON tools that stop at the first malformed value, so none gets in.
func jsonProblem(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if !validJSON(b) {
		return "is not JSON"
	}
	if !utf8.Valid(b) {
		return "is not UTF-8"
	}
	return ""
}

// twice finds two events with the same id. Appends are mostly of a few events, for which comparing all is faster than a map.
func twice(events []Event) (i, j int, found bool) {
	if len(events) <= 16 {
		for j := range events {
			for i := range j {
				if events[i].ID == events[j].ID {
					return i, j, true
				}
			}
		}
		return 0, 0, false
	}
	seen := make(map[uuid.UUID]int, len(events))
	for j := range events {
		if i, ok := seen[events[j].ID]; ok {
			return i, j, true
		}
		seen[events[j].ID] = j
	}
	return 0, 0, false
}
