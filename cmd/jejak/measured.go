package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jejak/internal/terminal"
)

// measured is what a demo cost, in this process.
type measured struct {
	WallSeconds float64          `json:"wall_seconds"`
	CPUSeconds  float64          `json:"cpu_seconds,omitempty"`       // 0 where the system does not tell
	PeakMemory  int64            `json:"peak_memory_bytes,omitempty"` // resident; 0 where the system does not tell
	Acts        int64            `json:"acts"`                        // answered, also in earlier runs
	Events      uint64           `json:"events,omitempty"`            // in the log; 0 where its positions have gaps
	Files       map[string]int64 `json:"files"`                       // bytes by name, a database with its journal, a folder (nats/) with all in it
}

func measure(dir string, began time.Time, acts int64, events uint64) (measured, error) {
	m := measured{WallSeconds: time.Since(began).Seconds(), Acts: acts, Events: events, Files: map[string]int64{}}
	m.CPUSeconds, m.PeakMemory = used()
	if err := m.measureFiles(dir); err != nil {
		return m, fmt.Errorf("measure the files: %w", err)
	}
	return m, nil
}

// measureFiles adds up everything in the data directory, a folder under its name with a slash.
func (m *measured) measureFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return gone(err)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return gone(err)
		}
		within, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name, _, inFolder := strings.Cut(filepath.ToSlash(within), "/")
		if inFolder {
			name += "/"
		}
		m.Files[strings.TrimSuffix(strings.TrimSuffix(name, "-wal"), "-shm")] += info.Size()
		return nil
	})
}

// gone forgives a file that is no longer there: journals and messages come and go while the server runs.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (m measured) print(w io.Writer) error {
	parts := []string{fmt.Sprintf("%.1f s", m.WallSeconds)}
	if m.CPUSeconds > 0 {
		parts = append(parts, fmt.Sprintf("%.1f s of processor", m.CPUSeconds))
	}
	if m.PeakMemory > 0 {
		parts = append(parts, size(m.PeakMemory)+" of memory at most")
	}
	var files []string
	for _, name := range slices.SortedFunc(maps.Keys(m.Files), func(a, b string) int { return int(m.Files[b] - m.Files[a]) }) {
		if m.Files[name] >= worthTelling {
			files = append(files, name+" "+size(m.Files[name]))
		}
	}
	log := "elsewhere"
	if m.Events > 0 {
		log = number(int(m.Events), "event", "events")
	}
	err := terminal.Fprintf(w, "\nThis run: %s\nThe log: %s, from %s\nFiles: %s\n", strings.Join(parts, ", "), log, number(int(m.Acts), "act", "acts"),
		strings.Join(files, ", "))
	return err
}

// worthTelling is how many bytes a file must have to be shown to people.
const worthTelling = 64 << 10

// size writes bytes for people.
func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.0f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
