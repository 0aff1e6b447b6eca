package domain_test

import (
	"encoding/json"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"jejak/domain"
)

// oddTimes look like RFC 3339 to the standard library, and are none.
var oddTimes = []string{
	"2026-11-30T12:00:00+24:00", "2026-11-30T12:00:00-24:00", "2026-11-30T12:00:00+23:60", "2000-01-01T00:00:00+24:00",
	"2026-11-30T12:00:00+07:60", "2026-11-30T12:00:00,5+07:00", "2026-11-30T2:00:00+07:00", "2026-11-30T12:00:00+24:60",
}

func TestParseTime(t *testing.T) {
	for _, text := range append(oddTimes, "", "2026-11-30", "2026-11-30T12:00:00", "2026-11-30 12:00:00Z", "2026-11-30T12:00:60Z", "2026-11-31T12:00:00Z",
		"2026-11-30T12:00:00z", "2026-11-30T12:00:00+0700", "2026-11-30T12:00:00.Z", "0000-06-01T12:00:00Z", "0001-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01", "12026-11-30T12:00:00Z", "2026-11-30T24:00:00Z", "2026-11-30T12:00:00Z ", "٢026-11-30T12:00:00Z") {
		if at, err := domain.ParseTime(text); err == nil {
			t.Errorf("%q is taken for %s", text, at)
		}
	}
	for _, text := range []string{"2026-11-30T12:00:00+23:59", "2026-11-30T12:00:00-23:59", "2026-11-30T12:00:59.123456789Z", "2026-11-30T12:00:00-00:00",
		"0001-01-02T00:00:00+07:00", "9999-12-31T23:59:59.999999999Z", "2024-02-29T00:00:00+05:30"} {
		if _, err := domain.ParseTime(text); err != nil {
			t.Error(err)
		}
	}
	first, err := domain.ParseTime("0001-01-01T00:00:00Z")
	if err != nil || first.IsZero() || first.Sub(time.Time{}) != 1 {
		t.Errorf("the first instant of year 1 is %v, %v: it must not be the one that means none", first, err)
	}
}

// TestTimesThatAreTakenCanBeKept: whatever is taken, every reader and writer takes too, also in UTC, as the same instant.
func TestTimesThatAreTakenCanBeKept(t *testing.T) {
	digits := func(t *rapid.T, most int, name string) string {
		n := rapid.IntRange(0, most).Draw(t, name)
		return string([]byte{byte('0' + n/10), byte('0' + n%10)})
	}
	rapid.Check(t, func(t *rapid.T) {
		text := digits(t, 99, "century") + digits(t, 99, "year") + "-" + digits(t, 13, "month") + "-" + digits(t, 32, "day") + "T" + digits(t, 25, "hour") + ":" +
			digits(t, 61, "minute") + ":" + digits(t, 61, "second") + rapid.StringMatching(`(\.[0-9]{1,12}|,5)?`).Draw(t, "fraction") +
			rapid.SampledFrom([]string{"Z", "+", "-"}).Draw(t, "sign")
		if last := text[len(text)-1]; last != 'Z' {
			text += digits(t, 26, "zone hour") + ":" + digits(t, 61, "zone minute")
		}
		at, err := domain.ParseTime(text)
		if err != nil {
			return
		}
		for _, way := range []time.Time{at, at.UTC()} {
			strict, err := jsonv2.Marshal(way)
			if err != nil {
				t.Fatalf("%s cannot be written: %v", text, err)
			}
			var back time.Time
			if err := jsonv2.Unmarshal(strict, &back); err != nil || !back.Equal(at) {
				t.Fatalf("%s is written %s and read as %v, %v", text, strict, back, err)
			}
			usual, err := json.Marshal(way)
			if err != nil {
				t.Fatalf("%s cannot be written: %v", text, err)
			}
			if err := json.Unmarshal(usual, &back); err != nil || !back.Equal(at) {
				t.Fatalf("%s is written %s and read as %v, %v", text, usual, back, err)
			}
			if stored, err := domain.StoredTime(way.Format(time.RFC3339Nano)); err != nil || !stored.Equal(at) {
				t.Fatalf("%s is stored as %s and read as %v, %v", text, way.Format(time.RFC3339Nano), stored, err)
			}
		}
	})
}

// TestStoredTime: what an earlier program took and wrote is read by its instant.
func TestStoredTime(t *testing.T) {
	for _, sent := range oddTimes {
		at, err := time.Parse(time.RFC3339, sent) // as it was read once
		if err != nil {
			continue // nobody ever took it
		}
		written := at.Format(time.RFC3339Nano)
		got, err := domain.StoredTime(written)
		if err != nil || !got.Equal(at) {
			t.Errorf("%s was written %s and is read as %v, %v", sent, written, got, err)
			continue
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("%s: %v", written, err)
		}
	}
	for _, text := range []string{"", "x", "2026-11-30T12:00:00+26:00", "2026-11-30T12:00:00+25:61", "2026-02-30T12:00:00+24:00"} {
		if at, err := domain.StoredTime(text); err == nil {
			t.Errorf("%q is read as %v", text, at)
		}
	}
}
