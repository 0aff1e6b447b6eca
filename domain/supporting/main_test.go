package supporting_test

import (
	"testing"

	"jejak/domain/election/electiontest"
	"jejak/domain/given"
	"jejak/domain/supporting"
)

func TestMain(m *testing.M) {
	given.Main(m, supporting.NewRoom(&supporting.State{}, electiontest.Small(), unit).Rules()...)
}
