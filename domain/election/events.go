package election

import (
	"encoding/json"
	"fmt"
	"time"

	"jejak/domain"
)

// Reserved is the id that no election may have: the stream election-accounts has the accounts, which belong to no election.
const Reserved = "accounts"

// Event is an event of the stream "election-<election>", which carries the reference data. A version of the reference data is the run of
// events from one election.defined to the next election.reference_published: complete in itself, so that an import that was cut off leaves
// nothing behind that counts.
//
//sumtype:decl
type Event interface {
	domain.Event
	electionEvent()
}

// Defined opens a version of the reference data (election.defined).
type Defined struct {
	Election     string       `json:"election"`
	Name         string       `json:"name"`
	Province     domain.Code  `json:"province"`
	ProvinceName string       `json:"province_name"`
	VotingDay    time.Time    `json:"voting_day"`
	BallotTypes  []BallotType `json:"ballot_types"`
	// StationsListed: the polling stations are known one by one; otherwise only their number per district is.
	StationsListed bool `json:"stations_listed"`
	// VotersDerived: voters per station are computed from higher levels, not official.
	VotersDerived bool `json:"voters_derived,omitempty"`
}

// NormsPublished carries the norms (election.norms_published).
type NormsPublished struct {
	Norms
}

// RegenciesRegistered names the regencies of the province (election.regencies_registered).
type RegenciesRegistered struct {
	Regencies []RegencyEntry `json:"regencies"`
}

// RegencyEntry is a regency or city.
type RegencyEntry struct {
	Code domain.Code `json:"code"`
	Name string      `json:"name"`
	Kind string      `json:"kind"` // "kabupaten" or "kota"
}

// DesignsRegistered lists every ballot design (election.designs_registered).
type DesignsRegistered struct {
	Designs []Design `json:"designs"`
}

// RegionRegistered is one district with its villages, stations and voters (election.region_registered).
type RegionRegistered struct {
	District     domain.Code    `json:"district"`
	Name         string         `json:"name"`
	StationCount int            `json:"station_count"`
	Designs      []string       `json:"designs"` // of the villages that name none of their own, in the order of the ballot types
	Villages     []VillageEntry `json:"villages"`
}

// VillageEntry is a village in a RegionRegistered.
type VillageEntry struct {
	Code     domain.Code  `json:"code"`
	Name     string       `json:"name"`
	Kind     string       `json:"kind"`               // "desa" or "kelurahan"
	Designs  []string     `json:"designs,omitempty"`  // where an electoral district's border runs through the district
	Stations []StationRun `json:"stations,omitempty"` // in the order of their numbers
	Voters   []int64      `json:"voters,omitempty"`   // one for each station of Stations, in their order; none where unknown
}

// StationRun is a run of stations with consecutive numbers, From and To included.
type StationRun struct {
	From    int  `json:"from"`
	To      int  `json:"to"`
	Special bool `json:"special,omitempty"`
}

// DeadlinesSet fixes the moments after which silence is a finding (election.deadlines_set).
type DeadlinesSet struct {
	Deadlines []Deadline `json:"deadlines"`
}

// PoliceUnitsRegistered lists the police units that escort (election.police_units_registered).
type PoliceUnitsRegistered struct {
	Units []PoliceUnit `json:"units"`
}

// ReferencePublished closes a version (election.reference_published): from here on a unit may adopt it.
type ReferencePublished struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of the version's events before this one; see Digest
	Counts  Counts `json:"counts"`
}

// Counts are the totals of a version, so that a reader sees at once what it holds.
type Counts struct {
	Regencies int   `json:"regencies"`
	Districts int   `json:"districts"`
	Villages  int   `json:"villages"`
	Stations  int   `json:"stations"`
	Special   int   `json:"special"`
	Designs   int   `json:"designs"`
	Voters    int64 `json:"voters,omitempty"` // 0 where unknown
}

func (*Defined) electionEvent()               {}
func (*NormsPublished) electionEvent()        {}
func (*RegenciesRegistered) electionEvent()   {}
func (*DesignsRegistered) electionEvent()     {}
func (*RegionRegistered) electionEvent()      {}
func (*DeadlinesSet) electionEvent()          {}
func (*PoliceUnitsRegistered) electionEvent() {}
func (*ReferencePublished) electionEvent()    {}

func (*Defined) EventType() string               { return "election.defined" }
func (*NormsPublished) EventType() string        { return "election.norms_published" }
func (*RegenciesRegistered) EventType() string   { return "election.regencies_registered" }
func (*DesignsRegistered) EventType() string     { return "election.designs_registered" }
func (*RegionRegistered) EventType() string      { return "election.region_registered" }
func (*DeadlinesSet) EventType() string          { return "election.deadlines_set" }
func (*PoliceUnitsRegistered) EventType() string { return "election.police_units_registered" }
func (*ReferencePublished) EventType() string    { return "election.reference_published" }

func (*Defined) Schema() int               { return 1 }
func (*NormsPublished) Schema() int        { return 1 }
func (*RegenciesRegistered) Schema() int   { return 1 }
func (*DesignsRegistered) Schema() int     { return 1 }
func (*RegionRegistered) Schema() int      { return 1 }
func (*DeadlinesSet) Schema() int          { return 1 }
func (*PoliceUnitsRegistered) Schema() int { return 1 }
func (*ReferencePublished) Schema() int    { return 1 }

// EventTypes are the types of the events of this package. The stream of an election has events of other types too.
func EventTypes() []string {
	return []string{
		"election.defined", "election.norms_published", "election.deadlines_set", "election.regencies_registered", "election.designs_registered",
		"election.police_units_registered", "election.region_registered", "election.reference_published",
	}
}

// NewEvent returns a pointer to the zero event of a type and schema (0: the newest), nil if unknown.
func NewEvent(eventType string, schema int) Event {
	if schema > 1 {
		return nil
	}
	switch eventType {
	case "election.defined":
		return &Defined{}
	case "election.norms_published":
		return &NormsPublished{}
	case "election.regencies_registered":
		return &RegenciesRegistered{}
	case "election.designs_registered":
		return &DesignsRegistered{}
	case "election.region_registered":
		return &RegionRegistered{}
	case "election.deadlines_set":
		return &DeadlinesSet{}
	case "election.police_units_registered":
		return &PoliceUnitsRegistered{}
	case "election.reference_published":
		return &ReferencePublished{}
	}
	return nil
}

// Encode is the one encoding of an event's data: the same event gives the same bytes.
func Encode(e Event) []byte {
	data, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("encode %s: %v", e.EventType(), err)) // only strings, numbers, booleans and times: cannot fail
	}
	return data
}
