package simulation

import (
	"math/rand/v2"
	"time"

	"jejak/internal/api"
)

// want is the answer that a command must get.
type want struct {
	results uint8  // of the bits below
	rule    string // that rejects it
}

const (
	isAccepted uint8 = 1 << iota
	isDiscrepancy
	isDuplicate
	isRejected
	isError
)

var (
	plain   = want{results: isAccepted}                 // nothing is wrong
	flawed  = want{results: isDiscrepancy}              // recorded, with a discrepancy
	either  = want{results: isAccepted | isDiscrepancy} // recorded; whether something is amiss depends on what else has arrived
	known   = want{results: isDuplicate}                // it was sent before
	refused = func(rule string) want { return want{results: isRejected, rule: rule} }
	invalid = func(rule string) want { return want{results: isError, rule: rule} }
)

// batch is what one person sends in one request.
type batch struct {
	person *person
	body   []byte
	wants  []want
	// after is closed when the same person's batch before it is answered, done when this one is; nil for nobody waiting.
	after, done chan struct{}
}

// Limits of a batch: small enough that a batch of a busy person does not hold up others.
const (
	batchLines = 400
	batchBytes = 256 << 10
)

// stage is where the acts of a wave are gathered into batches. Acts of one person keep their order; between people there is none within a wave.
type stage struct {
	*regency
	seed  uint64
	wave  *wave
	world *play
	line  line
	open  map[*person]*batch
	order []*person // of open, so that batches are sent in the same order every time
	send  func(*batch)
	tap   func([]byte)
}

// at is a moment within the wave, decided by a key.
func (s *stage) at(k uint64) time.Time {
	span := s.wave.until.Sub(s.wave.from).Milliseconds()
	return s.wave.from.Add(time.Duration(mix(k)%uint64(max(span, 1))) * time.Millisecond)
}

// part is the n-th of so many equal moments within the wave.
func (s *stage) part(n, of int) time.Time {
	span := s.wave.until.Sub(s.wave.from)
	return s.wave.from.Add((span * time.Duration(n) / time.Duration(max(of, 1))).Truncate(time.Millisecond))
}

// do makes a command of a person and sends it with what else he does in this wave.
func (s *stage) do(p *person, mode, commandType string, at time.Time, w want, data func(l *line)) {
	s.write(p, mode, commandType, at, data)
	s.queue(p, w)
}

// keep makes a report that stays on the person's device until he has a signal.
func (s *stage) keep(p *person, commandType string, at time.Time, data func(l *line)) {
	s.write(p, report, commandType, at, data)
	p.kept = append(p.kept, string(s.line.buf))
}

func (s *stage) write(p *person, mode, commandType string, at time.Time, data func(l *line)) {
	s.writeFor(s.code, p, mode, commandType, at, data)
}

func (s *stage) writeFor(unit string, p *person, mode, commandType string, at time.Time, data func(l *line)) {
	s.line.begin(p, mode, commandType, unit, at)
	data(&s.line)
	s.line.end()
	if s.tap != nil {
		s.tap(s.line.buf)
	}
}

// queue adds the line to the person's batch.
func (s *stage) queue(p *person, w want) {
	b := s.open[p]
	if b == nil {
		b = &batch{person: p}
		s.open[p] = b
		s.order = append(s.order, p)
	}
	b.body = append(b.body, s.line.buf...)
	b.wants = append(b.wants, w)
	if len(b.wants) >= batchLines || len(b.body) >= batchBytes {
		next := &batch{person: p, after: make(chan struct{})}
		b.done = next.after
		s.send(b)
		s.open[p] = next
	}
}

// upload sends what a device has kept: out of order, and twice.
func (s *stage) upload(p *person) {
	if len(p.kept) == 0 {
		return
	}
	lines := p.kept
	p.kept = nil
	r := rand.New(rand.NewPCG(p.key, s.seed))
	for _, w := range []want{either, known} {
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		b := &batch{person: p}
		for _, l := range lines {
			b.body = append(b.body, l...)
			b.wants = append(b.wants, w)
		}
		if old := s.open[p]; old != nil {
			old.body = append(old.body, b.body...)
			old.wants = append(old.wants, b.wants...)
			continue
		}
		s.open[p] = b
		s.order = append(s.order, p)
	}
}

// flush sends every open batch.
func (s *stage) flush() {
	for _, p := range s.order {
		if b := s.open[p]; len(b.wants) > 0 {
			s.send(b)
		}
	}
	clear(s.open)
	s.order = s.order[:0]
}

// met tells whether an answer is what was wanted. again: the command may have been sent before, so that a duplicate is as good.
func (w want) met(a api.Answer, again bool) bool {
	switch a.Result {
	case api.Accepted:
		return w.results&isAccepted != 0
	case api.AcceptedWithDiscrepancy:
		return w.results&isDiscrepancy != 0
	case api.Duplicate:
		return w.results&isDuplicate != 0 || again && w.results&(isRejected|isError) == 0
	case api.Rejected:
		return w.results&isRejected != 0 && (again || w.names(a)) // when sent again it may break another rule by now
	case api.Error:
		return w.results&isError != 0 && w.names(a)
	}
	return false
}

// names tells whether the wanted rule is among those that the answer names.
func (w want) names(a api.Answer) bool {
	for _, e := range a.Errors {
		if e.Rule == w.rule {
			return true
		}
	}
	return false
}
