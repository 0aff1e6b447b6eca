package approval_test

import (
	"testing"

	. "jejak/domain/approval"
	"jejak/domain/given"
)

func TestMain(m *testing.M) { given.Main(m, NewRoom(nil, nil, given.Unit).Rules()...) }
