package packing_test

import (
	"fmt"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	. "jejak/domain/packing"
)

// The rules about what the facts of a box say are tested in package box.
func TestMain(m *testing.M) { given.Main(m, NewRoom(nil).Rules()...) }

const (
	council = domain.BoxID("3578011001001-DPRDK")
	recap   = domain.BoxID("357801-REKAP1")
	kit     = domain.BoxID("3578011001001-KIT")
)

func many(n int) (ids []domain.BoxID) {
	for i := range n {
		ids = append(ids, domain.BoxID(fmt.Sprintf("357801%07d-PPWP", i)))
	}
	return ids
}

func TestForm(t *testing.T) {
	witness := []Witness{{Role: "police", ID: "usr-9"}}
	numbers := make([]string, MaxSeals+1)
	for i := range numbers {
		numbers[i] = fmt.Sprint("S", i)
	}
	for name, c := range map[string]struct {
		cmd   domain.Command
		rules []string
	}{
		"nothing packed":        {&PackBoxes{}, []string{"empty_list"}},
		"too many":              {given.Check(many(1001)...), []string{"too_many"}},
		"not a box":             {given.Check("3578011001001"), []string{"bad_box"}},
		"box twice":             {given.Check(council, recap, council), []string{"repeated"}},
		"kit packed":            {&PackBoxes{Boxes: []PackedBox{{Box: kit}}}, []string{"kit_is_no_box"}},
		"kit checked":           {given.Check(kit), []string{"kit_is_no_box"}},
		"kit sealed":            {given.SealWith(kit, "A"), []string{"kit_is_no_box"}},
		"kit opened":            {given.Unseal(kit), []string{"kit_is_no_box"}},
		"kit replaced":          {&ReplaceBox{Box: kit, Replacement: kit + ".2", Reason: "hilang"}, []string{"kit_is_no_box", "bad_box"}},
		"box as kit":            {given.PackKits(council), []string{"not_a_kit"}},
		"no kits":               {&PackKits{}, []string{"empty_list"}},
		"ballots among recaps":  {&PackBoxes{Boxes: []PackedBox{{Box: recap, Ballots: 1}}}, []string{"recap_has_ballots"}},
		"design among recaps":   {&PackBoxes{Boxes: []PackedBox{{Box: recap, Design: "PPWP"}}}, []string{"recap_has_ballots"}},
		"no design":             {&PackBoxes{Boxes: []PackedBox{{Box: council, Ballots: 1}}}, []string{"field_missing"}},
		"odd design":            {&PackBoxes{Boxes: []PackedBox{{Box: council, Design: "a/b", Ballots: 1}}}, []string{"bad_item"}},
		"negative":              {&PackBoxes{Boxes: []PackedBox{{Box: council, Design: "PPWP", Ballots: -1}}}, []string{"negative"}},
		"huge":                  {&PackBoxes{Boxes: []PackedBox{{Box: council, Design: "PPWP", Ballots: MaxBallots + 1}}}, []string{"quantity_too_large"}},
		"why it is excepted":    {&PackBoxes{Boxes: given.Pack(council).Boxes, Exception: &Exception{}}, []string{"field_missing"}},
		"what is no approval":   {&PackBoxes{Boxes: given.Pack(council).Boxes, Exception: &Exception{Approval: "yes", Reason: "r"}}, []string{"bad_approval"}},
		"no seals":              {given.SealWith(council), []string{"empty_list"}},
		"seal with blanks":      {given.SealWith(council, "A 1"), []string{"bad_seal"}},
		"seal too long":         {given.SealWith(council, strings.Repeat("1", 41)), []string{"bad_seal"}},
		"empty seal":            {given.SealWith(council, ""), []string{"bad_seal"}},
		"seal twice":            {given.SealWith(council, "A", "B", "A"), []string{"repeated"}},
		"seal on two boxes":     {&SealBoxes{Boxes: []SealedBox{{council, []string{"A"}}, {recap, []string{"A"}}}}, []string{"repeated"}},
		"too many seals":        {given.SealWith(council, numbers...), []string{"too_many"}},
		"opened without":        {&UnsealBoxes{Boxes: []domain.BoxID{council}}, []string{"field_missing", "empty_list"}},
		"nameless witness":      {&UnsealBoxes{Boxes: []domain.BoxID{council}, Reason: "r", Witnesses: []Witness{{}}}, []string{"field_missing", "field_missing"}},
		"crowd of witnesses":    {&UnsealBoxes{Boxes: []domain.BoxID{council}, Reason: "r", Witnesses: make([]Witness, domain.MaxWitnesses+1)}, []string{"too_many"}},
		"not the next":          {&ReplaceBox{Box: council, Replacement: council + ".3", Reason: "r"}, []string{"not_the_next_replacement"}},
		"another box's":         {&ReplaceBox{Box: council, Replacement: recap + ".2", Reason: "r"}, []string{"not_the_next_replacement"}},
		"no replacement":        {&ReplaceBox{Box: council, Reason: "r"}, []string{"bad_box"}},
		"no reason":             {&ReplaceBox{Box: council, Replacement: council + ".2"}, []string{"field_missing"}},
		"all at once":           {&ReplaceBox{Box: "x", Replacement: "y"}, []string{"bad_box", "bad_box", "field_missing"}},
		"an unknown recap type": {given.Check("357801-REKAPX1"), []string{"bad_box"}},
	} {
		t.Run(name, func(t *testing.T) {
			given.Stocked(t).When(domain.Report, given.Warehouse, c.cmd).Malformed(c.rules...)
		})
	}
	for _, fine := range []domain.Command{
		given.SealWith(council, "a", "A.1", "A-1/2024", strings.Repeat("1", 40)), &UnsealBoxes{Boxes: []domain.BoxID{council}, Reason: "r", Witnesses: witness},
		&ReplaceBox{Box: council + ".2", Replacement: council + ".3", Reason: "r"},
	} {
		given.Stocked(t).Did(domain.Report, given.Warehouse, fine)
	}
}

// Several boxes and several broken rules: each with the place where the command names it.
func TestPlaces(t *testing.T) {
	ppwp := given.Box(given.Station1, "PPWP")
	s := given.Stocked(t).Story(domain.Report, given.Sealing(ppwp)).Did(domain.Report, given.Warehouse, given.Pack(council)).
		Did(domain.Report, given.Checker, given.Check(council))
	places := func(want ...string) {
		t.Helper()
		if got := fmt.Sprint(paths(s.Last.Rejections)); got != fmt.Sprint(want) {
			t.Errorf("places %s, expected %s", got, want)
		}
	}
	used := given.Seals(ppwp)[1]
	s.When(domain.Request, given.Warehouse, given.SealWith(council, "X", used)).Rejected("seal_used_twice")
	places("/data/boxes/0/seals/1")
	s.When(domain.Request, given.Warehouse, given.Seal(recap, ppwp)).Rejected("box_not_packed", "sealed_twice", "seal_used_twice", "seal_used_twice")
	places("/data/boxes/0/box", "/data/boxes/1/box", "/data/boxes/1/seals/0", "/data/boxes/1/seals/1")
	s.When(domain.Request, given.Warehouse, given.Check(recap)).Rejected("box_not_packed")
	places("/data/boxes/0")
	s.When(domain.Request, given.Warehouse, given.Unseal(recap)).Rejected("box_not_packed")
	places("/data/boxes/0")
	s.Did(domain.Report, given.Warehouse, given.PackKits(kit)).When(domain.Request, given.Warehouse, given.PackKits(kit)).Rejected("packed_twice")
	places("/data/kits/0")
	s.Did(domain.Report, given.Warehouse, given.Replace(council)).When(domain.Request, given.Warehouse, given.Replace(council)).Rejected("box_retired")
	places("/data/box")
	s.When(domain.Request, given.Warehouse, given.Replace(council+".3")).Then("packing.box_replaced") // a chain of replacements
}

func paths(violations []domain.Violation) (paths []string) {
	for _, v := range violations {
		paths = append(paths, v.Path)
	}
	return paths
}

func TestPlacesOfForm(t *testing.T) {
	s := given.Stocked(t).When(domain.Report, given.Warehouse, &ReplaceBox{Box: "x", Replacement: "y"}).Malformed("bad_box", "bad_box", "field_missing")
	if got := fmt.Sprint(paths(s.Invalid)); got != "[/data/box /data/replacement /data/reason]" {
		t.Errorf("places %s", got)
	}
}
