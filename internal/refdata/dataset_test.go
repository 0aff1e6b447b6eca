package refdata

import (
	"testing"

	"jejak/domain/election"
)

func TestBuiltInIsWhole(t *testing.T) {
	for _, id := range Elections() {
		ds, err := BuiltIn(id)
		if err != nil {
			t.Fatal(err)
		}
		size, largest := 0, 0
		book := election.NewCatalog()
		for _, e := range Events(ds) {
			data := election.Encode(e)
			size, largest = size+len(data), max(largest, len(data))
			if err := book.Apply(e.EventType(), e.Schema(), data); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := book.Reference(id, ds.Version); !ok {
			t.Fatalf("version %s is not in the catalog", ds.Version)
		}
		t.Logf("%s: version %s, %d events, %d bytes, largest %d", id, ds.Version, len(Events(ds)), size, largest)
		if largest > 200_000 {
			t.Errorf("largest event has %d bytes", largest)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		loadBuiltIn("pemilu2024")
	}
}

func BenchmarkBuild(b *testing.B) {
	l, totals := loadBuiltIn("pemilu2024")
	for b.Loop() {
		if _, problems := build(l, totals); problems.Err() != nil {
			b.Fatal(problems)
		}
	}
}
