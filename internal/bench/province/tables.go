package province

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"jejak/internal/bench/report"
)

// parts is into how many the play is cut, by events, to see how its cost grows.
const parts = 6

const what = "All of East Java"

func (e *election) tables() []report.Table { return []report.Table{e.whole(), e.overTime(), e.files()} }

func (e *election) whole() report.Table {
	m, v := e.Measured, e.Verdict
	t := report.Table{
		Title:   what + ": jejak demo, players and server in one process",
		Columns: []string{"acts", "events", "seconds", "acts/s", "processor s", "peak memory MiB", "log bytes/event", "figures compared"},
		Rows: [][]string{{
			fmt.Sprint(v.Acts), fmt.Sprint(m.Events), fmt.Sprintf("%.0f", m.WallSeconds), fmt.Sprintf("%.0f", float64(v.Acts)/m.WallSeconds),
			fmt.Sprintf("%.0f", m.CPUSeconds), fmt.Sprintf("%.0f", float64(m.PeakMemory)/(1<<20)),
			fmt.Sprintf("%.0f", float64(m.Files["events.db"])/float64(m.Events)), fmt.Sprint(v.Compared),
		}},
		Notes: []string{"The play ends with the comparison of the server's figures with what was played, which passed. Rows of the regencies, feed, notary and index of things are on. It goes to the handoff at the stations; the way back is not in these figures."},
	}
	t.Notes = append(t.Notes,
		most("the whole election in minutes", m.WallSeconds/60, 10),
		most("peak memory in GiB", float64(m.PeakMemory)/(1<<30), 1.5))
	return t
}

// overTime shows what an event cost in each part of the play.
func (e *election) overTime() report.Table {
	t := report.Table{
		Title:   what + ": over time",
		Columns: []string{"events", "at s", "events/s", "commands/s", "processor µs/event", "processor µs/command", "memory MiB"},
		Notes: []string{
			"The acts change as the election goes on (orders, then cartons, packing, trucks, handoffs), so that the parts are not the same work.",
			"Processor time is that of players and server together; events include those that policies of the server add.",
		},
	}
	for _, p := range e.split() {
		from, to := p[0], p[1]
		seconds, events, commands := (to.at - from.at).Seconds(), to.events-from.events, to.commands-from.commands
		cpu := float64((to.cpu - from.cpu).Microseconds())
		t.Rows = append(t.Rows, []string{
			fmt.Sprintf("%.0f-%.0f", from.events, to.events), fmt.Sprintf("%.0f", to.at.Seconds()), fmt.Sprintf("%.0f", events/seconds),
			fmt.Sprintf("%.0f", commands/seconds), fmt.Sprintf("%.0f", cpu/events), fmt.Sprintf("%.0f", cpu/commands), fmt.Sprint(to.memory >> 20),
		})
	}
	return t
}

// split cuts the samples into parts of about as many events.
func (e *election) split() [][2]sample {
	var cut [][2]sample
	if len(e.samples) < 2 {
		return nil
	}
	from, last := e.samples[0], e.samples[len(e.samples)-1]
	for i := range parts {
		until := e.samples[0].events + (last.events-e.samples[0].events)*float64(i+1)/parts
		at := slices.IndexFunc(e.samples, func(s sample) bool { return s.events >= until })
		if at < 0 || e.samples[at].events <= from.events || e.samples[at].commands <= from.commands {
			continue
		}
		cut = append(cut, [2]sample{from, e.samples[at]})
		from = e.samples[at]
	}
	return cut
}

// files are all that the data directory has, a database with its journal, a folder with all in it.
func (e *election) files() report.Table {
	t := report.Table{Title: what + ": on the disk", Columns: []string{"file", "MiB", "bytes per event"}}
	for _, name := range slices.Sorted(maps.Keys(e.Measured.Files)) {
		size := float64(e.Measured.Files[name])
		t.Rows = append(t.Rows, []string{name, fmt.Sprintf("%.2f", size/(1<<20)), fmt.Sprintf("%.1f", size/float64(e.Measured.Events))})
	}
	return t
}

// most is the line about a target of DESIGN.md, section 10, that must not be exceeded.
func most(what string, got, limit float64) string {
	word := "met"
	if got > limit {
		word = "MISSED"
	}
	return fmt.Sprintf(report.TargetNote+"%s <= %.1f: %s (%.2f)", what, limit, word, got)
}

// least is the line about a target of DESIGN.md, section 10, that must be reached.
func least(what string, got, limit float64) string {
	word := "met"
	if got < limit {
		word = "MISSED"
	}
	return fmt.Sprintf(report.TargetNote+"%s >= %.1f: %s (%.2f)", what, limit, word, got)
}

func startTable(starts []start) report.Table {
	t := report.Table{
		Title:   "Start with all of it in the log",
		Columns: []string{"page cache", "ready s", "Surabaya command answered s", "regency list returned s", "memory then MiB", "boxes in the list"},
		Notes:   []string{"Seconds since the process was started. Command and list are asked for at the same time, as soon as the port answers, and again until they succeed."},
	}
	slowest := time.Duration(0)
	for _, s := range starts {
		t.Rows = append(t.Rows, []string{s.cache, seconds(s.ready), seconds(s.command), seconds(s.list), fmt.Sprint(s.memory >> 20), fmt.Sprint(s.boxes)})
		slowest = max(slowest, s.command, s.list)
	}
	t.Notes = append(t.Notes, most("command answered and list returned in seconds, the slowest start", slowest.Seconds(), 5))
	return t
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }
