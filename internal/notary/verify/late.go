package verify

import (
	"fmt"
	"time"

	"jejak/internal/notary"
)

// lateness looks for records that were signed long after they were recorded: as is what somebody has changed and had signed again.
type lateness struct {
	history   *history
	simulated bool      // records have times of their own, not the machine's
	now       time.Time // nothing was recorded after it; it is compared with what is not signed

	signed      time.Time // when the checkpoint before the records looked at was signed
	count       int64     // of records since then
	late        int64     // of them, that nothing explains
	first, last *Record
	oldest      time.Time
}

// atOnce is more records than one checkpoint adds while a server runs and signs.
const atOnce = 1 << 16

// look looks at the record of a leaf that was signed at a time, by a server of a pace; the zero time: it is not signed.
func (l *lateness) look(rec *hashed, leaf int64, at time.Time, pace time.Duration) {
	l.count++
	patience := notary.Patience(pace)
	if at.IsZero() {
		at = l.now
	}
	if l.simulated {
		if l.count <= atOnce || l.explained(rec, leaf, patience) {
			return
		}
	} else if at.Sub(rec.RecordedAt) <= patience || rec.RecordedAt.Sub(l.signed) <= patience || l.explained(rec, leaf, patience) {
		return
	}
	if l.late++; l.first == nil {
		l.first, l.oldest = named(&rec.Record), rec.RecordedAt
	}
	l.last = named(&rec.Record)
}

func (l *lateness) explained(rec *hashed, leaf int64, patience time.Duration) bool {
	h := l.history
	if rec.Position > 0 && rec.Position <= h.until {
		return true
	}
	for _, a := range h.accepted {
		if leaf < a.Size {
			return true
		}
	}
	for _, e := range h.epochs {
		if e.Number > 0 && leaf >= e.Good && leaf < e.Size {
			return true
		}
	}
	if l.simulated {
		return len(h.outages) > 0
	}
	for _, o := range h.outages {
		if !rec.RecordedAt.Before(o.From.Add(-patience)) && !rec.RecordedAt.After(o.To) {
			return true
		}
	}
	return false
}

// end ends the records of a checkpoint, or at the zero time those that are not signed, and says what is late.
func (l *lateness) end(at time.Time) (p Problem, found bool) {
	if found = l.late > 0; found {
		p = Problem{Kind: Late, Leaf: -1, Record: l.first}
		what := fmt.Sprintf("%d records, from %s to %s,", l.late, l.first, l.last)
		switch {
		case at.IsZero() && l.simulated:
			p.Text = fmt.Sprintf("%s are not signed: more than a running server ever leaves; checkpoints were removed, or the server was stopped before it signed", what)
		case at.IsZero():
			p.Text = fmt.Sprintf("%s are not signed, though they were recorded %s ago: checkpoints were removed, or the server was stopped before it signed", what, l.now.Sub(l.oldest).Round(time.Second))
		case l.simulated:
			p.Text = fmt.Sprintf("%s were signed by one checkpoint, of %s: more than a running server ever leaves; what was signed before may have been removed and the log changed", what, stamp(at))
		default:
			p.Text = fmt.Sprintf("%s were first signed at %s, %s after the first of them was recorded: what was signed before may have been removed and the log changed", what, stamp(at), at.Sub(l.oldest).Round(time.Second))
		}
		p.Text += "; ask those who have kept a checkpoint, and if there is another reason, jejak notary accept says who vouches for it"
	}
	l.signed, l.count, l.late, l.first, l.last = at, 0, 0, nil, nil
	return p, found
}
