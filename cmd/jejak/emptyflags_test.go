package main

import (
	"strings"
	"testing"

	"jejak/internal/exit"
)

// TestEmptyFlags: a flag whose variable was empty in a script is wrong usage, and every such flag is named.
func TestEmptyFlags(t *testing.T) {
	cmd := newRootCommand(nil)
	cmd.SetArgs([]string{"audit", "as-of", "--regency", "3501", "--at", "", "--position", "", "--clock", "recorded", "--data", t.TempDir()})
	err := cmd.ExecuteContext(t.Context())
	if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), "--at is empty") || !strings.Contains(err.Error(), "--position is empty") {
		t.Errorf("%v", err)
	}
}
