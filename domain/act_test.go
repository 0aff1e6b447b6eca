package domain_test

import (
	"testing"

	"github.com/google/uuid"

	"jejak/domain"
)

// TestEventIDIsVersion5: it is the UUID of version 5 of the command and the number, for ever.
func TestEventIDIsVersion5(t *testing.T) {
	for range 100 {
		command := uuid.New()
		for _, n := range []int{0, 1, 255, 256, 4095} {
			if got, want := domain.EventID(command, n), uuid.NewSHA1(command, []byte{byte(n >> 8), byte(n)}); got != want {
				t.Fatalf("event %d of %s is %s, want %s", n, command, got, want)
			}
		}
	}
}
