package history_test

import (
	"bytes"
	"encoding/gob"
	"math/rand/v2"
	"runtime"
	"testing"

	"jejak/domain/given"
	"jejak/domain/ledger"
	"jejak/internal/history"
)

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first one leaves what has a finalizer
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestWeigh: what a state is said to take is what it takes, give or take a half.
func TestWeigh(t *testing.T) {
	for seed := range uint64(6) {
		h := tell(t, seed)
		var raw bytes.Buffer
		if err := gob.NewEncoder(&raw).Encode(&h.state.Data); err != nil {
			t.Fatal(err)
		}
		const copies = 200
		states := make([]*ledger.State, copies)
		before := heap()
		for i := range states {
			var data ledger.Data
			if err := gob.NewDecoder(bytes.NewReader(raw.Bytes())).Decode(&data); err != nil {
				t.Fatal(err)
			}
			var err error
			if states[i], err = ledger.Restore(given.Election, given.Unit, small, data); err != nil {
				t.Fatal(err)
			}
		}
		taken, said := (heap()-before)/copies, history.Weigh(states[0])
		if said < taken/2 || said > taken*3/2 {
			t.Errorf("seed %d: a state of %d events takes %d bytes, and is said to take %d", seed, h.state.Version, taken, said)
		}
		runtime.KeepAlive(states)
		runtime.KeepAlive(raw)
	}
}

// TestMarks: from one of the states that are left on the way, or from where it began, a version is not much further than the asker steps back.
func TestMarks(t *testing.T) {
	h := history.New(history.Config{Stride: 20})
	rng := rand.New(rand.NewPCG(1, 13))
	for range 10_000 {
		from := rng.Uint64N(3000)
		to := from + 1 + rng.Uint64N(3000)
		marks := history.Marks(h, from, to)
		last, nearest := from, from
		asked := from + rng.Uint64N(to-from)
		for _, m := range marks {
			if m <= last || m >= to {
				t.Fatalf("from %d to %d: %v", from, to, marks)
			}
			if last = m; m <= asked {
				nearest = m
			}
		}
		if back, fold := to-asked, asked-nearest; fold > 3*back+2*20 {
			t.Fatalf("from %d to %d by %v: %d back takes %d events", from, to, marks, back, fold)
		}
	}
}
