package simulation

import (
	"slices"
	"strconv"
	"strings"
)

// account is the simulation's own account of the truth about one regency.
type account struct {
	items     map[string]*itemAccount
	budget    budgetAccount
	findings  map[string]int         // expected open discrepancies, by finding
	boxes     []boxAccount           // station by station: the boxes in the order of the ballot types, then the kit
	others    map[string]*boxAccount // recapitulation boxes and replacements
	shipments map[string]string      // by id: their state
	groups    map[string]string      // supporting data
	plan      string
	raised    []string       // the expected discrepancies as they were raised
	injected  map[string]int // failures by kind
	issues    map[string]bool
}

type itemAccount struct {
	need, ordered, announced, received, damaged, claimed, packed int64
}

type budgetAccount struct{ ceiling, committed, accepted, paid int64 }

// boxState is what a box is, in the words of the API.
type boxState uint8

const (
	labelled boxState = iota
	packed
	checked
	sealed
	loaded
	inTransit
	atDistrict
	atVillage
	atStation
	isReplaced
	isLost
	isSeized
	boxStates int = iota
)

var boxStateNames = [boxStates]string{"labelled", "packed", "checked", "sealed", "loaded", "in_transit", "at_district", "at_village", "at_station",
	"replaced", "lost", "seized"}

type boxAccount struct{ state boxState }

// perStation is how many units of a station are tracked: its boxes and its kit.
const perStation = types + 1

func newAccount(r *regency) *account {
	a := &account{
		items: map[string]*itemAccount{}, findings: map[string]int{}, others: map[string]*boxAccount{},
		shipments: map[string]string{}, groups: map[string]string{}, injected: map[string]int{}, issues: map[string]bool{},
		boxes: make([]boxAccount, perStation*len(r.stations)),
	}
	for _, d := range r.districts {
		for _, b := range d.recapBoxes() {
			a.others[b] = &boxAccount{}
		}
	}
	return a
}

func (a *account) item(name string) *itemAccount {
	if a.items[name] == nil {
		a.items[name] = &itemAccount{}
	}
	return a.items[name]
}

// finding is a discrepancy as the account and the API are compared: kind, pieces, units.
func finding(kind string, quantity int64, units ...string) string {
	units = slices.Clone(units)
	slices.Sort(units)
	return kind + "|" + strconv.FormatInt(quantity, 10) + "|" + strings.Join(units, ",")
}

// expect notes that a failure was injected that must stay open as a discrepancy of this kind on these units.
func (a *account) expect(kind string, quantity int64, units ...string) {
	f := finding(kind, quantity, units...)
	a.findings[f]++
	a.raised = append(a.raised, f)
	a.injected[kind]++
	for _, u := range units {
		a.issues[u] = true
	}
}

// stayAway expects what follows when nobody delivers anything in a regency: silence is a finding, so every station is late.
func (r *regency) stayAway() {
	for _, st := range r.stations {
		r.expect("late", 0, st.code)
	}
}

// move sets the state of a station's box (t < types) or kit (t == types).
func (a *account) move(s *station, t int, state boxState) {
	a.boxes[s.number*perStation+t].state = state
}

func (a *account) stateOf(s *station, t int) boxState { return a.boxes[s.number*perStation+t].state }
