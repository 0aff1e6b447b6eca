package verify

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
)

// differs tells what became of a record that is not what was signed at its place, and goes on behind it with the tree as it was signed.
func (r *run) differs(rec *hashed, want tlog.Hash, records *ahead) {
	at := r.tree.Size()
	if r.late[rec.hash] || r.early[want] { // a part of a move that was told
		r.moveOn(rec, want, records)
		return
	}
	signedLater := r.findSigned(at, rec.hash)
	hereLater := findHere(records, want)
	switch {
	case signedLater > 0 && hereLater > 0:
		r.problem(Problem{Kind: Moved, Leaf: at, Record: named(&rec.Record), Text: fmt.Sprintf("leaf %d is moved: %s stands where another record was signed; it was signed as leaf %d", at, named(&rec.Record), at+int64(signedLater))})
		r.moveOn(rec, want, records)
	case signedLater > 0:
		r.removed(at, signedLater, rec, records)
	case hereLater > 0:
		for range hereLater {
			r.inserted(at, records)
		}
	default:
		r.changed(at, rec)
		r.accept(rec)
		r.add(want)
		records.drop()
	}
}

// findSigned looks how far after a leaf a hash was signed; 0: nowhere near.
func (r *run) findSigned(at int64, hash tlog.Hash) int {
	for i := 1; i < window; i++ {
		signed, attested := r.known.leaf(at + int64(i))
		if !attested {
			return 0
		}
		if signed == hash {
			return i
		}
	}
	return 0
}

// findHere looks how far ahead a leaf is in the log; 0: nowhere near.
func findHere(records *ahead, hash tlog.Hash) int {
	for i := 1; i < window; i++ {
		rec, ok := records.at(i)
		if !ok {
			return 0
		}
		if rec.hash == hash {
			return i
		}
	}
	return 0
}

// moveOn passes over one record and one leaf that do not fit each other but are both somewhere.
func (r *run) moveOn(rec *hashed, want tlog.Hash, records *ahead) {
	if r.late[rec.hash] {
		delete(r.late, rec.hash)
	} else {
		r.early[rec.hash] = true
	}
	if r.early[want] {
		delete(r.early, want)
	} else {
		r.late[want] = true
	}
	r.report.Records++
	r.versions[rec.Stream] = max(r.versions[rec.Stream], rec.Version)
	if rec.RecordedAt.After(r.times[rec.Stream]) {
		r.times[rec.Stream] = rec.RecordedAt
	}
	r.add(want)
	records.drop()
}

// removed passes over leaves whose records are gone. next is the record that comes instead.
func (r *run) removed(at int64, count int, next *hashed, records *ahead) {
	what := fmt.Sprintf("leaf %d is removed", at)
	if count > 1 {
		what = fmt.Sprintf("leaves %d to %d are removed", at, at+int64(count)-1)
	}
	r.problem(Problem{Kind: Removed, Leaf: at, Record: named(&next.Record), Text: fmt.Sprintf("%s%s%s: what comes there now is %s", what, r.wasAt(at), r.lacking(records), named(&next.Record))})
	for i := range count {
		want, _ := r.known.leaf(at + int64(i))
		r.add(want)
	}
}

// lacking finds the stream that goes on after a gap, soon after what was removed, and takes the gap as told.
func (r *run) lacking(records *ahead) string {
	seen := map[string]eventstore.Version{}
	for i := range window {
		rec, ok := records.at(i)
		if !ok {
			break
		}
		last, ok := seen[rec.Stream]
		if !ok {
			last = r.versions[rec.Stream]
		}
		if rec.Version > last+1 {
			if i == 0 || !ok {
				r.versions[rec.Stream] = rec.Version - 1
			}
			if rec.Version == last+2 {
				return fmt.Sprintf(", version %d of %s", last+1, rec.Stream)
			}
			return fmt.Sprintf(", versions %d to %d of %s", last+1, rec.Version-1, rec.Stream)
		}
		seen[rec.Stream] = rec.Version
	}
	return ""
}

// inserted passes over a record that was never signed, though those around it were.
func (r *run) inserted(at int64, records *ahead) {
	rec, _ := records.at(0)
	how := "was inserted"
	if last := r.times[rec.Stream]; rec.RecordedAt.Before(last) {
		how = "was inserted and backdated"
	}
	r.problem(Problem{Kind: Inserted, Leaf: at, Record: named(&rec.Record), Text: fmt.Sprintf("before leaf %d a record %s after it was signed: %s", at, how, named(&rec.Record))})
	r.report.Records++
	records.drop()
}

// changed names a record that stands at its place but is not as it was signed.
func (r *run) changed(at int64, rec *hashed) {
	was := ""
	if r.src.Index != nil {
		if id, _, ok := r.src.Index(at); ok && id != rec.ID {
			was = fmt.Sprintf(" (event %s was signed here, says the notary's index)", id)
		}
	}
	r.problem(Problem{Kind: Changed, Leaf: at, Record: named(&rec.Record), Text: fmt.Sprintf("leaf %d is changed: %s is not as it was signed%s", at, named(&rec.Record), was)})
}
