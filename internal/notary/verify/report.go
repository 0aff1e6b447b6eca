package verify

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary/bundle"
)

// The kinds of problems.
const (
	Changed    = "changed"    // a record is not as it was signed
	Removed    = "removed"    // records that were signed are not there
	Inserted   = "inserted"   // a record stands between those that were signed
	Moved      = "moved"      // a record stands where another was signed
	Backdated  = "backdated"  // a record is older than the one before it in its ledger
	Gap        = "gap"        // the versions of a stream do not follow on each other
	Interval   = "interval"   // something before a checkpoint is not as it was signed, and no tile says where
	Fork       = "fork"       // the log does not extend a checkpoint that somebody else kept
	Checkpoint = "checkpoint" // the signature of a checkpoint does not hold
	Tile       = "tile"       // tiles are not those of the newest checkpoint
	Policy     = "policy"     // the newest checkpoint lacks signatures that the policy demands
	Unreadable = "unreadable" // the records cannot be read on
	Stream     = "stream"     // the notary's stream beside the log is not as it was sealed
	Book       = "book"       // notary.db is not what the stream says
	Late       = "late"       // records were signed long after they were recorded, or not at all
	Index      = "index"      // the index is not what the log says
	KeyFile    = "key"        // notary.key or notary.pub is of another notary
	Reads      = "reads"      // the log of who has read what is not as it was signed
)

// Problem is something that does not hold, and where.
type Problem struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	// Record is what is there now, nil where none is.
	Record *Record `json:"record,omitempty"`
	// Leaf is the place in the tree, from 0; -1: not at one place.
	Leaf int64 `json:"leaf"`
	// Good and Bad are checkpoints around it: the log is as it was signed up to Good, and is not up to Bad.
	Good *Signed `json:"good,omitempty"`
	Bad  *Signed `json:"bad,omitempty"`
}

func (p Problem) String() string { return p.Text }

// Record names a record.
type Record struct {
	Position   uint64 `json:"position,omitempty"` // 0: unknown
	Stream     string `json:"stream"`
	Version    uint64 `json:"version"`
	ID         string `json:"id"`
	Type       string `json:"type"`
	RecordedAt string `json:"recorded_at"`
}

func named(rec *bundle.Record) *Record {
	return &Record{uint64(rec.Position), rec.Stream, uint64(rec.Version), rec.ID.String(), rec.Type, rec.RecordedAt.UTC().Format("2006-01-02T15:04:05.000000Z")}
}

func (r *Record) String() string {
	place := ""
	if r.Position > 0 {
		place = fmt.Sprintf("position %d, ", r.Position)
	}
	return fmt.Sprintf("%s%s version %d, %s %s recorded %s", place, r.Stream, r.Version, r.Type, r.ID, r.RecordedAt)
}

// Signed is a checkpoint as a report names it.
type Signed struct {
	Size     int64     `json:"size"`
	Root     tlog.Hash `json:"root"`
	SignedAt string    `json:"signed_at,omitempty"` // by the notary's machine, RFC 3339; "" unknown
}

func (s *Signed) String() string {
	if s.SignedAt == "" {
		return fmt.Sprintf("the checkpoint of %d records", s.Size)
	}
	return fmt.Sprintf("the checkpoint of %d records signed at %s", s.Size, s.SignedAt)
}

// Report is what was found.
type Report struct {
	Origin      string `json:"origin"`
	KeySource   string `json:"key_source"`          // where the verifier key came from
	Records     int64  `json:"records"`             // that were read
	Size        int64  `json:"size"`                // records under the newest checkpoint
	Root        string `json:"root"`                // of it, in base64
	SignedAt    string `json:"signed_at,omitempty"` // when it was signed
	Checkpoints int64  `json:"checkpoints"`         // signed ones that were compared, those given from outside among them
	// Unsigned are the records after the newest checkpoint: nothing is known of them yet.
	Unsigned int64 `json:"unsigned"`
	// Epochs are the histories of the log, the oldest first; none where that is not known here.
	Epochs []Epoch `json:"epochs,omitempty"`
	// Notes are what a person should know though all of it holds.
	Notes    []string  `json:"notes,omitempty"`
	Problems []Problem `json:"problems"` // the first 100
}

// maxProblems is how many are named.
const maxProblems = 100

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
