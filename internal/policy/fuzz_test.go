package policy

import (
	"bytes"
	"encoding/gob"
	"runtime"
	"testing"
)

// FuzzCheckpoint: what a damaged checkpoint holds is a fold that can be kept again, or an error; never a panic, and memory is bounded by its size.
func FuzzCheckpoint(f *testing.F) {
	folds := func() []any {
		return []any{newSeals(nil).fold(), newDeliveries().fold(), newDeadlines(nil).fold()}
	}
	for kind, fold := range folds() {
		var data bytes.Buffer
		if err := gob.NewEncoder(&data).Encode(fold); err != nil {
			f.Fatal(err)
		}
		f.Add(data.Bytes(), uint8(kind))
		f.Add(data.Bytes()[:data.Len()/2], uint8(kind))
	}
	f.Add([]byte{0xf8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		all := folds()
		fold := all[int(kind)%len(all)]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := gob.NewDecoder(bytes.NewReader(data)).Decode(fold)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20+1000*uint64(len(data)) {
			t.Fatalf("%d bytes of memory for a checkpoint of %d", used, len(data))
		}
		if err != nil {
			return
		}
		if err := gob.NewEncoder(new(bytes.Buffer)).Encode(fold); err != nil {
			t.Fatal(err)
		}
	})
}
