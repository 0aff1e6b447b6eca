package sqlite

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTimesByHand: a time is written as timeLayout says, whatever its zone.
func TestTimesByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-12*3600, 14*3600).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(-62_000_000_000, 253_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).In(zone)
		want := at.UTC().Truncate(time.Microsecond).Format(timeLayout)
		if got := string(appendTime(nil, at)); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}
