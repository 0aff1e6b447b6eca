package given

import (
	"cmp"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/election"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/station"
)

// figures are counts over all boxes, stations and cases of a ledger.
type figures struct {
	Statuses map[station.Status]int64
	Receipts map[election.Deadline]receipts
	Holders  []box.Held
	Open     map[domain.Kind]int64
	Boxes    int64
}

type receipts struct {
	By   [station.InTime + 1]int64
	Late int64
}

// kept are the figures as the ledger keeps them.
func kept(s *ledger.State) figures {
	f := figures{
		Statuses: map[station.Status]int64{}, Receipts: map[election.Deadline]receipts{}, Holders: s.Holders(), Open: map[domain.Kind]int64{},
		Boxes: s.BoxesByNorms(),
	}
	for kind, n := range s.Register.OpenByKind() {
		f.Open[kind] = n
	}
	if s.Stations() == nil {
		return f
	}
	s.Stations().Each(func(status station.Status, n int64) {
		if n != 0 {
			f.Statuses[status] = n
		}
	})
	for _, d := range s.Reference().Deadlines {
		by, late := s.Stations().Receipts(d)
		f.Receipts[d] = receipts{by, late}
	}
	return f
}

// walked are the same figures, each box, station and case looked at.
func walked(s *ledger.State) figures {
	f := figures{
		Statuses: map[station.Status]int64{}, Receipts: map[election.Deadline]receipts{}, Holders: holders(s), Open: map[domain.Kind]int64{},
	}
	for _, c := range s.Register.Cases {
		if c.Status == incident.StatusOpen && !c.Held { // what is held back counts nowhere
			f.Open[c.Kind]++
		}
	}
	ref := s.Reference()
	if ref == nil || s.Unit.Level() != domain.Regency {
		return f
	}
	f.Boxes = ref.BoxesIn(s.Unit)
	for _, code := range ref.StationsIn(s.Unit) {
		f.Statuses[s.Station(code)]++
	}
	for _, d := range ref.Deadlines {
		var r receipts
		for _, code := range ref.StationsIn(s.Unit) {
			receipt, late := s.StationBook().Receipt(code, d)
			r.By[receipt]++
			if late {
				r.Late++
			}
		}
		f.Receipts[d] = r
	}
	return f
}

func holders(s *ledger.State) (all []box.Held) {
	s.Boxes().EachBox(func(v box.View) bool {
		who := box.Holder{Place: v.Custody}
		if who.Place.Level() == domain.Station {
			who = box.Holder{Place: who.Place.Up(domain.District), Stations: true}
		}
		i := slices.IndexFunc(all, func(h box.Held) bool { return h.Holder == who })
		if i < 0 {
			i, all = len(all), append(all, box.Held{Holder: who})
		}
		if v.ID.IsKit() {
			all[i].Kits[v.State]++
		} else {
			all[i].Boxes[v.State]++
		}
		return true
	})
	slices.SortFunc(all, func(a, b box.Held) int {
		if c := cmp.Compare(a.Place, b.Place); c != 0 || !a.Stations {
			return cmp.Or(c, -1)
		}
		return 1
	})
	return all
}

// sameFigures fails when a figure that the ledger keeps is not what all that it is about amounts to.
func (s *Scene) sameFigures(after string) {
	s.t.Helper()
	if diff := gocmp.Diff(walked(s.State), kept(s.State)); diff != "" {
		s.t.Fatalf("after %s the ledger keeps other figures than there are (-there are +kept):\n%s", after, diff)
	}
}

// sameAccount fails when the account of goods that the ledger keeps is another than that of a ledger which never made one before.
func (s *Scene) sameAccount(data ledger.Data) {
	s.t.Helper()
	fresh, err := ledger.Restore(s.State.Election, s.State.Unit, s.catalog, data)
	if err != nil {
		s.t.Fatalf("a snapshot of the state gives no ledger: %v", err)
	}
	order := func(goods []ledger.Account) []ledger.Account {
		return slices.SortedFunc(slices.Values(goods), func(a, b ledger.Account) int { return cmp.Compare(a.Item, b.Item) })
	}
	if diff := gocmp.Diff(order(fresh.Goods()), order(s.State.Goods())); diff != "" || fresh.AcceptedValue() != s.State.AcceptedValue() {
		s.t.Fatalf("the ledger keeps another account of goods than it would make, and accepted %d instead of %d (-made +kept):\n%s",
			s.State.AcceptedValue(), fresh.AcceptedValue(), diff)
	}
}
