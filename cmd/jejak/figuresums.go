package main

// figureSum is a figure of several regencies together: of those in which it differs, since only these are told.
type figureSum struct {
	before, after      int64
	changes, regencies int
	types              map[string]int // how many of the changes each type of event made
}

// figureSums are sums by the figures' names.
type figureSums map[string]*figureSum

// add adds what one regency has.
func (f figureSums) add(name string, before, after int64, changes int, types map[string]int) {
	s := f[name]
	if s == nil {
		s = &figureSum{types: map[string]int{}}
		f[name] = s
	}
	s.before, s.after, s.changes, s.regencies = s.before+before, s.after+after, s.changes+changes, s.regencies+1
	for typ, n := range types {
		s.types[typ] += n
	}
}

// where says of how many regencies the sum is.
func (s *figureSum) where() string { return "in " + number(s.regencies, "regency", "regencies") }
