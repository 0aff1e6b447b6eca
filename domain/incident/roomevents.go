package incident

import "jejak/domain"

// RoomEvent is an event of the room. An event has the fields of its command, and those named here.
//
//sumtype:decl
type RoomEvent interface {
	domain.Event
	roomEvent()
}

// IncidentRaised: somebody says that something went wrong (incident.raised).
type IncidentRaised struct {
	Incident string          `json:"incident"` // DSC-<unit>-..., of the same numbers as discrepancies
	Kind     domain.Kind     `json:"kind"`
	Severity domain.Severity `json:"severity"`
	Units    []string        `json:"units"`
	Note     string          `json:"note"`
}

// IncidentAssessed: how bad it is (incident.assessed).
type IncidentAssessed struct {
	Incident string          `json:"incident"`
	Revision int             `json:"revision"` // of the assessment, from 1
	Severity domain.Severity `json:"severity,omitempty"`
	Units    []string        `json:"units,omitempty"`
	Quantity *int64          `json:"quantity,omitempty"`
	Note     string          `json:"note"`
}

// ActionOrdered: what is to be done (incident.action_ordered).
type ActionOrdered OrderAction

// IncidentResolved: how it was mended (incident.resolved).
type IncidentResolved Resolve

// IncidentReopened: it was not mended after all (incident.reopened).
type IncidentReopened Reopen

// SealConflictReported: another unit uses the same seal number (incident.seal_conflict_reported).
type SealConflictReported ReportSealConflict

func (*IncidentRaised) roomEvent()       {}
func (*IncidentAssessed) roomEvent()     {}
func (*ActionOrdered) roomEvent()        {}
func (*IncidentResolved) roomEvent()     {}
func (*IncidentReopened) roomEvent()     {}
func (*SealConflictReported) roomEvent() {}

// EventType implements domain.Event.
func (*IncidentRaised) EventType() string { return "incident.raised" }

// EventType implements domain.Event.
func (*IncidentAssessed) EventType() string { return "incident.assessed" }

// EventType implements domain.Event.
func (*ActionOrdered) EventType() string { return "incident.action_ordered" }

// EventType implements domain.Event.
func (*IncidentResolved) EventType() string { return "incident.resolved" }

// EventType implements domain.Event.
func (*IncidentReopened) EventType() string { return "incident.reopened" }

// EventType implements domain.Event.
func (*SealConflictReported) EventType() string { return "incident.seal_conflict_reported" }

// Schema implements domain.Event.
func (*IncidentRaised) Schema() int { return 1 }

// Schema implements domain.Event.
func (*IncidentAssessed) Schema() int { return 1 }

// Schema implements domain.Event.
func (*ActionOrdered) Schema() int { return 1 }

// Schema implements domain.Event.
func (*IncidentResolved) Schema() int { return 1 }

// Schema implements domain.Event.
func (*IncidentReopened) Schema() int { return 1 }

// Schema implements domain.Event.
func (*SealConflictReported) Schema() int { return 1 }
