package ledger_test

import (
	"testing"

	"jejak/domain/given"
	"jejak/domain/ledger"
)

func TestMain(m *testing.M) { given.Main(m, ledger.Rules()["unit"]...) }
