package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"jejak/internal/clock"
)

// clockFile remembers the time of a simulated directory, so that it does not go back when the server starts again.
const clockFile = "clock.json"

// clockStart is the time of a new simulated directory until a simulator sets it: before anything of Pemilu 2024 that is played.
var clockStart = time.Date(2023, time.January, 1, 0, 0, 0, 0, time.FixedZone("WIB", 7*60*60))

type clockState struct {
	Now time.Time `json:"now"`
}

// drivenClock is a driven clock that is remembered in a directory.
type drivenClock struct {
	*clock.Driven
	dir string
	log *slog.Logger
}

// openDriven goes on with the time of a simulated directory: the remembered one, or a later one that the log proves.
func openDriven(dir string, proved time.Time, log *slog.Logger) (*drivenClock, error) {
	now, err := rememberedTime(dir)
	if err != nil {
		return nil, err
	}
	if proved.After(now) {
		now = proved
	}
	return &drivenClock{Driven: clock.NewDriven(now), dir: dir, log: log}, nil
}

// Set moves the clock and remembers the time. What cannot be remembered is no reason to refuse: the log proves the time of everything recorded.
func (c *drivenClock) Set(t time.Time) error {
	if err := c.Driven.Set(t); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(c.dir, clockFile), clockState{Now: t}); err != nil {
		c.log.Warn("time of the simulated directory is not remembered", "error", err)
	}
	return nil
}

func rememberedTime(dir string) (time.Time, error) {
	data, err := os.ReadFile(filepath.Join(dir, clockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return clockStart, nil
	}
	var state clockState
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the time of the simulated directory: %s: %w: delete this file to go on from the last record's time",
			filepath.Join(dir, clockFile), err)
	}
	return state.Now, nil
}
