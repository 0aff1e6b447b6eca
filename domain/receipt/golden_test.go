package receipt_test

import (
	"testing"

	"jejak/domain/given"
	"jejak/domain/procurement"
	. "jejak/domain/receipt"
)

func TestGoldenEvents(t *testing.T) {
	given.Golden(t, NewRoom(&State{}, &procurement.State{}, nil, given.Unit).NewEvent, &GoodsCounted{}, &SortingReported{}, &ClaimFiled{},
		&ClaimSettled{})
}
