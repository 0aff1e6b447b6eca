// Package verify holds a log against what its notary has signed, with nothing but a verifier key: on the data directory, a live server, a backup or a
// bundle.
package verify

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/eventstore"
	"jejak/internal/notary/tree"
)

// window is how far one looks ahead to tell a removed record from an inserted or moved one.
const window = 2048

// milestone is a checkpoint that the log must come by.
type milestone struct {
	tlog.Tree
	at      time.Time
	outside bool
	origin  string
	sealed  bool // at was sealed by the notary
	pace    time.Duration
}

// named is nil for none.
func (m *milestone) named() *Signed {
	if m == nil {
		return nil
	}
	return &Signed{m.N, m.Hash, stamp(m.at)}
}

// run is a check under way.
type run struct {
	trust  *Trust
	src    *Source
	report *Report

	milestones []milestone // still to come, the smallest first
	good       *milestone  // the last of the notary's that fitted
	kept       *milestone  // the last of those given that fitted
	bad        bool        // one did not: the rest would not either
	known      attested
	tree       tree.Tree

	versions map[string]eventstore.Version
	times    map[string]time.Time
	early    map[tlog.Hash]bool // leaves that were signed for later, and have been seen
	late     map[tlog.Hash]bool // leaves that were signed for earlier, and have not been seen
	untiled  bool               // it was told that tiles do not attest
	aged     *lateness          // nil: nobody knows when what was signed
	beyond   beyond             // tiles of what is not signed
	indexed  bool               // it was told that the index does not fit
}

// Run checks. What is wrong is in the report; an error is that it could not be checked.
func Run(ctx context.Context, trust *Trust, src *Source, opt Options) (*Report, error) {
	r := &run{
		trust: trust, src: src, report: &Report{Origin: trust.Origin, KeySource: opt.KeySource, Problems: []Problem{}},
		versions: map[string]eventstore.Version{}, times: map[string]time.Time{}, early: map[tlog.Hash]bool{}, late: map[tlog.Hash]bool{},
	}
	r.age()
	if err := r.readCheckpoints(); err != nil {
		return nil, err
	}
	r.readTiles()
	r.beyond = beyond{tiles: src.Tiles}
	next, stop := iter.Pull2(hashAll(ctx, src))
	defer stop()
	records := &ahead{next: next}
	for n := uint64(0); ; n++ {
		if opt.Progress != nil && n%4096 == 0 {
			opt.Progress(n, uint64(max(r.report.Size, int64(n))))
		}
		rec, ok := records.at(0)
		if !ok {
			break
		}
		if len(r.report.Problems) == maxProblems {
			return r.report, nil
		}
		if r.src.Part {
			r.place(rec)
			records.drop()
			continue
		}
		r.step(rec, records)
	}
	if opt.Progress != nil {
		opt.Progress(uint64(r.report.Records), uint64(r.report.Records))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if records.err != nil {
		r.problem(Problem{Kind: Unreadable, Leaf: r.tree.Size(), Text: fmt.Sprintf("the records end after %d: %v", r.report.Records, records.err)})
	}
	if !src.Part {
		r.end()
	}
	return r.report, nil
}

func (r *run) problem(p Problem) {
	if len(r.report.Problems) < maxProblems {
		r.report.Problems = append(r.report.Problems, p)
	}
}

// readCheckpoints checks the signatures of all checkpoints and puts them in order.
func (r *run) readCheckpoints() error {
	var newest []byte
	before, origin := int64(-1), ""
	read := func(text []byte, m milestone) error {
		at := m.at
		known, err := r.trust.Checkpoint(text)
		if err != nil {
			size := strings.SplitN(string(text)+"\n?", "\n", 3)[1]
			r.problem(Problem{Kind: Checkpoint, Leaf: -1, Text: fmt.Sprintf("the checkpoint of %s records does not hold under the key given: %v", size, err)})
			return nil
		}
		if m.origin, _, _ = strings.Cut(string(text), "\n"); known.N < before || known.N == before && m.origin == origin {
			r.problem(Problem{Kind: Checkpoint, Leaf: -1, Text: fmt.Sprintf("a checkpoint of %d records stands after one of %d", known.N, before)})
			return nil
		}
		before, newest, origin = known.N, text, m.origin
		m.Tree, m.at = known, at
		r.milestones = append(r.milestones, m)
		return nil
	}
	var err error
	if r.src.Aged != nil {
		err = r.src.Aged(func(c *sealedTree) error {
			return read(c.Note(), milestone{at: c.SignedAt, sealed: c.sealed, pace: c.pace})
		})
	} else {
		err = r.src.Signed(func(text []byte, at time.Time) error { return read(text, milestone{at: at}) })
	}
	if err != nil {
		return err
	}
	if n := len(r.milestones); n > 0 {
		last := &r.milestones[n-1]
		r.known.known = last.Tree
		r.report.Size, r.report.Root, r.report.SignedAt = last.N, last.Hash.String(), stamp(last.at)
		if r.trust.Policy != nil {
			if _, _, err := torchwood.VerifyCheckpoint(newest, r.trust.Policy); err != nil {
				r.problem(Problem{Kind: Policy, Leaf: -1, Bad: last.named(), Text: fmt.Sprintf("%s does not satisfy the policy: %v", last.named(), err)})
			}
		}
	}
	if len(r.milestones) == 0 {
		r.problem(Problem{Kind: Checkpoint, Leaf: -1, Text: "there is no checkpoint that a key given has signed"})
	}
	for _, text := range r.src.Outside {
		known, err := r.trust.Checkpoint(text)
		if err != nil {
			r.problem(Problem{Kind: Fork, Leaf: -1, Text: fmt.Sprintf("the checkpoint given does not hold under the key given: %v", err)})
			continue
		}
		origin, _, _ := strings.Cut(string(text), "\n")
		if r.ofAnEpochBefore(origin, known.N) {
			continue
		}
		r.insert(milestone{Tree: known, outside: true, origin: origin})
	}
	return nil
}

// insert puts a milestone where it belongs.
func (r *run) insert(m milestone) {
	i := 0
	for i < len(r.milestones) && r.milestones[i].N <= m.N {
		i++
	}
	r.milestones = append(r.milestones[:i], append([]milestone{m}, r.milestones[i:]...)...)
}

// readTiles finds out whether there are tiles that the newest checkpoint attests.
func (r *run) readTiles() {
	r.known.upper = map[string][]byte{}
	if r.src.Tiles == nil || r.known.known.N == 0 {
		return
	}
	r.known.tiles = r.src.Tiles
	if r.known.missing() {
		r.known.tiles = nil
		return
	}
	if _, err := tree.Resume(r.known.known, tree.Source(r.known.source)); err != nil {
		r.untiled = true
		r.problem(Problem{Kind: Tile, Leaf: -1, Text: fmt.Sprintf("the tiles do not give the root of the newest checkpoint, of %d records: they were changed, so only checkpoints can say where the log was", r.known.known.N)})
	}
}

// step takes the next record in.
func (r *run) step(rec *hashed, records *ahead) {
	at := r.tree.Size()
	want, attested := r.known.leaf(at)
	if !attested && !r.untiled && r.known.tiles != nil && at < r.known.known.N {
		r.untiled = true
		r.problem(Problem{Kind: Tile, Leaf: at, Text: fmt.Sprintf("the tile of leaf %d is missing or was changed: of its records only checkpoints can say whether they are as they were signed", at)})
	}
	if !attested || want == rec.hash {
		r.beside(rec, at)
		r.accept(rec)
		r.add(rec.hash)
		records.drop()
		return
	}
	r.differs(rec, want, records)
}

// accept looks at a record within its ledger.
func (r *run) accept(rec *hashed) {
	r.report.Records++
	if last := r.versions[rec.Stream]; rec.Version != last+1 {
		r.problem(Problem{Kind: Gap, Leaf: r.tree.Size(), Record: named(&rec.Record), Text: fmt.Sprintf("%s comes after version %d of its stream", named(&rec.Record), last)})
	}
	if last := r.times[rec.Stream]; rec.RecordedAt.Before(last) && strings.HasPrefix(rec.Stream, "ledger-") {
		r.problem(Problem{Kind: Backdated, Leaf: r.tree.Size(), Record: named(&rec.Record), Text: fmt.Sprintf("%s is backdated: the record before it in its ledger is of %s", named(&rec.Record), last.UTC().Format("2006-01-02T15:04:05.000000Z"))})
	}
	r.versions[rec.Stream], r.times[rec.Stream] = rec.Version, rec.RecordedAt
}

// add adds a leaf to the tree and holds it against the checkpoints of its size.
func (r *run) add(hash tlog.Hash) {
	r.tree.Add(hash)
	r.tree.Forget()
	r.compare()
}

func (r *run) compare() {
	for len(r.milestones) > 0 && r.milestones[0].N <= r.tree.Size() {
		m := r.milestones[0]
		r.milestones = r.milestones[1:]
		if m.N < r.tree.Size() {
			continue
		}
		r.report.Checkpoints++
		if !m.outside && r.aged != nil {
			if p, found := r.aged.end(m.at); found && m.sealed {
				p.Bad = m.named()
				r.problem(p)
			}
		}
		root := r.tree.Root()
		switch {
		case root == m.Hash && m.outside:
			r.kept = &m
		case root == m.Hash:
			r.good = &m
		case m.outside:
			r.problem(Problem{Kind: Fork, Leaf: -1, Good: r.kept.named(), Bad: m.named(), Text: fmt.Sprintf(
				"the log does not extend the checkpoint given, of %d records and root %s: with so many records it has root %s, and no honest notary signs both; %s",
				m.N, m.Hash, root, r.since(r.kept))})
		case !r.bad:
			r.bad = true
			r.problem(Problem{Kind: Interval, Leaf: -1, Good: r.good.named(), Bad: m.named(), Text: fmt.Sprintf(
				"the log does not give the root of %s; %s", m.named(), r.since(r.good))})
		}
	}
}

// since says up to where the log is known to be as it was signed.
func (r *run) since(good *milestone) string {
	if good == nil {
		return fmt.Sprintf("a record among the first %d was changed, removed, inserted or moved", r.tree.Size())
	}
	return fmt.Sprintf("it holds up to %s: a record after the first %d, and among the first %d, was changed, removed, inserted or moved", good.named(), good.N, r.tree.Size())
}

// end looks for what was signed and is not there.
func (r *run) end() {
	size := r.tree.Size()
	if missing := r.known.known.N - size; missing > 0 {
		last := r.milestones[len(r.milestones)-1]
		for _, m := range r.milestones {
			if m.N == r.known.known.N {
				last = m
			}
		}
		r.problem(Problem{Kind: Removed, Leaf: size, Bad: last.named(), Text: fmt.Sprintf("the last %d records are removed: the log ends after %d, %s%s", missing, size, last.named(), r.wasAt(size))})
	} else {
		r.report.Unsigned = -missing
		if r.aged != nil {
			if p, found := r.aged.end(time.Time{}); found {
				r.problem(p)
			}
		}
	}
	for _, m := range r.milestones {
		if m.outside && m.N > size {
			r.problem(Problem{Kind: Fork, Leaf: size, Bad: m.named(), Good: r.kept.named(), Text: fmt.Sprintf("the log has %d records, the checkpoint given has %d: the last %d are removed", size, m.N, m.N-size)})
		}
	}
}

// wasAt says which event a leaf was of, if the notary's index still does.
func (r *run) wasAt(leaf int64) string {
	if r.src.Index == nil {
		return ""
	}
	id, position, ok := r.src.Index(leaf)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (it was event %s at position %d, says the notary's index)", id, position)
}

// place checks a record of a part at its place.
func (r *run) place(rec *hashed) {
	r.report.Records++
	want, attested := r.known.leaf(rec.Leaf)
	switch {
	case !attested:
		r.problem(Problem{Kind: Tile, Leaf: rec.Leaf, Record: named(&rec.Record), Text: fmt.Sprintf("no tile attests leaf %d, %s", rec.Leaf, named(&rec.Record))})
	case want != rec.hash:
		r.problem(Problem{Kind: Changed, Leaf: rec.Leaf, Record: named(&rec.Record), Text: fmt.Sprintf("leaf %d is not as it was signed: %s", rec.Leaf, named(&rec.Record))})
	}
}
