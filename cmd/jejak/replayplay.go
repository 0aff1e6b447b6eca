package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"jejak/internal/api"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

// player plays events on a terminal. It is for one goroutine.
type player struct {
	f      *replayFlags
	past   *past
	events *eventPages
	live   *terminal.Live

	now    time.Time  // of the recorded clock
	since  time.Time  // of the machine, when now was so
	next   *api.Event // that is waited for; nil at the end
	paused bool
	lines  []terminal.Text // last events
	shown  int             // events so far
	last   uint64          // position of the last of them

	figures terminal.Text // of the regency, as last read
	of      uint64        // up to which position
	read    time.Time
}

const (
	screenLines = 15
	// repaint is how often the screen follows the time, figuresEvery how often the figures follow the events: each is a fold forward.
	repaint, figuresEvery = 100 * time.Millisecond, 500 * time.Millisecond
)

// play plays on the terminal until the end, q or Ctrl-C.
func (f *replayFlags) play(cmd *cobra.Command, p *past, events *eventPages) (err error) {
	before, err := term.MakeRaw(int(os.Stdin.Fd()))
	if err != nil {
		return fmt.Errorf("read keys from the terminal: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(int(os.Stdin.Fd()), before)) }()
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	pl := &player{f: f, past: p, events: events, live: terminal.NewLive(cmd.OutOrStdout())}
	if err := pl.fetch(ctx); err != nil {
		return err
	}
	if pl.next != nil {
		pl.now, pl.since = recordedAt(*pl.next), time.Now()
	}
	return pl.run(ctx, keys(ctx))
}

// keys are the keys pressed, until ctx ends or the terminal does. The goroutine that waits for the last one ends with the process.
func keys(ctx context.Context) <-chan byte {
	pressed := make(chan byte)
	go func() {
		var one [1]byte
		for {
			if _, err := os.Stdin.Read(one[:]); err != nil {
				return
			}
			select {
			case pressed <- one[0]:
			case <-ctx.Done():
				return
			}
		}
	}()
	return pressed
}

func (p *player) run(ctx context.Context, pressed <-chan byte) error {
	tick := time.NewTicker(repaint)
	defer tick.Stop()
	defer p.live.Leave()
	for {
		if err := p.advance(ctx); err != nil {
			return err
		}
		if err := p.paint(ctx); err != nil {
			return err
		}
		if p.next == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case key := <-pressed:
			done, err := p.key(ctx, key)
			if done || err != nil {
				return err
			}
		}
	}
}

const ctrlC = 3

// key does what a key says; done is true for the one that ends.
func (p *player) key(ctx context.Context, key byte) (done bool, err error) {
	switch key {
	case 'q', ctrlC:
		return true, nil
	case ' ':
		p.paused = !p.paused
	case 'n':
		if p.paused && p.next != nil {
			p.now = recordedAt(*p.next)
			return false, p.take(ctx)
		}
	case '+':
		p.f.speed *= 2
	case '-':
		p.f.speed /= 2
	}
	p.since = time.Now()
	return false, nil
}

// advance lets the time go on and takes the events that are due.
func (p *player) advance(ctx context.Context) error {
	if p.paused {
		return nil
	}
	gone := time.Since(p.since)
	p.since = p.since.Add(gone)
	p.now = p.now.Add(time.Duration(float64(gone) * p.f.speed))
	for p.next != nil && !recordedAt(*p.next).After(p.now) {
		if err := p.take(ctx); err != nil {
			return err
		}
	}
	return nil
}

// take shows the next event and fetches the one after it.
func (p *player) take(ctx context.Context) error {
	p.lines = append(p.lines, replayLine(*p.next))
	if len(p.lines) > screenLines {
		p.lines = p.lines[1:]
	}
	p.shown++
	p.last = p.next.Position
	return p.fetch(ctx)
}

func (p *player) fetch(ctx context.Context) error {
	event, _, ok, err := p.events.next(ctx)
	if err != nil {
		return err
	}
	p.next = nil
	if ok {
		p.next = &event
	}
	return nil
}

func (p *player) paint(ctx context.Context) error {
	if p.f.regency != "" && p.last > p.of && (time.Since(p.read) >= figuresEvery || p.paused || p.next == nil) {
		body, err := p.past.get(ctx, fmt.Sprintf("/v1/elections/%s/regencies/%s", url.PathEscape(p.f.election), url.PathEscape(p.f.regency)),
			url.Values{"position": {strconv.FormatUint(p.last, 10)}})
		if err != nil {
			return err
		}
		var row form.RegencyRow
		if err := json.Unmarshal(body, &row); err != nil {
			return fmt.Errorf("read the figures: %w", err)
		}
		p.figures, p.of, p.read = figuresOnScreen(row), p.last, time.Now()
	}
	state := fmt.Sprintf("x%g", p.f.speed)
	switch {
	case p.next == nil:
		state = "selesai / end"
	case p.paused:
		state = "jeda / paused"
	}
	var lines terminal.Page
	for _, line := range p.lines {
		lines.Printf("%s\n", line)
	}
	p.live.Paint(terminal.Sprintf("%s  %s  %s  [spasi/space n + - q]\n%s\n%s", p.now.In(wib).Format("2006-01-02 15:04:05 MST"), state,
		number(p.shown, "event", "events"), p.figures, lines.Text()))
	return nil
}

// countsText are counts by name, without those of nothing.
func countsText(counts map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] != 0 {
			parts = append(parts, name+" "+terminal.Number(counts[name]))
		}
	}
	return strings.Join(parts, "  ")
}
