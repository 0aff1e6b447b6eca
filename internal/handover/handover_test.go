package handover_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/internal/handover"
)

var accepted = time.Date(2024, 2, 9, 6, 16, 54, 0, time.UTC)

// sheet is one of so many boxes, with something wrong in it.
func sheet(boxes int) handover.Sheet {
	s := handover.Sheet{
		Election: "pemilu2024", ElectionName: "Pemilu 2024", Unit: "3576", UnitName: "Kota Mojokerto", Handoff: "HND-3576-D01-1", Number: "12/PP.09-BA/3576/2024",
		Shipment: "SHP-3576-D01-1", Place: handover.Place{Code: "357601", Name: "Prajurit Kulon"}, Offered: boxes, Accepted: boxes - 1, Missing: 1,
		Giver:     handover.Party{Person: handover.Person{ID: "usr-x7kwgx5i3u3km2ao", Name: "Budi Santoso"}, Place: handover.Place{Code: "3576", Name: "Kota Mojokerto"}, At: accepted.Add(-6 * time.Hour), Event: uuid.MustParse("018d8c5e-0f3a-5b52-9a0e-2f1f6f4f5a3b")},
		Receiver:  handover.Party{Person: handover.Person{ID: "usr-7qvnieko2kwtgia7"}, Place: handover.Place{Code: "357601", Name: "Prajurit Kulon"}, At: accepted, Event: uuid.MustParse("018d8d5e-0f3a-5b52-9a0e-2f1f6f4f5a3c")},
		Witnesses: []handover.Witness{{Role: "supervisor", Person: handover.Person{ID: "usr-3qjky7qyobqsi6zm", Name: "Siti Aminah"}}, {Role: "police", Person: handover.Person{ID: "usr-9"}}},
		Evidence:  handover.Evidence{Leaf: "Ws3WBrWtzr32AfJFpRwI8SUpHca6H26JxlyTEuAnubY="},
	}
	for i := range boxes {
		seals := []string{fmt.Sprintf("JT3576-%07d", 2*i), fmt.Sprintf("JT3576-%07d", 2*i+1)}
		b := handover.Box{ID: domain.BoxID(fmt.Sprintf("3576011%03d%03d-%s", 1+i/250, 1+i/5, []string{"PPWP", "DPR", "DPD", "DPRDP", "DPRDK"}[i%5])), Read: seals, Applied: seals}
		switch i {
		case 3:
			b.Mark, b.Read = handover.IsMissing, nil
		case 7:
			b.Condition = []string{"seal_broken"}
		case 8:
			b.Read = seals[:1]
		}
		s.Boxes = append(s.Boxes, b)
	}
	return s
}

func draw(t *testing.T, s handover.Sheet) []byte {
	t.Helper()
	file, err := s.PDF()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func pages(file []byte) int { return bytes.Count(file, []byte("<</Type /Page\n")) }

func TestPages(t *testing.T) {
	for boxes, want := range map[int]int{1: 1, 40: 1, 41: 1, 230: 3, 1000: 9} {
		if got := pages(draw(t, sheet(boxes))); got != want {
			t.Errorf("%d boxes are on %d pages, expected %d", boxes, got, want)
		}
	}
}

// The same sheet gives the same bytes, on every machine and in every build: the sums were written down. A new layout is another version of the sheet.
func TestSameBytes(t *testing.T) {
	proved := sheet(40)
	proved.Evidence.Proof = "c2sp.org/tlog-proof@v1\n" + strings.Repeat("Ws3WBrWtzr32AfJFpRwI8SUpHca6H26JxlyTEuAnubY=\n", 30)
	forgotten := sheet(40)
	forgotten.Name(func(string) string { return "" })
	var sums strings.Builder
	for _, c := range []struct {
		name string
		of   handover.Sheet
	}{{"pending", sheet(40)}, {"proved", proved}, {"forgotten", forgotten}, {"long", sheet(230)}} {
		file := draw(t, c.of)
		if !bytes.Equal(file, draw(t, c.of)) {
			t.Errorf("%s: drawn again it has other bytes", c.name)
		}
		if dir := os.Getenv("JEJAK_SHEETS"); dir != "" {
			if err := os.WriteFile(dir+"/"+c.name+".pdf", file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&sums, "%s %x\n", c.name, sha256.Sum256(file))
	}
	want, err := os.ReadFile("testdata/sums")
	if err != nil {
		t.Fatal(err)
	}
	if sums.String() != string(want) {
		t.Errorf("the sums are\n%s, they were\n%s", sums.String(), want)
	}
}
