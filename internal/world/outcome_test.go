package world

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/goods"
	"jejak/domain/incident"
	"jejak/domain/ledger"
	"jejak/domain/station"
	"jejak/eventstore"
	"jejak/internal/journal"
)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// outcome is what everyone must see alike in a unit, whatever went wrong on the way. It holds no times of recording and no numbers that are given
// in the order of arrival (positions, versions, the numbers of discrepancies), for these tell when something became known; nothing else is left out.
type outcome struct {
	Boxes     map[domain.BoxID]box.View // state, custody, content, seals
	Stations  map[domain.Code]station.Status
	Shipments map[string]string
	Available map[string]int64
	Issued    map[string]int64
	Announced map[string]bool
	Open      map[string]discrepancy
}

// discrepancy is an open one without its number.
type discrepancy struct {
	Rule        string
	Kind        domain.Kind
	Severity    domain.Severity
	Units       []string
	Quantity    int64
	Provisional bool
	Message     string
}

// outcomeOf reads the end of a ledger.
func outcomeOf(s *ledger.State) outcome {
	o := outcome{map[domain.BoxID]box.View{}, map[domain.Code]station.Status{}, map[string]string{}, map[string]int64{}, map[string]int64{},
		map[string]bool{}, map[string]discrepancy{}}
	s.Boxes().EachBox(func(v box.View) bool { o.Boxes[v.ID] = v; return true })
	for code := range small.Stations {
		if s.Unit.Covers(code) {
			o.Stations[code] = s.Station(code)
		}
	}
	for id, x := range s.Shipments.Shipments {
		texts := &s.BoxRegister.Texts
		o.Shipments[id] = fmt.Sprintf("%s from %s for %s with %s and %s", x.Status, x.From, x.Bound, texts.Text(x.Vehicle), texts.Text(x.Escort))
	}
	for id, st := range s.Receipt.Stock {
		if n := s.Receipt.Available(&s.Procurement, goods.Of(id)); n != 0 {
			o.Available[id] = n
		}
		if st.Issued != 0 {
			o.Issued[id] = st.Issued
		}
	}
	for id := range s.Procurement.Deliveries {
		o.Announced[id] = true
	}
	for _, c := range s.Register.Cases {
		if c.Status == incident.StatusOpen {
			key := c.Key
			if key == "" { // what a person raised has only a number
				key = c.Handled().Note
			}
			o.Open[key] = discrepancy{c.Rule, c.Kind, c.Severity, c.Units, c.Quantity, c.Provisional, s.Register.Text(c).ID}
		}
	}
	return o
}

// outcome of every unit, as this server sees it.
func (s *server) outcome() map[domain.Code]outcome {
	s.t.Helper()
	all := map[domain.Code]outcome{}
	for _, unit := range units {
		head, err := s.store.Head(s.t.Context())
		if err == nil {
			err = s.ledgers.View(s.t.Context(), pemilu, unit, head, func(state *ledger.State, _ eventstore.Position) { all[unit] = outcomeOf(state) })
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return all
}

// states are the ledgers whole, as JSON.
func (s *server) states() map[domain.Code]string {
	s.t.Helper()
	all := map[domain.Code]string{}
	for _, unit := range units {
		head, err := s.store.Head(s.t.Context())
		var text []byte
		if err == nil {
			err = s.ledgers.View(s.t.Context(), pemilu, unit, head, func(state *ledger.State, _ eventstore.Position) {
				var failed error
				if text, failed = json.Marshal(pruned(state.Data)); failed != nil {
					s.t.Error(failed)
				}
			})
		}
		if err != nil {
			s.t.Fatal(err)
		}
		all[unit] = string(text)
	}
	return all
}

// pruned is a state as JSON values in which nothing is as good as an empty list, map or text: a snapshot does not tell them apart.
func pruned(data ledger.Data) any {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err)
	}
	return prune(v)
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if p := prune(e); p != nil {
				v[k] = p
			} else {
				delete(v, k)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i, e := range v {
			v[i] = prune(e)
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

// differ compares two ends.
func differ(want, got any) string { return cmp.Diff(want, got, cmpopts.EquateEmpty()) }

// checkLog holds the log against what was acknowledged: each such command is in it exactly once, no command is in it twice, and every ledger folded
// from it alone is what the server shows.
func (s *server) checkLog(log eventstore.Store, acknowledged map[uuid.UUID]act) {
	s.t.Helper()
	times := map[uuid.UUID]int{} // by command, runs of its events
	events := map[uuid.UUID]bool{}
	last := map[string]uuid.UUID{}
	for rec, err := range log.ReadAll(s.t.Context(), 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if events[rec.ID] {
			s.t.Errorf("event %s is in the log twice", rec.ID)
		}
		events[rec.ID] = true
		if _, first, err := journal.CommandHash(&rec); err != nil {
			s.t.Error(err)
		} else if first || last[rec.Stream] != rec.Command {
			times[rec.Command]++
		}
		last[rec.Stream] = rec.Command
	}
	for id, n := range times {
		if n != 1 {
			s.t.Errorf("command %s is in the log %d times", id, n)
		}
	}
	for id, a := range acknowledged {
		if times[id] != 1 {
			s.t.Errorf("%s %s at %s was acknowledged and is in the log %d times", a.kind, id, a.unit, times[id])
		}
	}
}
