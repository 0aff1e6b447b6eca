package receipt_test

import (
	"testing"

	"jejak/domain/given"
	"jejak/domain/procurement"
	. "jejak/domain/receipt"
)

func TestMain(m *testing.M) {
	given.Main(m, NewRoom(&State{}, &procurement.State{}, nil, given.Unit).Rules()...)
}
