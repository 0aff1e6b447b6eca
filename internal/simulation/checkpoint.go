package simulation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The files of a simulation in its folder: how far it is, and what the comparison said.
const (
	StateFile   = "simulation.json"
	VerdictFile = "verdict.json"
)

// checkpoint says how far a simulation is. What happened before it follows from the seed.
type checkpoint struct {
	Seed      uint64        `json:"seed"`
	Regencies []string      `json:"regencies"`
	Waves     int           `json:"waves"` // that are answered in full
	Now       time.Time     `json:"now"`   // on the driven clock
	Acts      int64         `json:"acts"`
	Rejected  int64         `json:"rejected"`
	Took      time.Duration `json:"took"` // so far, in nanoseconds
	// Surprises are answers other than wanted, kept so that a break does not make them forgotten.
	Surprises []string `json:"surprises,omitempty"`
}

// OtherError says that the folder holds the state of another simulation than the one asked for.
type OtherError struct {
	Path                      string // of the state
	Seed, AskedSeed           uint64
	Regencies, AskedRegencies []string
}

func (e *OtherError) Error() string {
	return fmt.Sprintf("%s holds a simulation of seed %d and regencies %s, but seed %d and %s are asked for: go on with those, or start over on a new data directory",
		e.Path, e.Seed, strings.Join(e.Regencies, ","), e.AskedSeed, strings.Join(e.AskedRegencies, ","))
}

// resume reads the checkpoint of a folder, the zero one when there is none. One of another seed or scope is an *OtherError.
func resume(dir string, seed uint64, scope []string) (checkpoint, error) {
	fresh := checkpoint{Seed: seed, Regencies: scope}
	if dir == "" {
		return fresh, nil
	}
	path := filepath.Join(dir, StateFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	var c checkpoint
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	switch {
	case err != nil:
		return c, fmt.Errorf("read how far the simulation is: %s: %w", path, err)
	case c.Seed != seed || !slices.Equal(c.Regencies, scope):
		return c, &OtherError{Path: path, Seed: c.Seed, AskedSeed: seed, Regencies: c.Regencies, AskedRegencies: scope}
	}
	return c, nil
}

// save writes a value to a file of the folder, whole or not at all.
func save(dir, name string, value any) error {
	if dir == "" {
		return nil
	}
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
