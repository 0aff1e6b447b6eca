package refdata

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"jejak/domain"
	"jejak/domain/election"
)

//go:embed data
var embedded embed.FS

// data is the built-in reference data of East Java.
func data() fs.FS {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// definition is what an election fixes apart from regions and stations: the file <election>.json.
type definition struct {
	Election     string              `json:"election"`
	Name         string              `json:"name"`
	Province     domain.Code         `json:"province"`
	ProvinceName string              `json:"province_name"`
	VotingDay    time.Time           `json:"voting_day"`
	AsOf         string              `json:"as_of"`    // date of the data, the beginning of its version
	Stations     string              `json:"stations"` // listedStations or totalsOnly
	Voters       string              `json:"voters"`   // derivedVoters or unknownVoters
	BallotTypes  []ballotType        `json:"ballot_types"`
	Deadlines    []election.Deadline `json:"deadlines"`
	Official     []official          `json:"official"`
}

const (
	listedStations = "listed"
	totalsOnly     = "totals" // numbers of stations per district, from the column pilkada2024_tps
	derivedVoters  = "derived"
	unknownVoters  = "unknown"
)

// ballotType is a ballot type and where its designs come from.
type ballotType struct {
	election.BallotType
	Designs string `json:"designs"` // designsOne, ...Province, ...Regency or a level of electoral districts
}

const (
	designsOne      = "one"      // one design for the country
	designsProvince = "province" // one for the province
	designsRegency  = "regency"  // one for each regency
)

// The levels of electoral districts, as in electoral_districts.csv.
const (
	levelDPR      = "dpr"
	levelProvince = "dprd_provinsi"
	levelRegency  = "dprd_kabkota"
)

// official is a published total that the files must reach.
type official struct {
	What   string `json:"what"`
	Value  int64  `json:"value"`
	Source string `json:"source"`
}

func (d *definition) ballotTypes() []election.BallotType {
	types := make([]election.BallotType, len(d.BallotTypes))
	for i, t := range d.BallotTypes {
		types[i] = t.BallotType
	}
	return types
}

// uses tells whether any ballot type is designed by electoral districts of a level.
func (d *definition) uses(level string) bool {
	return slices.ContainsFunc(d.BallotTypes, func(t ballotType) bool { return t.Designs == level })
}

// Elections are the elections that Jejak has built-in data for.
func Elections() []string { return []string{"pemilu2024", "pilkada2024"} }

// Province is the province that the built-in data are of.
func Province() domain.Code { return builtInProvince() }

var builtInProvince = sync.OnceValue(func() domain.Code {
	var problems Problems
	def, _, _ := loadDefinition(data(), Elections()[0], &problems)
	if def == nil {
		panic("the built-in reference data define no election") // they are part of the program, and its tests load them
	}
	return def.Province
})

// loadDefinition reads the election's definition and norms from fsys, or the built-in ones where fsys has none. own tells which.
func loadDefinition(fsys fs.FS, electionID string, problems *Problems) (def *definition, norms election.Norms, own bool) {
	def = &definition{}
	if electionID == election.Reserved {
		problems.add(electionID+".json", 0, "", "no election may be called %s: that name is kept for the stream of accounts", electionID)
		return nil, norms, false
	}
	own, ok := loadJSON(fsys, electionID+".json", def, problems)
	if !ok {
		return nil, norms, own
	}
	if _, ok = loadJSON(fsys, electionID+".norms.json", &norms, problems); !ok {
		return nil, norms, own
	}
	return def, norms, own
}

func loadJSON(fsys fs.FS, name string, into any, problems *Problems) (own, ok bool) {
	content, err := fs.ReadFile(fsys, name)
	own = err == nil
	if errors.Is(err, fs.ErrNotExist) {
		content, err = fs.ReadFile(data(), name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		problems.add(name, 0, "", "the election is unknown: neither the files nor the program define it; built in are: %s", strings.Join(Elections(), ", "))
		return own, false
	}
	if err != nil {
		problems.add(name, 0, "", "cannot read the file: %v", err)
		return own, false
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		problems.add(name, lineOf(content, err, decoder.InputOffset()), "", "%v", err)
		return own, false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		problems.add(name, lineOf(content, nil, decoder.InputOffset()), "", "something follows after the end of the object")
		return own, false
	}
	// encoding/json takes times that the log cannot hold, such as an offset of a whole day: they are looked at again.
	if err := jsonv2.Unmarshal(content, reflect.New(reflect.TypeOf(into).Elem()).Interface(), strictTimes); err != nil {
		var odd *jsonv2.SemanticError
		offset := int64(0)
		if errors.As(err, &odd) {
			offset, err = odd.ByteOffset, odd.Err
		}
		problems.add(name, lineOf(content, nil, offset), "", "%v", err)
		return own, false
	}
	return own, true
}

var strictTimes = jsonv2.WithUnmarshalers(jsonv2.UnmarshalFunc(func(value []byte, t *time.Time) (err error) {
	var text string
	if err := jsonv2.Unmarshal(value, &text); err != nil {
		return err
	}
	*t, err = domain.ParseTime(text)
	return err
}))

// lineOf is the line at which decoding failed.
func lineOf(content []byte, err error, offset int64) int {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &typ):
		offset = typ.Offset
	}
	return bytes.Count(content[:min(int(offset), len(content))], []byte{'\n'}) + 1
}

// KnownElection returns an error that names the elections there are when the id is none of them.
func KnownElection(id string) error {
	if slices.Contains(Elections(), id) {
		return nil
	}
	return fmt.Errorf("election %q is unknown: use one of %s", id, strings.Join(Elections(), ", "))
}
