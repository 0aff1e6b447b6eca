package approval_test

import (
	"testing"

	. "jejak/domain/approval"
	"jejak/domain/given"
)

func TestGoldenEvents(t *testing.T) {
	given.Golden(t, NewRoom(nil, nil, given.Unit).NewEvent,
		&Given{Purpose: BudgetException, Subject: Subjects{"ORD-3578-100"}, Terms: &Terms{Amount: 900_000}, Document: "ND-7", Note: "darurat"},
		&Refused{Purpose: BallotNumber, Subject: Subjects{"3578011001001-DPRDK", "3578011001001-PPWP"}, Reason: "hitung lagi"},
		&Revoked{Approval: "018d4f2e-5b7c-7c3a-9f10-2b6d1c5e8a40", Reason: "salah pesanan"})
}
