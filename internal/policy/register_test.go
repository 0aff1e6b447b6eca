package policy

import (
	"bytes"
	"encoding/gob"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jejak/eventstore"
)

// TestRegisterComesBack: what is kept of seals is what is read, and what is cut short is not read at all.
func TestRegisterComesBack(t *testing.T) {
	position := rapid.Map(rapid.Uint64Range(1, math.MaxInt64), func(n uint64) eventstore.Position { return eventstore.Position(n) })
	rapid.Check(t, func(t *rapid.T) {
		want := register{
			First: rapid.MapOf(rapid.Uint64(), position).Draw(t, "first"),
			More:  rapid.MapOf(rapid.Uint64(), rapid.SliceOfN(position, 1, 4)).Draw(t, "more"),
		}
		var raw bytes.Buffer
		if err := gob.NewEncoder(&raw).Encode(&want); err != nil {
			t.Fatal(err)
		}
		got := register{First: map[uint64]eventstore.Position{7: 7}}
		if err := gob.NewDecoder(&raw).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		flat, err := want.GobEncode()
		if err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(flat)-1).Draw(t, "cut")
		if err := new(register).GobDecode(flat[:cut]); err == nil {
			t.Fatalf("%d of %d bytes were read as a whole", cut, len(flat))
		}
		if err := new(register).GobDecode(append(flat, 1)); err == nil {
			t.Fatal("a byte too many was not seen")
		}
	})
}
