package procurement_test

import (
	"testing"

	"jejak/domain/given"
	. "jejak/domain/procurement"
)

func TestMain(m *testing.M) { given.Main(m, NewRoom(&State{}, nil, nil, given.Unit).Rules()...) }
