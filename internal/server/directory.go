package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"jejak/domain"
	"jejak/internal/refdata"
)

// Kind is what a data directory is for life.
type Kind string

const (
	// Real records what people really did, by the machine's clock.
	Real Kind = "real"
	// Simulated records made-up acts on a clock that a simulator drives. Nothing in it can be taken for the real thing.
	Simulated Kind = "simulated"
)

// mark is the content of directory.json.
type mark struct {
	Format int  `json:"format"`
	Kind   Kind `json:"kind"`
	// Engine is where the log is.
	Engine engine `json:"engine,omitempty"`
	// Demo marks a directory that `jejak demo` made and may delete.
	Demo bool `json:"demo,omitempty"`
	// Province is the unit above all others of the directory. A directory without it is of the province of the built-in data.
	Province domain.Code `json:"province,omitempty"`
}

// province is the unit above all others.
func (m *mark) province() domain.Code {
	if m == nil || m.Province == "" {
		return refdata.Province()
	}
	return m.Province
}

const markFormat = 1

// engine is the kind of log that a data directory belongs to.
type engine string

const (
	embedded     engine = "" // events.db in the directory
	eventStoreDB engine = "esdb"
)

func (e engine) String() string {
	if e == eventStoreDB {
		return "EventStoreDB"
	}
	return "the embedded log, " + EventsFile
}

// engineOf tells which engine an address means.
func engineOf(store string) engine {
	if store == "" {
		return embedded
	}
	return eventStoreDB
}

// readMark returns the mark of a directory, nil when it has none (a new directory, or one that only has people yet).
func readMark(dir string) (*mark, error) {
	name := filepath.Join(dir, MarkFile)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what the data directory is: %w", err)
	}
	var m mark
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("read what the data directory is: %s: %w: restore this file from a backup", name, err)
	}
	if m.Format != markFormat || (m.Kind != Real && m.Kind != Simulated) {
		return nil, fmt.Errorf("data directory %s has format %d and kind %q, which this program does not know: use the program that made it", dir, m.Format, m.Kind)
	}
	return &m, nil
}

// KindOf tells what a data directory is, "" while that is open: no such directory, or no server has run there yet.
func KindOf(dir string) (Kind, error) {
	m, err := readMark(dir)
	if m == nil {
		return "", err
	}
	return m.Kind, nil
}

// ProvinceOf tells of which province a data directory is: of a new one, that of the built-in data.
func ProvinceOf(dir string) (domain.Code, error) {
	m, err := readMark(dir)
	return m.province(), err
}

// IsDemo tells whether dir was made by `jejak demo`.
func IsDemo(dir string) (bool, error) {
	m, err := readMark(dir)
	return m != nil && m.Demo, err
}

// settle makes dir real or simulated, with its kind of log, of a province, for life, or refuses when it is another already; it returns what the directory
// is. A want without a province takes the one there is. The caller holds the lock of the directory.
func settle(dir string, want mark) (*mark, error) {
	m, err := readMark(dir)
	if err != nil {
		return nil, err
	}
	if m == nil {
		if used, err := hasLog(dir); err != nil || used {
			return nil, errors.Join(err, whenTrue(used, fmt.Errorf("data directory %s has a log but no %s: restore that file from a backup", dir, MarkFile)))
		}
		want.Format = markFormat
		if want.Province == refdata.Province() {
			want.Province = "" // as every directory was before there was a choice
		}
		return &want, writeFile(filepath.Join(dir, MarkFile), want)
	}
	return m, errors.Join(
		whenTrue(want.Province != "" && m.province() != want.Province,
			fmt.Errorf("data directory %s is of province %s for life, not of %s: use another directory (--data)", dir, m.province(), want.Province)),
		whenTrue(m.Kind == Real && want.Kind == Simulated,
			fmt.Errorf("data directory %s holds real records and stays real for life: a driven clock needs a directory of its own (--data)", dir)),
		whenTrue(m.Kind == Simulated && want.Kind == Real,
			fmt.Errorf("data directory %s is simulated for life: serve it with --clock driven, or use another directory (--data) for real records", dir)),
		whenTrue(m.Engine != want.Engine,
			fmt.Errorf("data directory %s belongs to %s for life, not to %s: see to --store, or use another directory (--data)", dir, m.Engine, want.Engine)),
	)
}

func whenTrue(condition bool, err error) error {
	if condition {
		return err
	}
	return nil
}

// hasLog tells whether there is a log with content in dir.
func hasLog(dir string) (bool, error) {
	info, err := os.Stat(filepath.Join(dir, EventsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the log: %w", err)
	}
	return info.Size() > 0, nil
}

// makeDirectory creates dir for its owner only, if it is not there, closes it to others if it is, and refuses what is no directory.
func makeDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return closeToOthers(dir)
}

// writeFile puts v as JSON into a file that only its owner can read, whole or not at all.
func writeFile(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = temp.Write(append(data, '\n'))
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(temp.Name()))
	}
	return nil
}
