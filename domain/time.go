package domain

import (
	"fmt"
	"strings"
	"time"
)

// timeShape is how RFC 3339 writes a time up to its seconds. A digit stands for any digit.
const timeShape = "0000-00-00T00:00:00"

// ParseTime reads a time that comes from outside: RFC 3339 to the letter, with an offset of at most 23:59, seconds up to 59, and a year from 1 to 9999 both
// there and in UTC. What it takes can be written and read back by every format that Jejak has; what the standard library takes beyond that (offsets of a
// day, commas, hours of one digit) cannot. Every other package reads times through it or through StoredTime.
//
// The first instant of the year 1 is what Go holds for no time at all, so the nanosecond after it stands for it.
func ParseTime(text string) (time.Time, error) {
	if !inTimeShape(text, 23, 59) {
		return time.Time{}, badTime(text)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() < 1 || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, badTime(text)
	}
	if t.IsZero() {
		t = t.Add(1)
	}
	return t, nil
}

// StoredTime reads a time that Jejak has written. Earlier programs took offsets of up to 25 hours, which nothing else reads: such a time is given in UTC, by
// its instant.
func StoredTime(text string) (time.Time, error) {
	if inTimeShape(text, 23, 59) {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t, nil
		}
		return time.Time{}, badTime(text)
	}
	if !inTimeShape(text, 25, 60) {
		return time.Time{}, badTime(text)
	}
	local, zone := text[:len(text)-len("+07:00")], text[len(text)-len("+07:00"):]
	t, err := time.Parse(time.RFC3339, local+"Z")
	if err != nil {
		return time.Time{}, badTime(text)
	}
	offset := time.Duration(twoDigits(zone[1:]))*time.Hour + time.Duration(twoDigits(zone[4:]))*time.Minute
	if zone[0] == '+' {
		offset = -offset
	}
	return t.Add(offset), nil
}

// TimeWithoutZone tells whether a text is a date or a time but for the zone that is missing.
func TimeWithoutZone(text string) bool {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}

// badTime keeps a copy of the text, so that ParseTime can be given what is soon overwritten.
func badTime(text string) error {
	return fmt.Errorf("%q is no RFC 3339 time with an offset, such as 2024-02-13T06:45:00+07:00", strings.Clone(text))
}

// inTimeShape tells whether a text looks like RFC 3339, with an offset of at most so many hours and minutes. Whether there is such a day it does not say.
func inTimeShape(text string, hours, minutes int) bool {
	if len(text) <= len(timeShape) {
		return false
	}
	for i := range len(timeShape) {
		if want := timeShape[i]; want == '0' && !isDigit(text[i]) || want != '0' && text[i] != want {
			return false
		}
	}
	zone := text[len(timeShape):]
	if zone[0] == '.' {
		end := 1
		for end < len(zone) && isDigit(zone[end]) {
			end++
		}
		if end == 1 {
			return false
		}
		zone = zone[end:]
	}
	if zone == "Z" {
		return true
	}
	return len(zone) == len("+07:00") && (zone[0] == '+' || zone[0] == '-') && isDigit(zone[1]) && isDigit(zone[2]) && zone[3] == ':' &&
		isDigit(zone[4]) && isDigit(zone[5]) && twoDigits(zone[1:]) <= hours && twoDigits(zone[4:]) <= minutes
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func twoDigits(text string) int { return 10*int(text[0]-'0') + int(text[1]-'0') }
