package simulation

import (
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"
)

// Config of a simulation.
type Config struct {
	URL        string // of the server, which must run on a driven clock
	AdminToken string // of the server's admin: makes the simulator's account, and reads at the end
	Seed       uint64
	// Regencies whose forward phase is played in full. Empty: the default choice, or the whole province with All.
	Regencies []string
	All       bool
	// Reference has the raw files of the reference data (regencies.csv, villages.csv ...), the same that the server has imported.
	Reference fs.FS
	// StateDir holds simulation.json, by which a simulation that was cut off goes on, and verdict.json.
	StateDir string
	// Again sends everything from the beginning although it was sent before: nothing may be added.
	Again bool
	// Workers is how many requests are under way at once; 0 for 24.
	Workers int
	// Patience is how long a server that does not answer is waited for; 0 for 2 minutes.
	Patience time.Duration
	Progress func(Progress) // called a few times a second from one goroutine; nil for nobody
	Logger   *slog.Logger   // nil for none

	// tap sees every command line in the order in which it was made, before it is sent. For tests.
	tap func(line []byte)
}

// Default is the choice that is played when nothing is chosen: the largest city, a regency with an island, small cities, and those of which there
// is a story: Ngawi (420 booths too many), Gresik (the ferry to Bawean), Kota Kediri (boxes straight to the villages), Kota Malang (ballots short
// at the stations), Surabaya (ballots of another district).
func Default() []string { return []string{"3521", "3525", "3571", "3572", "3573", "3578"} }

// Progress of a simulation.
type Progress struct {
	Phase    string    // what is being played, in Indonesian
	Now      time.Time // on the driven clock
	Wave     int       // from 1
	Waves    int
	Acts     int64 // answered
	Expected int64 // about how many acts there will be
	Rejected int64 // rightly: what was not allowed was tried
}

func (c *Config) check() error {
	switch {
	case c.URL == "":
		return fmt.Errorf("simulate: the server's address is missing")
	case c.AdminToken == "":
		return fmt.Errorf("simulate: the admin's token is missing")
	case c.Reference == nil:
		return fmt.Errorf("simulate: the files of the reference data are missing")
	case c.All && len(c.Regencies) > 0:
		return fmt.Errorf("simulate: either all regencies or some of them, not both")
	}
	if c.Workers <= 0 {
		c.Workers = 24
	}
	if c.Patience == 0 {
		c.Patience = 2 * time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// scope are the codes of the regencies that are played in full, sorted.
func (c *Config) scope(w *world) ([]string, error) {
	var codes []string
	switch {
	case c.All:
		for _, r := range w.regencies {
			codes = append(codes, r.code)
		}
	case len(c.Regencies) == 0:
		codes = Default()
	default:
		codes = slices.Clone(c.Regencies)
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	for _, code := range codes {
		if w.find(code) == nil {
			return nil, fmt.Errorf("simulate: there is no regency %q: use 4 digits, such as 3578", code)
		}
	}
	return codes, nil
}
