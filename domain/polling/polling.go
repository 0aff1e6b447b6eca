// Package polling is the room of the day of the vote. It has what shortages were found by, the count of the ballots in a box when it is opened;
// the day itself comes later.
package polling

import (
	"jejak/domain"
	"jejak/domain/box"
	"jejak/domain/goods"
	"jejak/domain/packing"
)

// Command is a command of the room.
//
//sumtype:decl
type Command interface {
	domain.Command
	pollingCommand()
}

// Event is an event of the room. Every event has the fields of its command.
//
//sumtype:decl
type Event interface {
	domain.Event
	pollingEvent()
}

// ForeignBallots are ballots of another electoral district.
type ForeignBallots struct {
	Design string `json:"design"`
	Count  int64  `json:"count"` // pieces, above zero
}

// CountBallots tells how many ballots were in a box (polling.count_ballots).
type CountBallots struct {
	Box     domain.BoxID     `json:"box"`
	Found   int64            `json:"found"` // pieces, foreign ones among them
	Foreign []ForeignBallots `json:"foreign"`
}

// BallotsCounted: how many ballots were in a box (polling.ballots_counted).
type BallotsCounted CountBallots

func (*CountBallots) pollingCommand() {}
func (*BallotsCounted) pollingEvent() {}

// CommandType implements domain.Command.
func (*CountBallots) CommandType() string { return "polling.count_ballots" }

// EventType implements domain.Event.
func (*BallotsCounted) EventType() string { return "polling.ballots_counted" }

// Schema implements domain.Event.
func (*BallotsCounted) Schema() int { return 1 }

// Validate implements domain.Command.
func (p *CountBallots) Validate(c *domain.Check) {
	c.Box("/data/box", p.Box)
	if p.Box.IsKit() || p.Box.IsRecap() {
		c.Fail(RuleNoBallots, "/data/box", string(p.Box))
	}
	checkCount(c, "/data/found", p.Found)
	if len(p.Foreign) > domain.MaxBoxes {
		c.Fail(domain.RuleTooMany, "/data/foreign", len(p.Foreign), domain.MaxBoxes)
		return
	}
	seen := map[string]int{}
	for i, f := range p.Foreign {
		at := "/data/foreign" + domain.Index(i)
		goods.CheckDesign(c, at+"/design", f.Design)
		c.Positive(at+"/count", f.Count)
		checkCount(c, at+"/count", f.Count)
		if first, ok := seen[f.Design]; ok {
			c.Fail(domain.RuleRepeated, at+"/design", f.Design, first)
			continue
		}
		seen[f.Design] = i
	}
}

func checkCount(c *domain.Check, path string, n int64) {
	c.NotNegative(path, n)
	if n > packing.MaxBallots {
		c.Fail(goods.RuleTooLarge, path, n, packing.MaxBallots)
	}
}

// PathOf tells where the command names the box.
func (p *CountBallots) PathOf(unit string) string {
	if unit == string(p.Box) {
		return "/data/box"
	}
	return ""
}

// RuleNoBallots: only ballot boxes are counted.
var RuleNoBallots = &domain.Rule{ID: "no_ballot_box", OnRequest: domain.Invalid, OnReport: domain.Invalid,
	Message: domain.Text{ID: "%[1]v tidak berisi surat suara", EN: "%[1]v holds no ballots"},
	Remedy:  domain.Text{ID: "hitung kotak suara TPS", EN: "count a station's ballot box"}}

// Room decides on counts and folds them into the register of boxes.
type Room struct{ book *box.Book }

var _ domain.Room = (*Room)(nil)

// NewRoom returns the room over the ledger's boxes.
func NewRoom(book *box.Book) *Room { return &Room{book: book} }

// NewCommand implements domain.Room.
func (r *Room) NewCommand(commandType string) domain.Command {
	if commandType == "polling.count_ballots" {
		return &CountBallots{}
	}
	return nil
}

// NewEvent implements domain.Room.
func (r *Room) NewEvent(eventType string, schema int) domain.Event {
	if eventType == "polling.ballots_counted" && schema <= 1 {
		return &BallotsCounted{}
	}
	return nil
}

// Plan implements domain.Room.
func (r *Room) Plan(_ domain.Act, cmd domain.Command) domain.Plan {
	c := cmd.(*CountBallots)
	return domain.Plan{
		Event: (*BallotsCounted)(c), Touched: box.Subjects([]domain.BoxID{c.Box}), Violations: r.book.Check(c.Box, "/data/box"),
	}
}

// Apply implements domain.Room.
func (r *Room) Apply(rec domain.Recorded) {
	reg := r.book.Register
	switch e := rec.Event.(Event).(type) {
	case *BallotsCounted:
		act, number := reg.AddAct(rec, ""), reg.Enter(e.Box)
		r.book.Add(number, box.Fact{Act: act, Kind: box.Counted, A: uint32(e.Found)})
		for _, f := range e.Foreign {
			r.book.Add(number, box.Fact{Act: act, Kind: box.Foreign, A: uint32(f.Count), B: reg.Texts.Add(f.Design)})
		}
		r.book.Refresh(number)
	}
}

// Rules implements domain.Room.
func (r *Room) Rules() []*domain.Rule { return []*domain.Rule{RuleNoBallots} }
