package server

import (
	"slices"
	"strings"

	"jejak/eventstore/lock"
	"jejak/internal/notary"
	"jejak/internal/people"
	"jejak/internal/simulation"
)

// The files of a data directory. Others read events.db with any SQLite tool; the names are fixed.
const (
	EventsFile  = "events.db"       // the log: the truth
	PeopleFile  = "people.db"       // names, telephone numbers and the hashes of tokens
	ReadsFile   = "access.db"       // what auditors have read
	CacheFile   = "ledger-cache.db" // snapshots, disposable
	TrailFile   = "trail.db"        // index of things, disposable
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
	// asLeaves: the notary's tiles, as the hashes of the leaves under the newest checkpoint that is in the backup. They name a record that was changed in it.
	asLeaves
	// asSide: the streams beside the log, record by record.
	asSide
	// secret: it cannot be made again, and is left out: a backup has nothing by which somebody could sign in.
	secret
	// disposable: it is made again from the rest.
	disposable
)

// sideFile stands in a backup for the streams beside the log, and in no directory.
const sideFile = "side"

// leavesFile stands in a backup for the notary's tiles, and in no directory.
const leavesFile = NotaryFolder + "/leaves"

// file is a file of the directory, or in a folder of it (with slashes), or a folder.
type file struct {
	name string
	kept kept
}

// files is everything that may lie in a data directory, in the order in which it is taken: what is derived from the log and must not be ahead of it stands
// before it. What a new part of the server keeps must be added here.
var files = []file{
	{MarkFile, asFile},
	{clockFile, asFile},
	{simulation.StateFile, asFile},
	{simulation.VerdictFile, asFile},
	{NotaryFolder + "/" + notary.KeyFile, asFile},
	{NotaryFolder + "/" + notary.NextKeyFile, asFile},
	{NotaryFolder + "/" + notary.PublicFile, asFile},
	{NotaryFolder + "/" + notary.BookFile, asDatabase}, // before the log: it must not have signed more than is in it
	{leavesFile, asLeaves},                             // after the book
	{sideFile, asSide},                                 // after the book, which must not have taken over more than is in it, and before the log
	{ReadsFile, asDatabase},
	{PeopleFile, asDatabase},
	{EventsFile, asRecords},
	{people.AdminFile, secret},
	{CacheFile, disposable},
	{ViewsFile, disposable},
	{TrailFile, disposable},
	{NotaryFolder, disposable}, // the rest of it
	{natsFolder, disposable},
	{ServingFile, disposable},
	{clockWordFile, disposable}, // it is for the next start on this machine
	{lock.FileName, disposable},
	{"demo.log", disposable}, // of `jejak demo`
}

// keptAs tells how a file of the directory, or in a folder of it (with slashes), is kept; known is false for what is in no table.
func keptAs(name string) (k kept, known bool) {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} { // of SQLite: they belong to the file
		name = strings.TrimSuffix(name, suffix)
	}
	for _, f := range files { // what is in a folder stands before the folder
		if f.name == name || f.kept == disposable && strings.HasPrefix(name, f.name+"/") {
			return f.kept, true
		}
	}
	return 0, false
}

// restorable tells whether a part of a backup may be written into a directory: by its name, which must lead nowhere else.
func restorable(name string) bool {
	return slices.ContainsFunc(files, func(f file) bool {
		return f.name == name && (f.kept == asFile || f.kept == asDatabase || f.kept == asLeaves || f.kept == asSide)
	})
}
