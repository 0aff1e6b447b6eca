package polling_test

import (
	"testing"

	"jejak/domain/given"
	. "jejak/domain/polling"
)

func TestGoldenEvents(t *testing.T) {
	given.Golden(t, NewRoom(nil).NewEvent,
		&BallotsCounted{Box: "3578011001001-DPRDK", Found: 189, Foreign: []ForeignBallots{{Design: "DPRDK-357802", Count: 8}}})
}
