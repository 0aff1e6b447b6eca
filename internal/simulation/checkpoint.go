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

// The files of a simulation in its folder.
const (
	checkpointFile = "simulation.json"
	verdictFile    = "verdict.json"
)

// checkpoint says how far a simulation is. What happened before it follows from the seed.
type checkpoint struct {
	Seed      uint64        `json:"seed"`
	Regencies []string      `json:"regencies"`
	Waves     int           `json:"waves"` // that are answered in full
	Now       time.Time     `json:"now"`   // on the driven clock
	Acts      int64         `json:"acts"`
	Took      time.Duration `json:"took"` // so far, in nanoseconds
	// Surprises are answers other than wanted, kept so that a break does not make them forgotten.
	Surprises []string `json:"surprises,omitempty"`
}

// resume reads the checkpoint of a folder, the zero one when there is none. One of another seed or scope is an error.
func resume(dir string, seed uint64, scope []string) (checkpoint, error) {
	fresh := checkpoint{Seed: seed, Regencies: scope}
	if dir == "" {
		return fresh, nil
	}
	path := filepath.Join(dir, checkpointFile)
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
		return c, fmt.Errorf("%s holds a simulation of seed %d and regencies %s, but seed %d and %s are asked for: go on with those, or start over on a new data directory",
			path, c.Seed, strings.Join(c.Regencies, ","), seed, strings.Join(scope, ","))
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
