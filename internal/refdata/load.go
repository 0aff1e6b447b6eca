package refdata

import (
	"io/fs"
	"strings"

	"jejak/domain"
	"jejak/domain/election"
)

// The files of a reference data folder.
const (
	fileRegencies      = "regencies.csv"
	fileDistricts      = "districts.csv"
	fileVillages       = "villages.csv"
	fileStations       = "polling_stations.csv.gz"
	fileDapils         = "electoral_districts.csv"
	fileAreas          = "electoral_district_areas.csv"
	fileRegencyVoters  = "derived_regency_voters.csv"
	fileVillageVoters  = "derived_village_voters.csv"
	fileStationVoters  = "derived_polling_station_voters.csv.gz"
	filePolice         = "police_units.csv"
	kindRegency        = "kabupaten"
	kindCity           = "kota"
	kindVillage        = "desa"
	kindUrbanVillage   = "kelurahan"
	stationRegular     = "regular"
	stationSpecial     = "special"
	firstSpecialNumber = 901
)

// region is a line of regencies.csv, districts.csv or villages.csv, and what the other files say about it.
type region struct {
	code     domain.Code
	name     string
	kind     string
	file     string
	line     int
	stated   counts // the line's own count columns
	actual   counts // counted from the lines of the levels below
	pilkada  int
	dapil    map[string]string // the line's own column, by level of electoral district; districts may have "a|b"
	inDapil  map[string]*dapil // of a village: resolved through electoral_district_areas.csv
	stations []station         // of a village
	voters   int64             // derived_*_voters.csv
	voterAt  int               // line there, 0 for none
	parent   *region
	children []*region
}

type counts struct {
	districts, villages, stations, regular, special int
	voters                                          int64
}

func (c *counts) add(o counts) {
	c.districts += o.districts
	c.villages += o.villages
	c.stations += o.stations
	c.regular += o.regular
	c.special += o.special
	c.voters += o.voters
}

type station struct {
	number  int
	special bool
	known   bool // a number of voters is there
	line    int
	voters  int64
}

// dapil is an electoral district (daerah pemilihan).
type dapil struct {
	code, level, name string
	regency           domain.Code
	stated, actual    int
	line              int
}

// loader holds what has been read so far.
type loader struct {
	fsys     fs.FS
	problems *Problems
	def      *definition
	norms    election.Norms
	ownDef   bool // the folder brings its own definition, so the built-in lists are not its official ones

	files     map[string]string // name as asked for, to the file really read
	whole     map[string]bool   // files that were read with a right header
	regions   map[domain.Code]*region
	broken    map[domain.Code]bool // codes whose own line is wrong: what hangs on them is not reported again
	regencies []*region
	districts []*region
	villages  []*region
	dapils    map[string]*dapil // by level and code
	dapilList []*dapil
	police    []election.PoliceUnit
}

func newLoader(fsys fs.FS, electionID string) *loader {
	l := &loader{
		fsys: fsys, problems: &Problems{}, files: map[string]string{}, whole: map[string]bool{},
		regions: map[domain.Code]*region{}, broken: map[domain.Code]bool{}, dapils: map[string]*dapil{},
	}
	l.def, l.norms, l.ownDef = loadDefinition(fsys, electionID, l.problems)
	return l
}

// read reads every file that the election uses and checks each line and every tie between lines.
func (l *loader) read() {
	if l.def == nil {
		return
	}
	l.readRegencies()
	l.readDistricts()
	l.readVillages()
	if l.def.Stations == listedStations {
		l.readStations()
	}
	if l.usesDapils() {
		l.readDapils()
		l.readAreas()
	}
	if l.def.Voters == derivedVoters {
		l.readRegionVoters(fileRegencyVoters, domain.Regency, "regency_code", "voters", "basis")
		l.readRegionVoters(fileVillageVoters, domain.Village, "village_code", "voters_derived", "tps_count")
		l.readStationVoters()
	}
	l.readPolice()
	l.count()
	l.checkCounts()
	l.checkDapils()
	l.checkVoters()
	l.checkPolice()
}

func (l *loader) usesDapils() bool {
	return l.def.uses(levelDPR) || l.def.uses(levelProvince) || l.def.uses(levelRegency)
}

// open opens a file; it remembers under which name it was found and whether it can be relied on to be whole.
func (l *loader) open(name string, columns ...string) *table {
	t := openTable(l.fsys, name, l.problems, columns...)
	l.files[name] = name
	if t != nil {
		l.files[name], l.whole[name] = t.file, t.whole
		t.skipped = func(first string) { l.broken[domain.Code(strings.Clone(first))] = true }
	}
	return t
}

// upstream are the files that a file's lines hang on.
var upstream = map[string][]string{
	fileDistricts:     {fileRegencies},
	fileVillages:      {fileDistricts},
	fileStations:      {fileVillages},
	fileDapils:        {fileRegencies},
	fileAreas:         {fileDapils, fileVillages},
	fileRegencyVoters: {fileRegencies},
	fileVillageVoters: {fileVillages},
	fileStationVoters: {fileStations},
	filePolice:        {fileRegencies},
}

// reliable tells whether all of the files, and those that they hang on, were read, so that what is not in them is really missing.
func (l *loader) reliable(names ...string) bool {
	for _, name := range names {
		if !l.whole[name] || !l.reliable(upstream[name]...) {
			return false
		}
	}
	return true
}
