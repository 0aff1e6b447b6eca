// Package envelope reads a command as a client sends it: strictly, and with everything that is wrong said at once.
//
// A well-formed command is written in canonical form once, for its hash, and read from that. Only after that has failed is the JSON walked beside
// the Go types to find every unknown field, wrong type, null and repeated field with its path; what is left of the command is then checked as usual,
// so that one answer names them all.
package envelope

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/internal/api"
	"jejak/internal/command"
)

// MaxBytes is the most bytes of one command.
const MaxBytes = 256 << 10

// Parsed is a command as it was sent; who sent it is for the caller to fill in (Actor, SubmittedBy, Guard).
type Parsed struct {
	command.Command
	// RawID is the id as it was sent, for the answer, even when it is malformed; "" when there was none.
	RawID string
}

// wire is the envelope before its values are checked.
type wire struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Mode       string         `json:"mode"`
	Election   string         `json:"election"`
	Unit       string         `json:"unit"`
	OccurredAt string         `json:"occurred_at"`
	Device     *wireDevice    `json:"device"`
	Place      *wirePlace     `json:"place"`
	Evidence   []api.Evidence `json:"evidence"`
	Signature  *api.Signature `json:"signature"`
	Data       jsontext.Value `json:"data"`
}

type wireDevice struct {
	ID  string `json:"id"`
	Seq *int64 `json:"seq"`
}

type wirePlace struct {
	Lat      *float64 `json:"lat"`
	Lon      *float64 `json:"lon"`
	Accuracy float64  `json:"accuracy"`
}

var strict = jsonv2.RejectUnknownMembers(true)

// Parse reads a command. now is the server's clock. Either there are no violations and the command is whole, or the command must not be used,
// but for RawID. The hash is SHA-256 over the command in canonical form (RFC 8785): neither spaces nor the order of fields count.
func Parse(body []byte, now time.Time) (Parsed, []domain.Violation) {
	if len(body) > MaxBytes {
		return Parsed{}, []domain.Violation{{Rule: RuleTooLarge, Args: []any{len(body), MaxBytes}}}
	}
	if bytes.Contains(body, []byte("null")) {
		return diagnose(body, now)
	}
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	canonical, plain, err := canonicalize(room, body)
	if err != nil {
		return diagnose(body, now)
	}
	var w wire
	var data domain.Command
	if plain {
		data, err = decodePlain(canonical, &w)
	} else {
		data, err = decode(body, &w)
	}
	if err != nil {
		return diagnose(body, now)
	}
	p, violations := check(&w, data, now)
	if len(violations) == 0 {
		p.Hash = sha256.Sum256(canonical)
	}
	return p, violations[:min(len(violations), maxViolations)]
}

var errNotPlain = errors.New("needs a closer look")

// decode reads a command that decodePlain does not. It fails for everything that diagnose must look at.
func decode(body []byte, w *wire) (domain.Command, error) {
	if err := jsonv2.Unmarshal(body, w, strict); err != nil {
		return nil, err
	}
	data := newCommand(w.Type)
	if data == nil || len(w.Data) == 0 {
		return nil, errNotPlain
	}
	if err := jsonv2.Unmarshal(w.Data, data, strict); err != nil {
		return nil, err
	}
	return data, nil
}

// rooms are where canonical forms are written, to be read and forgotten.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// canonicalize returns the canonical form of a command, in the room or elsewhere. plain tells that appendCanonical has written it.
func canonicalize(room *[]byte, body []byte) (canonical []byte, plain bool, err error) {
	canonical, rest, ok := appendCanonical((*room)[:0], body, 0)
	*room = canonical
	if ok && len(trimSpace(rest)) == 0 {
		return canonical, true, nil
	}
	other := jsontext.Value(bytes.Clone(body))
	err = other.Canonicalize()
	return other, false, err
}

func hash(body []byte) ([32]byte, error) {
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	canonical, _, err := canonicalize(room, body)
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(canonical), nil
}

func newCommand(commandType string) domain.Command {
	if commandType == "" {
		return nil
	}
	return ledger.NewCommandOf(commandType)
}

// Status is the HTTP status for violations that Parse found: 400 for what is no JSON, 413 for too much, else 422.
func Status(violations []domain.Violation) int {
	for _, v := range violations {
		switch v.Rule {
		case RuleNotJSON:
			return 400
		case RuleTooLarge:
			return 413
		}
	}
	return 422
}
