// Package refdata reads the reference data of an election (regions, polling stations, electoral districts, voters, norms), checks it in
// full, and turns it into the events that carry it into the log. East Java's data is built in; see data/NOTICE.md for its sources.
package refdata

import (
	"io/fs"
	"sync"

	"jejak/domain/election"
)

// Dataset is reference data that has passed every check.
type Dataset struct {
	Election string
	Version  string // date of the data and the beginning of its digest
	// Reference is what the events fold to.
	Reference *election.Reference
	Totals    []Total
	events    []election.Event
}

// Events are the events of a dataset, complete and in order: the same data gives the same events.
func Events(ds *Dataset) []election.Event { return ds.events }

// Report is the outcome of a check.
type Report struct {
	Totals   []Total // the province against the official totals
	Problems *Problems
}

// Load reads the files of an election from a folder and checks them in full. Either the dataset is whole or it is nil and the problems are
// all there, in the order of files and lines. The folder has the files of data/; <election>.json, <election>.norms.json and
// police_units.csv may be missing, then the built-in ones count.
func Load(fsys fs.FS, electionID string) (*Dataset, *Problems) {
	return build(load(fsys, electionID))
}

func build(l *loader, totals []Total) (*Dataset, *Problems) {
	if len(l.problems.List) > 0 {
		return nil, l.problems
	}
	events, ref, err := election.Publish(l.def.AsOf, l.events())
	if err != nil {
		l.problems.add(l.def.Election+".json", 0, "", "%v", err)
		return nil, l.problems
	}
	return &Dataset{Election: l.def.Election, Version: ref.Version, Reference: ref, Totals: totals, events: events}, nil
}

// Check is Load for those who want to see the comparison with the official totals, right or wrong.
func Check(fsys fs.FS, electionID string) Report {
	l, totals := load(fsys, electionID)
	return Report{Totals: totals, Problems: l.problems}
}

func load(fsys fs.FS, electionID string) (*loader, []Total) {
	l := newLoader(fsys, electionID)
	l.read()
	totals := l.totals()
	if l.def != nil && !l.ownDef {
		l.compare(builtInList(electionID))
	}
	l.problems.sort()
	return l, totals
}

var lists = struct {
	sync.Mutex
	of map[string]*loader
}{of: map[string]*loader{}}

// builtInList is what the built-in files say of an election, read once; it is only compared with.
func builtInList(electionID string) *loader {
	lists.Lock()
	defer lists.Unlock()
	l := lists.of[electionID]
	if l == nil {
		l = newLoader(data(), electionID)
		l.read()
		lists.of[electionID] = l
	}
	return l
}

// loadBuiltIn leaves out the comparison of the built-in files with themselves.
func loadBuiltIn(electionID string) (*loader, []Total) {
	l := newLoader(data(), electionID)
	l.read()
	return l, l.totals()
}

var builtIn = struct {
	sync.Mutex
	sets map[string]*Dataset
}{sets: map[string]*Dataset{}}

// BuiltIn returns the built-in dataset of an election; see Elections. It is loaded once and shared, until Release.
func BuiltIn(electionID string) (*Dataset, error) {
	if err := KnownElection(electionID); err != nil {
		return nil, err
	}
	builtIn.Lock()
	defer builtIn.Unlock()
	if ds := builtIn.sets[electionID]; ds != nil {
		return ds, nil
	}
	ds, problems := build(loadBuiltIn(electionID))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	builtIn.sets[electionID] = ds
	return ds, nil
}

// Release lets go of what BuiltIn has loaded, some 25 MB: a server needs it at its start alone.
func Release() {
	builtIn.Lock()
	defer builtIn.Unlock()
	clear(builtIn.sets)
}

// CheckBuiltIn is Check of the built-in data.
func CheckBuiltIn(electionID string) Report {
	l, totals := loadBuiltIn(electionID)
	return Report{Totals: totals, Problems: l.problems}
}
