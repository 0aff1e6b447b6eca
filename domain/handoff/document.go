package handoff

import (
	"encoding/hex"
	"slices"

	"jejak/domain"
)

// IssueDocument tells that the minutes of a handoff (berita acara serah terima) were issued: which bytes they are (handoff.issue_document). What changed
// since, such as another witness or a name that was forgotten, gives other minutes, which may be issued too.
type IssueDocument struct {
	Handoff string `json:"handoff"`
	Number  string `json:"number,omitempty"` // of the minutes, as the office numbers them
	SHA256  string `json:"sha256"`           // of the file, in lower-case hexadecimal
}

// DocumentIssued: these are the minutes of the handoff (handoff.document_issued).
type DocumentIssued IssueDocument

func (*IssueDocument) handoffCommand() {}
func (*DocumentIssued) handoffEvent()  {}

// CommandType implements domain.Command.
func (*IssueDocument) CommandType() string { return "handoff.issue_document" }

// EventType implements domain.Event.
func (*DocumentIssued) EventType() string { return "handoff.document_issued" }

// Schema implements domain.Event.
func (*DocumentIssued) Schema() int { return 1 }

// Validate implements domain.Command.
func (h *IssueDocument) Validate(c *domain.Check) {
	c.ID("/data/handoff", h.Handoff, "")
	c.Text("/data/number", h.Number, domain.MinutesNumber)
	if sum, err := hex.DecodeString(h.SHA256); err != nil || len(sum) != 32 || hex.EncodeToString(sum) != h.SHA256 {
		c.Fail(RuleBadHash, "/data/sha256", h.SHA256)
	}
}

// PathOf tells where the command names a box or kit: it names none.
func (*IssueDocument) PathOf(string) string { return "" }

// DocumentFact is one issue of the minutes.
type DocumentFact struct {
	Act            uint32 // of the register of boxes
	Version        uint64 // of the record: the minutes count up to the one before it
	Number, SHA256 string
}

func (r *Room) document(rec domain.Recorded, e *DocumentIssued) {
	issued := DocumentFact{Act: r.book.Boxes.Register.AddAct(rec, e.Handoff), Version: rec.Version, Number: e.Number, SHA256: e.SHA256}
	r.book.change(e.Handoff, func(h *Handoff) {
		at, _ := slices.BinarySearchFunc(h.Documents, issued, func(a, b DocumentFact) int { return r.book.before(a.Act, b.Act) })
		h.Documents = slices.Insert(slices.Clone(h.Documents), at, issued)
	})
}

// documents finds minutes of what nobody has taken over.
func (f *finder) documents() {
	if len(f.h.Accepts) > 0 {
		return
	}
	for _, d := range f.h.Documents {
		f.find(RuleNothingToIssue, d.Act, nil, domain.Finding{Units: []string{f.id}, Provisional: true}, f.id)
	}
}
