package deadline_test

import (
	"testing"
	"time"

	. "jejak/domain/deadline"
	"jejak/domain/election"
	"jejak/domain/given"
)

func TestGoldenEvents(t *testing.T) {
	given.Golden(t, NewRoom(nil, nil, nil).NewEvent,
		&Passed{Deadline: election.DeadlineStationReceipt, At: time.Date(2024, time.February, 13, 16, 59, 0, 0, time.UTC), Area: "357801"})
}
