package httpapi

import (
	"bytes"
	"iter"
)

// numberedLines yields the lines of a text with their numbers from 1, without the blank ones.
func numberedLines(text []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		number := 0
		for line := range bytes.Lines(text) {
			number++
			if line = bytes.TrimSpace(line); len(line) > 0 && !yield(number, line) {
				return
			}
		}
	}
}
