package domain

import (
	"crypto/sha1"
	"time"

	"github.com/google/uuid"
)

// Mode is the mood in which a command is sent.
type Mode string

const (
	// Request asks "may I?" before anything has happened. Rules may reject it.
	Request Mode = "request"
	// Report says "it has happened". It is always recorded; every rule it breaks becomes a discrepancy.
	Report Mode = "report"
)

// Role is what a person is in the system. What each may send and read is decided outside the domain.
type Role string

// The roles. A police escort's scope is a police unit; every other scope is a region code.
const (
	RoleAdmin             Role = "admin"
	RoleProvince          Role = "province"
	RoleOperator          Role = "operator"
	RoleWarehouse         Role = "warehouse"
	RoleChecker           Role = "checker"
	RoleCommitmentOfficer Role = "commitment_officer"
	RoleSupplier          Role = "supplier"
	RoleCarrier           Role = "carrier"
	RoleDistrict          Role = "district"
	RoleVillage           Role = "village"
	RoleStation           Role = "station"
	RoleEscort            Role = "escort"
	RoleSupervisor        Role = "supervisor"
	RoleObserver          Role = "observer"
	RoleAuditor           Role = "auditor"
	RoleSimulator         Role = "simulator"
	// RoleSystem is a policy or the deadline's clock. No token carries it.
	RoleSystem Role = "system"
)

// Actor is who did the act: a random id, never a name.
type Actor struct {
	ID    string `json:"id"`
	Role  Role   `json:"role"`
	Scope string `json:"unit"` // region code or police unit of the person
	// Party is the firm that a supplier or carrier works for, "" when the account names none.
	Party string `json:"party,omitempty"`
}

// Device is the phone or laptop that sent the command; Seq grows by one with every command it makes.
type Device struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

// Act is one thing done by one person at one place and time, as the domain sees it: the envelope of a command without its data.
type Act struct {
	ID         uuid.UUID
	Mode       Mode
	Election   string
	Unit       Code
	Actor      Actor
	Device     Device
	OccurredAt time.Time // the device's claim
	RecordedAt time.Time // the server's clock, monotone per ledger
}

// Meta is what stands beside an event and what folding it may use.
type Meta struct {
	CommandID  uuid.UUID
	Actor      Actor
	Device     Device
	Mode       Mode
	OccurredAt time.Time
	RecordedAt time.Time
}

// Recorded is an event in its stream.
type Recorded struct {
	Version uint64 // 1 for the first event of the stream
	ID      uuid.UUID
	Event   Event
	Meta    Meta
}

// Ref points at a recorded event of the same ledger: the proof of a finding.
type Ref struct {
	Version uint64    `json:"version"`
	Event   uuid.UUID `json:"event"`
}

// Ref is the reference to r.
func (r Recorded) Ref() Ref { return Ref{Version: r.Version, Event: r.ID} }

// EventID is the id of the n-th event (from 0) of a command: the same for ever, so that a retried append is recognised.
func EventID(command uuid.UUID, n int) uuid.UUID {
	// uuid.NewSHA1 by hand: it makes a hash on the heap for every event.
	name := append(command[:len(command):len(command)], byte(n>>8), byte(n))
	hash := sha1.Sum(name)
	id := uuid.UUID(hash[:16])
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // RFC 9562
	return id
}
