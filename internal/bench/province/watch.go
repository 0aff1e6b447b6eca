package province

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jejak/internal/bench/serving"
)

// sample is what is seen of the server's process at a moment.
type sample struct {
	at       time.Duration // since the start
	cpu      time.Duration // of all threads; the players are in the same process
	memory   int64         // resident, bytes
	commands float64       // answered
	events   float64       // appended
}

type watcher struct {
	pid      int
	url      string
	began    time.Time
	progress func(string)
}

// watch looks every second until ctx ends. A look that fails is left out: the process may be about to end.
func (w watcher) watch(ctx context.Context) []sample {
	var seen []sample
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return seen
		case <-tick.C:
			s, err := w.look(ctx)
			if err != nil {
				continue
			}
			seen = append(seen, s)
			if w.progress != nil {
				w.progress(fmt.Sprintf("province: %.0f s, %.0f events, %d MiB", s.at.Seconds(), s.events, s.memory>>20))
			}
		}
	}
}

func (w watcher) look(ctx context.Context) (sample, error) {
	s := sample{at: time.Since(w.began)}
	var err error
	if s.cpu, s.memory, err = serving.Process(w.pid); err != nil {
		return s, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/metrics", nil)
	if err != nil {
		return s, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseFloat(value, 64) // comments have no number
		switch {
		case strings.HasPrefix(name, "jejak_command_duration_seconds_count"):
			s.commands += n
		case name == "jejak_append_events_sum":
			s.events = n
		}
	}
	return s, lines.Err()
}
