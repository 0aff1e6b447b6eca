package receipt_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/domain/given"
	"jejak/domain/goods"
	"jejak/domain/procurement"
)

// BenchmarkSorting decides the sorting of carton after carton of a big delivery, as a regency does for a month.
func BenchmarkSorting(b *testing.B) {
	s := ledgerOf(b).
		Did(domain.Report, given.System, &procurement.AnnounceDelivery{Delivery: dlv, Lines: []goods.Line{ballots(given.Council1, goods.MaxQuantity)}}).
		Did(domain.Report, given.Warehouse, count(counted("ballot", given.Council1, goods.MaxQuantity, 0, 0, 0)))
	now := time.Now()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		carton := sorting(given.Council1, 500)
		if i%40 == 0 {
			carton.Damaged = map[string]int64{"torn": 3}
		}
		act := domain.Act{ID: uuid.NewSHA1(uuid.Nil, binary.BigEndian.AppendUint64(nil, uint64(i))), Mode: domain.Request, Election: given.Election,
			Unit: given.Unit, Actor: given.Warehouse, OccurredAt: now, RecordedAt: now}
		if d := s.State.Execute(act, carton); len(d.Events) == 0 {
			b.Fatal(d.Rejections)
		}
	}
}
