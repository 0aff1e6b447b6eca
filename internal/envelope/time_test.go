package envelope_test

import (
	"testing"

	"jejak/internal/envelope"
)

// TestTimesThatNobodyReads: what the reader of the log does not take is refused with its place, before anything is stored.
func TestTimesThatNobodyReads(t *testing.T) {
	for _, at := range []string{"2026-11-30T12:00:00+24:00", "2026-11-30T12:00:00-24:00", "2026-11-30T12:00:00+23:60", "2000-01-01T00:00:00+24:00",
		"2026-11-30T12:00:00+07:60", "2026-11-30T12:00:00,5+07:00", "2026-11-30T2:00:00+07:00", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"} {
		_, violations := envelope.Parse(edit(t, map[string]any{"occurred_at": at}), now)
		if len(violations) != 1 || violations[0].Rule != envelope.RuleBadTime || violations[0].Path != "/occurred_at" {
			t.Errorf("%s: %v", at, violations)
		}
	}
	if _, violations := envelope.Parse(edit(t, map[string]any{"occurred_at": "2024-02-01T23:59:59+23:59"}), now); len(violations) > 0 {
		t.Error(violations)
	}
}
