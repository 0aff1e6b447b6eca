package server

import (
	"path/filepath"
	"strings"

	"jejak/eventstore/lock"
	"jejak/internal/people"
	"jejak/internal/simulation"
)

// The files of a data directory. Others read events.db with any SQLite tool; the names are fixed.
const (
	EventsFile  = "events.db"       // the log: the truth
	PeopleFile  = "people.db"       // names, telephone numbers and the hashes of tokens
	ReadsFile   = "access.db"       // what auditors have read
	CacheFile   = "ledger-cache.db" // snapshots, disposable
	ViewsFile   = "views.db"        // read models, disposable
	ServingFile = "server.json"     // where the running server answers
	MarkFile    = "directory.json"  // whether the directory is real or simulated
)

// kept says how a file of the directory comes into a backup.
type kept int

const (
	// asRecords: the log, record by record.
	asRecords kept = iota
	// asDatabase: an SQLite file, as it is at one moment.
	asDatabase
	// asFile: byte by byte. It is never changed but replaced as a whole.
	asFile
	// asFolder: every file in it, likewise.
	asFolder
	// secret: it cannot be made again, and is left out: a backup has nothing by which somebody could sign in.
	secret
	// disposable: it is made again from the rest.
	disposable
)

// files is everything that may lie in a data directory, in the order in which it is taken: what is derived from the log and must not be ahead of it stands
// before it. What a new part of the server keeps must be added here.
var files = []struct {
	name string
	kept kept
}{
	{MarkFile, asFile},
	{clockFile, asFile},
	{simulation.StateFile, asFile},
	{simulation.VerdictFile, asFile},
	{"notary.key", asFile},
	{"notary.db", asDatabase}, // before the log: it must not have signed more than is in it
	{"notary", asFolder},
	{ReadsFile, asDatabase},
	{PeopleFile, asDatabase},
	{EventsFile, asRecords},
	{people.AdminFile, secret},
	{CacheFile, disposable},
	{ViewsFile, disposable},
	{natsFolder, disposable},
	{ServingFile, disposable},
	{lock.FileName, disposable},
	{"demo.log", disposable}, // of `jejak demo`
}

// keptAs tells how a file of the directory, or in a folder of it (with slashes), is kept; known is false for what is in no table.
func keptAs(name string) (k kept, known bool) {
	top, _, inFolder := strings.Cut(name, "/")
	for _, suffix := range []string{"-wal", "-shm", "-journal"} { // of SQLite: they belong to the file
		top = strings.TrimSuffix(top, suffix)
	}
	for _, f := range files {
		if f.name == top && (!inFolder || f.kept == asFolder || f.kept == disposable) {
			return f.kept, true
		}
	}
	return 0, false
}

// restorable tells whether a part of a backup may be written into a directory: by its name, which must lead nowhere else.
func restorable(name string) bool {
	top, _, inFolder := strings.Cut(name, "/")
	for _, f := range files {
		if f.name != top {
			continue
		}
		switch f.kept {
		case asFile, asDatabase:
			return !inFolder
		case asFolder:
			return inFolder && filepath.IsLocal(filepath.FromSlash(name)) && !strings.Contains(name, `\`)
		case asRecords, secret, disposable:
		}
	}
	return false
}
