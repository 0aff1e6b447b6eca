package refdata

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"

	"jejak/domain"
	"jejak/domain/need"
)

// golden reads a file of published figures.
func golden(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

type key struct{ item, variant string }

func plan(t *testing.T, electionID string, code domain.Code, calculate func(*Dataset) ([]need.Line, error)) map[key]need.Line {
	t.Helper()
	ds, err := BuiltIn(electionID)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := calculate(ds)
	if err != nil {
		t.Fatal(err)
	}
	byKey := map[key]need.Line{}
	for _, l := range lines {
		k := key{l.Item, l.Variant}
		if _, twice := byKey[k]; twice {
			t.Errorf("%s: %v is there twice", code, k)
		}
		if l.Quantity != nil && *l.Quantity == 0 {
			t.Errorf("%s: %v is 0", code, k)
		}
		byKey[k] = l
	}
	return byKey
}

func calculated(t *testing.T, electionID string, code domain.Code) map[key]need.Line {
	t.Helper()
	return plan(t, electionID, code, func(ds *Dataset) ([]need.Line, error) { return need.Calculate(ds.Reference, code) })
}

func quantity(t *testing.T, lines map[key]need.Line, item, variant string, want int64) {
	t.Helper()
	l, ok := lines[key{item, variant}]
	if !ok || l.Quantity == nil || *l.Quantity != want {
		t.Errorf("%s %s: %+v, want %d", item, variant, l, want)
	}
}

func TestPublishedFigures(t *testing.T) {
	for _, row := range golden(t, "need_pemilu2024.csv") {
		want, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		quantity(t, calculated(t, "pemilu2024", domain.Code(row[0])), row[1], "", want)
	}
}

func TestProvinceTotals(t *testing.T) {
	lines := calculated(t, "pemilu2024", "35")
	quantity(t, lines, "booth", "", 482_664)
	quantity(t, lines, "ink", "", 241_332)
	quantity(t, lines, "cable_tie", "", 3_137_316)
	quantity(t, lines, "ballot_box", "", 604_594) // 5 x 120,666 + 2 x (666 - 31 of Jember - 3 of Kota Kediri)
	quantity(t, lines, "paper_seal", "", 11_599_946)
	if got := lines[key{"ballot_box", ""}].Formula; got != "5×120666 + 2×632" {
		t.Errorf("formula %q", got)
	}
	ballots, revote := 0, 0
	for k, l := range lines {
		switch k.item {
		case need.ItemBallot:
			ballots++
			if !l.Derived || *l.Quantity <= 0 {
				t.Errorf("%v: %+v is not marked as derived", k, l)
			}
		case need.ItemRevoteBallot:
			revote++
			if *l.Quantity != 1000 {
				t.Errorf("%v: %d, want 1000", k, *l.Quantity)
			}
		}
	}
	if ballots != 243 || revote != 243 {
		t.Errorf("%d designs, re-vote stock of %d, want 243", ballots, revote)
	}
}

func TestPilkada(t *testing.T) {
	province := calculated(t, "pilkada2024", "35")
	quantity(t, province, "ballot_box", "", 2*60_751+2*666)
	quantity(t, province, "ink", "", 2*60_751)
	quantity(t, province, "cable_tie", "", 12*60_751)
	quantity(t, province, "paper_seal", "", 21*60_751+8_494)
	quantity(t, province, need.ItemRevoteBallot, "PKWKP-35", 2000*38)
	regency := calculated(t, "pilkada2024", "3578")
	quantity(t, regency, need.ItemRevoteBallot, "PKWKP-35", 2000)
	quantity(t, regency, need.ItemRevoteBallot, "PKWKK-3578", 2000)
	for _, variant := range []string{"PKWKP-35", "PKWKK-3578"} {
		l, ok := regency[key{need.ItemBallot, variant}]
		if !ok || l.Quantity != nil || l.Derived {
			t.Errorf("ballots %s: %+v, want a line of unknown quantity", variant, l)
		}
	}
}

// The province is the sum of its regencies and of what it keeps itself.
func TestProvinceIsTheSum(t *testing.T) {
	for _, id := range Elections() {
		ds, err := BuiltIn(id)
		if err != nil {
			t.Fatal(err)
		}
		sum := map[key]int64{}
		parts := []map[key]need.Line{plan(t, id, "35", func(ds *Dataset) ([]need.Line, error) { return need.Own(ds.Reference, "35") })}
		for _, regency := range ds.Reference.Children["35"] {
			parts = append(parts, calculated(t, id, regency))
		}
		for _, part := range parts {
			for k, l := range part {
				if l.Quantity != nil {
					sum[k] += *l.Quantity
				}
			}
		}
		whole := calculated(t, id, "35")
		for k, l := range whole {
			if l.Quantity == nil {
				continue
			}
			if sum[k] != *l.Quantity {
				t.Errorf("%s: %v of the province is %d, the sum of its parts %d", id, k, *l.Quantity, sum[k])
			}
			delete(sum, k)
		}
		for k := range sum {
			t.Errorf("%s: %v is in a part, not in the province", id, k)
		}
	}
}

func TestNeedOfNoUnit(t *testing.T) {
	ds, err := BuiltIn("pemilu2024")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []domain.Code{"", "9", "3599", "36", "357801", "3578011001", "3578011001001", "35780110010011"} {
		if _, err := need.Calculate(ds.Reference, code); err == nil {
			t.Errorf("need of %q is no error", code)
		} else {
			t.Log(err)
		}
	}
}
