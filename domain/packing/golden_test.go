package packing_test

import (
	"testing"

	"jejak/domain"
	"jejak/domain/given"
	. "jejak/domain/packing"
)

func TestGoldenEvents(t *testing.T) {
	const id, kit = domain.BoxID("3578011001001-DPRDK"), domain.BoxID("3578011001001-KIT")
	given.Golden(t, NewRoom(nil).NewEvent,
		&BoxesPacked{Boxes: []PackedBox{{Box: id, Design: "DPRDK-357801", Ballots: 190}, {Box: "357801-REKAP1"}},
			Exception: &Excepted{Asked: "usr-head", Approval: "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", Reason: "pemilih pindah"}},
		&KitsPacked{Kits: []domain.BoxID{kit}},
		&BoxesChecked{Boxes: []domain.BoxID{id, "357801-REKAP1"}},
		&BoxesSealed{Boxes: []SealedBox{{Box: id, Seals: []string{"A-000123", "A-000124"}}}},
		&BoxesUnsealed{Boxes: []domain.BoxID{id}, Reason: "salah isi", Witnesses: []Witness{{Role: "police", ID: "usr-9"}}},
		&BoxReplaced{Box: id, Replacement: "3578011001001-DPRDK.2", Reason: "penyok"})
}
