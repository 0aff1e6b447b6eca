package need_test

import (
	"testing"

	"jejak/domain/election/electiontest"
	"jejak/domain/given"
	"jejak/domain/need"
	"jejak/domain/supporting"
)

func TestMain(m *testing.M) {
	given.Main(m, need.NewRoom(&need.State{}, electiontest.Small(), unit, &supporting.State{}).Rules()...)
}
