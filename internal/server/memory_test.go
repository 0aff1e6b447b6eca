package server

import "testing"

func TestGarbageHasRoomInASmallHeap(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 400}, {1 << 20, 400}, {64 << 20, 400}, {128 << 20, 200}, {256 << 20, 100}, {427 << 20, 60}, {4 << 30, 60}, {1 << 45, 60}} {
		if got := shareFor(c.live); got != c.want {
			t.Errorf("%d MiB in use: %d %%, want %d %%", c.live>>20, got, c.want)
		}
	}
}
