package journal

import (
	"bytes"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/handoff"
	"jejak/domain/incident"
	"jejak/domain/packing"
	"jejak/domain/receipt"
	"jejak/domain/shipment"
)

// usualData reads the data of the events that a ledger has thousands of, if it is written exactly as encoding/json writes it and needs no escapes. It
// is false for everything else, be it right or wrong, and may then have filled in a part. A test holds it equal to what reading by reflection gives,
// which takes several times as long and is most of what a fold costs.
//
// What the rooms keep only as a number or a count (ids of boxes, numbers of seals) are pieces of one text, which is gone after the fold; what they keep
// as it is are texts of their own, so that no state holds on to the data of all its events.
func (d *Decoder) usualData(event domain.Event, data []byte) bool {
	r := plain{rest: data, ok: true}
	t := pieces{plain: &r, data: data}
	switch e := event.(type) {
	case *incident.Raised:
		d.raised(&t, e)
	case *incident.Explained:
		r.word(`{"discrepancy":`)
		e.Discrepancy = string(r.text())
		r.word(`,"by":`)
		e.By = r.ref()
		r.word(`}`)
	case *receipt.SortingReported:
		d.sortingReported(&t, e)
	case *packing.BoxesPacked:
		t.list(`{"boxes":`, func() { e.Boxes = append(e.Boxes, d.packedBox(&t)) })
		e.Boxes = orEmpty(e.Boxes)
		r.word(`}`)
	case *packing.BoxesChecked:
		r.word(`{"boxes":`)
		e.Boxes = texts[domain.BoxID](&t)
		r.word(`}`)
	case *packing.BoxesSealed:
		t.list(`{"boxes":`, func() { e.Boxes = append(e.Boxes, t.sealedBox()) })
		e.Boxes = orEmpty(e.Boxes)
		r.word(`}`)
	case *handoff.Offered:
		r.word(`{"handoff":`)
		e.Handoff = d.string(r.text())
		if r.maybe(`,"shipment":`) {
			e.Shipment = d.string(r.text())
		}
		r.word(`,"to":`)
		e.To = domain.Code(d.string(r.text()))
		r.word(`,"boxes":`)
		e.Boxes = texts[domain.BoxID](&t)
		r.word(`}`)
	case *handoff.Accepted:
		d.accepted(&t, e)
	case *shipment.Loaded:
		r.word(`{"shipment":`)
		e.Shipment = d.string(r.text())
		r.word(`,"vehicle":`)
		e.Vehicle = d.string(r.text())
		r.word(`,"boxes":`)
		e.Boxes = texts[domain.BoxID](&t)
		if r.maybe(`,"carrier":`) {
			e.Carrier = d.string(r.text())
		}
		r.word(`}`)
	default:
		return false
	}
	return r.ok && len(r.rest) == 0
}

func (d *Decoder) raised(t *pieces, e *incident.Raised) {
	t.word(`{"discrepancy":`)
	e.Discrepancy = string(t.text())
	t.word(`,"key":`)
	e.Key = string(t.text())
	t.word(`,"rule":`)
	e.Rule = d.string(t.text())
	t.word(`,"kind":`)
	e.Kind = domain.Kind(d.string(t.text()))
	t.word(`,"severity":`)
	e.Severity = domain.Severity(d.string(t.text()))
	t.list(`,"units":`, func() { e.Units = append(e.Units, string(t.text())) })
	e.Units = orEmpty(e.Units)
	if t.maybe(`,"quantity":`) {
		e.Quantity = t.number()
	}
	e.Provisional = t.maybe(`,"provisional":true`)
	t.word(`,"message":`)
	e.Message = t.piece()
	t.word(`,"message_en":`)
	e.MessageEN = t.piece()
	t.list(`,"proof":`, func() { e.Proof = append(e.Proof, t.ref()) })
	e.Proof = orEmpty(e.Proof)
	t.word(`}`)
}

// sortingReported is of cartons in which nothing was wrong, which most are: what else there is is kept, and seldom.
func (d *Decoder) sortingReported(t *pieces, e *receipt.SortingReported) {
	t.word(`{"delivery":`)
	e.Delivery = d.string(t.text())
	t.word(`,"design":`)
	e.Design = d.string(t.text())
	if t.maybe(`,"carton":`) {
		e.Carton = t.piece()
	}
	t.word(`,"good":`)
	e.Good = t.number()
	t.word(`,"damaged":{},"missing":`)
	e.Damaged = map[string]int64{}
	e.Missing = t.number()
	t.word(`,"foreign":[]}`)
	e.Foreign = []receipt.ForeignSheets{}
}

func (d *Decoder) accepted(t *pieces, e *handoff.Accepted) {
	t.word(`{"handoff":`)
	e.Handoff = d.string(t.text())
	t.list(`,"boxes":`, func() { e.Boxes = append(e.Boxes, d.acceptedBox(t)) })
	e.Boxes = orEmpty(e.Boxes)
	t.word(`,"missing":`)
	e.Missing = texts[domain.BoxID](t)
	t.word(`,"extra":`)
	e.Extra = texts[domain.BoxID](t)
	t.list(`,"witnesses":`, func() {
		t.word(`{"role":`)
		role := d.string(t.text())
		t.word(`,"id":`)
		e.Witnesses = append(e.Witnesses, packing.Witness{Role: role, ID: d.string(t.text())})
		t.word(`}`)
	})
	e.Witnesses = orEmpty(e.Witnesses)
	t.word(`}`)
}

func (d *Decoder) acceptedBox(t *pieces) (b handoff.AcceptedBox) {
	t.word(`{"box":`)
	b.Box = domain.BoxID(t.piece())
	t.word(`,"seals":`)
	b.Seals = texts[string](t)
	t.word(`,"condition":`)
	b.Condition = handoff.Condition(d.string(t.text()))
	t.word(`}`)
	return b
}

// pieces reads texts as pieces of the whole.
type pieces struct {
	*plain
	data  []byte
	whole string // data, when the first is read
}

// piece is a text as a part of the whole.
func (t *pieces) piece() string {
	begin := len(t.data) - len(t.rest) + len(`"`)
	text := t.text()
	if !t.ok {
		return ""
	}
	if t.whole == "" {
		t.whole = string(t.data)
	}
	return t.whole[begin : begin+len(text)]
}

func (d *Decoder) packedBox(t *pieces) (b packing.PackedBox) {
	t.word(`{"box":`)
	b.Box = domain.BoxID(t.piece())
	t.word(`,"design":`)
	b.Design = d.string(t.text())
	t.word(`,"ballots":`)
	b.Ballots = t.number()
	t.word(`}`)
	return b
}

func (t *pieces) sealedBox() (b packing.SealedBox) {
	t.word(`{"box":`)
	b.Box = domain.BoxID(t.piece())
	t.word(`,"seals":`)
	b.Seals = texts[string](t)
	t.word(`}`)
	return b
}

// list reads what stands before a list, and the list, each element by one.
func (r *plain) list(before string, element func()) {
	r.word(before)
	r.word(`[`)
	if r.maybe(`]`) {
		return
	}
	for r.ok {
		element()
		if r.maybe(`]`) {
			return
		}
		r.word(`,`)
	}
}

// texts is a list of texts, which are pieces of the whole.
func texts[T ~string](t *pieces) []T {
	t.word(`[`)
	if !t.ok || t.maybe(`]`) {
		return []T{}
	}
	end := max(0, bytes.IndexByte(t.rest, ']'))
	list := make([]T, 0, 1+bytes.Count(t.rest[:end], []byte{','}))
	for t.ok {
		list = append(list, T(t.piece()))
		if t.maybe(`]`) {
			break
		}
		t.word(`,`)
	}
	return list
}

// ref is a reference to an event.
func (r *plain) ref() (ref domain.Ref) {
	r.word(`{"version":`)
	version := r.number()
	r.ok = r.ok && version >= 0
	ref.Version = uint64(version)
	r.word(`,"event":`)
	text := r.text()
	r.word(`}`)
	var err error
	if ref.Event, err = uuid.ParseBytes(text); err != nil || len(text) != len("00000000-0000-0000-0000-000000000000") {
		r.ok = false
	}
	return ref
}

// orEmpty is a list as the JSON package makes it of [].
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
