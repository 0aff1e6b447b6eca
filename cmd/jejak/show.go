package main

import (
	"io"
	"strings"
	"time"

	"jejak/internal/simulation"
	"jejak/internal/terminal"
)

// show tells how far a simulation is: a bar, and with a board its table, to a person who watches; into a pipe one line when a phase begins.
type show struct {
	w     io.Writer
	live  *terminal.Live // nil: nobody watches
	board func() (table terminal.Text, err error)

	began  time.Time
	sent   int64               // acts that were answered before
	table  terminal.Text       // the board as last read
	read   time.Time           // when
	phases map[string]struct{} // told
}

// boardEvery is how often the board is read: it costs the server a little.
const boardEvery = time.Second

// newShow shows on w. board reads the table of the regencies, nil where there is none.
func newShow(w io.Writer, board func() (terminal.Text, error)) *show {
	s := &show{w: w, board: board, phases: map[string]struct{}{}}
	if terminal.Watched(w) {
		s.live = terminal.NewLive(w)
	}
	return s
}

// progress is for simulation.Config.
func (s *show) progress(p simulation.Progress) {
	if s.began.IsZero() {
		s.began, s.sent = time.Now(), p.Acts
	}
	if s.live == nil {
		s.line(p)
		return
	}
	if s.board != nil && time.Since(s.read) >= boardEvery {
		s.read = time.Now()
		if table, err := s.board(); err == nil { // the next one may succeed; the simulation tells what is wrong
			s.table = table
		}
	}
	s.live.Paint(terminal.Sprintf("%s%s", s.head(p), s.table))
}

// head are two lines: the bar, and where the play is.
func (s *show) head(p simulation.Progress) terminal.Text {
	took := time.Since(s.began)
	rate := ""
	if seconds := took.Seconds(); seconds >= 1 {
		rate = ", " + terminal.Number(int64(float64(p.Acts-s.sent)/seconds)) + "/s"
	}
	return terminal.Sprintf("%s %s of about %s acts%s, %s\n%s  %s\n", terminal.Bar(p.Acts, p.Expected, 30), terminal.Number(p.Acts), terminal.Number(p.Expected),
		rate, took.Round(time.Second), p.Now.Format(simulatedTime), phase(p))
}

const simulatedTime = "2006-01-02 15:04"

func phase(p simulation.Progress) string {
	if p.Wave == p.Waves {
		return "perbandingan dengan kenyataan / comparing with the truth"
	}
	return p.Phase
}

// line prints the first step of a phase, so that phases that take turns for weeks do not fill a log.
func (s *show) line(p simulation.Progress) {
	text := phase(p)
	name, _, ok := strings.Cut(text, ":")
	if !ok {
		name, _, _ = strings.Cut(text, " ")
	}
	if _, told := s.phases[name]; told {
		return
	}
	s.phases[name] = struct{}{}
	// Nobody can be told that the error output is gone.
	_ = terminal.Fprintf(s.w, "%s  %s (%s of about %s acts)\n", p.Now.Format(simulatedTime), text, terminal.Number(p.Acts), terminal.Number(p.Expected))
}

// end lets what is shown stand, so that the next lines begin below it.
func (s *show) end() {
	if s.live != nil {
		s.live.Leave()
	}
}
