package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// byteSize is a flag of bytes: 1048576, 500MiB, 4GiB. It is "" for 0, which is the default of what it limits.
type byteSize int64

var byteUnits = []struct {
	name  string
	bytes byteSize
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

func (b *byteSize) String() string {
	for _, u := range byteUnits {
		if *b != 0 && *b%u.bytes == 0 {
			return strconv.FormatInt(int64(*b/u.bytes), 10) + u.name
		}
	}
	return ""
}

// Set reads it.
func (b *byteSize) Set(text string) error {
	for _, u := range byteUnits {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n <= 0 || n > (1<<62)/int64(u.bytes) {
			break
		}
		*b = byteSize(n) * u.bytes
		return nil
	}
	return errors.New("give a number of bytes, such as 1048576, 500MiB or 4GiB")
}

// Type is for the help.
func (b *byteSize) Type() string { return "bytes" }

// age is a flag of a time that passes: 36h, 30d. It is "" for 0, as a byteSize.
type age time.Duration

const day = 24 * time.Hour

func (a *age) String() string {
	d := time.Duration(*a)
	switch {
	case d == 0:
		return ""
	case d%day == 0:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.String()
}

// Set reads it.
func (a *age) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseInt(days, 10, 64); err == nil && n > 0 && n <= 36500 {
			*a = age(time.Duration(n) * day)
			return nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
		*a = age(d)
		return nil
	}
	return errors.New("give days or hours, such as 30d or 36h")
}

// Type is for the help.
func (a *age) Type() string { return "age" }
