package history_test

import (
	"encoding/json"

	"jejak/domain"
)

// proofOf are the versions that prove a discrepancy where it is raised, from its JSON.
func proofOf(event domain.Event) (versions []uint64) {
	if event.EventType() != "discrepancy.raised" {
		return nil
	}
	raw, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	var e struct {
		Proof []struct{ Version uint64 }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		panic(err)
	}
	for _, p := range e.Proof {
		versions = append(versions, p.Version)
	}
	return versions
}
