package procurement_test

import (
	"testing"

	"jejak/domain/given"
	. "jejak/domain/procurement"
)

func TestGoldenEvents(t *testing.T) {
	given.Golden(t, NewRoom(&State{}, nil, given.Unit).NewEvent, &BudgetSet{}, &OrderPlaced{}, &ExternalOrderRecorded{}, &OrderAmended{},
		&ProductionReported{}, &DeliveryAnnounced{}, &DeliveryAccepted{}, &PaymentRecorded{}, &OrderClosed{})
}
