package station

import (
	"maps"
	"math"
	"slices"

	"jejak/domain"
	"jejak/domain/deadline"
	"jejak/domain/election"
)

// Receipt is how a station received its boxes.
type Receipt uint8

// The receipts.
const (
	Without    Receipt = iota // some box has not been taken over there
	Afterwards                // all were, some after the deadline
	InTime
)

// Receipt tells whether every box of a station, or one that took its place, was taken over there by a deadline, and whether it is late: the deadline
// has passed by the record, and not all boxes were there in time.
func (b *Book) Receipt(station domain.Code, d election.Deadline) (receipt Receipt, late bool) {
	by := d.At.UnixMicro()
	moment, _, passed := b.Deadlines.Of(d.ID, station)
	if passed {
		by = moment
	}
	receipt = b.receivedBy(station, by)
	return receipt, passed && receipt != InTime
}

func (b *Book) receivedBy(station domain.Code, by int64) Receipt {
	if len(b.Boxes.Register.Boxes) == 0 { // for weeks nothing is packed yet
		return Without
	}
	receipt := Without
	for _, id := range b.Ref.StationBoxes(station) {
		switch {
		case receipt != Afterwards && b.reached(id, station, by):
			receipt = InTime
		case b.reached(id, station, math.MaxInt64):
			receipt = Afterwards
		default:
			return Without
		}
	}
	return receipt
}

// Tally counts how the stations of a unit stand. It looks at each of them once, and from then on at those of which it is told that something has
// changed.
type Tally struct {
	book     *Book
	stations []domain.Code // in order
	passages map[domain.Code]deadline.Passage
	statuses column
	receipts column
	deadline election.Deadline // of the receipts
}

// late is what stands for it beside a Receipt.
const late = 4

// NewTally is of the stations of a unit that are listed one by one. The reference data of book must not be nil.
func NewTally(book *Book, unit domain.Code) *Tally {
	t := &Tally{book: book, stations: book.Ref.StationsIn(unit)}
	t.statuses.of = func(station domain.Code) uint8 { return uint8(slices.Index(statuses, book.Status(station))) }
	t.receipts.of = func(station domain.Code) uint8 {
		receipt, isLate := book.Receipt(station, t.deadline)
		if isLate {
			return uint8(receipt) | late
		}
		return uint8(receipt)
	}
	return t
}

// Changed tells that something of a station has changed: its boxes, or that it or one of them has open discrepancies. What is no station of the unit
// is ignored.
func (t *Tally) Changed(station domain.Code) {
	i, _ := slices.BinarySearch(t.stations, station)
	for ; i < len(t.stations) && t.stations[i] == station; i++ {
		t.changed(i)
	}
}

func (t *Tally) changed(i int) {
	t.statuses.changed(i)
	t.receipts.changed(i)
}

// clock looks for districts of which it was told that the deadline has passed.
func (t *Tally) clock() {
	passages := t.book.Deadlines.Passes[election.DeadlineStationReceipt]
	if maps.Equal(passages, t.passages) {
		return
	}
	for i, station := range t.stations {
		if district := station.Up(domain.District); passages[district] != t.passages[district] {
			t.changed(i)
		}
	}
	t.passages = maps.Clone(passages)
}

// Listed is how many stations there are.
func (t *Tally) Listed() int64 { return int64(len(t.stations)) }

// Each calls f for every status, in order, with how many stations have it.
func (t *Tally) Each(f func(status Status, n int64)) {
	t.clock()
	counts := t.statuses.count(t.stations)
	for i, status := range statuses {
		f(status, counts[i])
	}
}

// Receipts is how many stations received their boxes how by a deadline, and how many are late.
func (t *Tally) Receipts(d election.Deadline) (by [InTime + 1]int64, lates int64) {
	t.clock()
	if d != t.deadline {
		t.deadline = d
		t.receipts.forget()
	}
	counts := t.receipts.count(t.stations)
	for receipt := range by {
		by[receipt] = counts[receipt] + counts[receipt|late]
		lates += counts[receipt|late]
	}
	return by, lates
}

// column is a value of every station, and how many have it.
type column struct {
	of     func(domain.Code) uint8
	values []uint8 // by the station's number; nil until somebody asks
	counts [2 * late]int64
	stale  []int // numbers of stations whose value may be another
	marked []bool
}

func (c *column) changed(i int) {
	if c.values != nil && !c.marked[i] {
		c.marked[i] = true
		c.stale = append(c.stale, i)
	}
}

func (c *column) forget() { *c = column{of: c.of} }

func (c *column) count(stations []domain.Code) *[2 * late]int64 {
	if c.values == nil {
		c.values, c.marked = make([]uint8, len(stations)), make([]bool, len(stations))
		for i, station := range stations {
			c.values[i] = c.of(station)
			c.counts[c.values[i]]++
		}
	}
	for _, i := range c.stale {
		c.counts[c.values[i]]--
		c.values[i] = c.of(stations[i])
		c.counts[c.values[i]]++
		c.marked[i] = false
	}
	c.stale = c.stale[:0]
	return &c.counts
}
