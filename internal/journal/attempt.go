package journal

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/api"
)

// AttemptRejected is the type of the events in a unit's attempts stream.
const AttemptRejected = "attempt.rejected"

// Attempt is the data of attempt.rejected: what was tried, and which rules forbade it.
type Attempt struct {
	Command api.Command   `json:"command"`
	Errors  []api.Problem `json:"errors"`
}

// EncodeAttempt makes the event of a rejected command. It belongs to no command for the store, so that the same command may be rejected again
// and accepted later; its metadata names the command all the same. id must be new.
func EncodeAttempt(id uuid.UUID, meta domain.Meta, origin *Origin, attempt Attempt) (eventstore.Event, error) {
	data, err := json.Marshal(attempt)
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("encode the attempt of command %s: %w", meta.CommandID, err)
	}
	return eventstore.Event{
		ID: id, Type: AttemptRejected, Schema: 1, RecordedAt: meta.RecordedAt, Data: data, Metadata: appendMetadata(nil, &meta, origin, true),
	}, nil
}
