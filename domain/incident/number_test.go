package incident

import (
	"fmt"
	"testing"
)

func TestNextID(t *testing.T) {
	for _, n := range []int{0, 8, 9, 98, 99_998, 99_999, 999_998, 999_999, 12_345_678} {
		r := Register{Next: n}
		if got, want := r.NextID("3578", 0), fmt.Sprintf("DSC-3578-%06d", n+1); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
