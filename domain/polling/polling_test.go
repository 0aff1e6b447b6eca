package polling_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/packing"
	. "jejak/domain/polling"
)

// What a count finds is among the rules of package box.
func TestMain(m *testing.M) { given.Main(m, NewRoom(nil).Rules()...) }

var (
	council = given.Box(given.Station1, "DPRDK")
	kpps    = given.StationStaff(given.Station1)
)

func TestForm(t *testing.T) {
	foreign := func(f ...ForeignBallots) *CountBallots { return &CountBallots{Box: council, Found: 1, Foreign: f} }
	for name, c := range map[string]struct {
		cmd   domain.Command
		rules []string
		path  string
	}{
		"no box":          {&CountBallots{Box: "3578"}, []string{"bad_box"}, "/data/box"},
		"a kit":           {&CountBallots{Box: given.Kit(given.Station1)}, []string{"no_ballot_box"}, "/data/box"},
		"a recap box":     {&CountBallots{Box: "357801-REKAP1"}, []string{"no_ballot_box"}, "/data/box"},
		"negative":        {&CountBallots{Box: council, Found: -1}, []string{"negative"}, "/data/found"},
		"huge":            {&CountBallots{Box: council, Found: packing.MaxBallots + 1}, []string{"quantity_too_large"}, "/data/found"},
		"no design":       {foreign(ForeignBallots{Count: 1}), []string{"field_missing"}, "/data/foreign/0/design"},
		"none of them":    {foreign(ForeignBallots{Design: "PPWP"}), []string{"not_positive"}, "/data/foreign/0/count"},
		"foreign huge":    {foreign(ForeignBallots{Design: "PPWP", Count: packing.MaxBallots + 1}), []string{"quantity_too_large"}, "/data/foreign/0/count"},
		"a design twice":  {foreign(ForeignBallots{"PPWP", 1}, ForeignBallots{"PPWP", 2}), []string{"repeated"}, "/data/foreign/1/design"},
		"too many":        {&CountBallots{Box: council, Foreign: make([]ForeignBallots, 1001)}, []string{"too_many"}, "/data/foreign"},
		"less than none":  {foreign(ForeignBallots{"PPWP", -1}), []string{"not_positive", "negative"}, "/data/foreign/0/count"},
		"an odd variant":  {foreign(ForeignBallots{"a b", 1}), []string{"bad_item"}, "/data/foreign/0/design"},
		"everything else": {&CountBallots{Found: -1}, []string{"bad_box", "negative"}, "/data/box"},
	} {
		t.Run(name, func(t *testing.T) {
			s := given.Stocked(t).When(domain.Report, kpps, c.cmd).Malformed(c.rules...)
			if got := s.Invalid[0].Path; got != c.path {
				t.Errorf("path %s, expected %s", got, c.path)
			}
		})
	}
}

func TestCount(t *testing.T) {
	given.Noted(t, given.Stocked, kpps, &CountBallots{Box: council, Found: 197}) // nothing is known of its content yet
	given.Impossible(t, given.Stocked, kpps, &CountBallots{Box: "3578011001777-DPRDK", Found: 197}, "unknown_station")
}
