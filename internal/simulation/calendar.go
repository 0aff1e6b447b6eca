package simulation

import "time"

// day is a date of the play, for building waves.
type day struct {
	year  int
	month time.Month
	day   int
}

func (d day) at(hour, minute int) time.Time { return when(d.year, d.month, d.day, hour, minute) }

func (d day) plus(days int) day {
	t := d.at(12, 0).AddDate(0, 0, days)
	return day{t.Year(), t.Month(), t.Day()}
}

// between makes a wave on a day, from one full hour to another.
func (d day) between(from, until int, name string, act func(s *stage)) wave {
	return wave{name: name, from: d.at(from, 0), until: d.at(until, 0), act: act}
}

// calendar are all waves, in order of time.
func calendar() []wave {
	var waves []wave
	for _, part := range [][]wave{
		planning(), procurement(), ballots(), reserve(), packing(), roads(), stations(), pollingDay(),
	} {
		waves = append(waves, part...)
	}
	return inOrder(waves)
}
