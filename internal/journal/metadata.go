package journal

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"jejak/domain"
)

// appendMetadata writes the JSON of a Metadata by hand: it is written for every event, and reflection costs several times as much.
// A test holds it equal to what encoding a Metadata gives.
func appendMetadata(b []byte, m *domain.Meta, o *Origin, first bool) []byte {
	if b == nil {
		b = make([]byte, 0, 480)
	}
	b = appendUUID(append(b, `{"command_id":`...), m.CommandID)
	if first {
		b = append(b, `,"command_sha256":"`...)
		b = hex.AppendEncode(b, o.Hash[:])
		b = append(b, '"')
	}
	b = appendUUID(append(b, `,"correlation_id":`...), o.Correlation)
	b = appendUUID(append(b, `,"causation_id":`...), o.Causation)
	b = appendString(append(b, `,"actor":{"id":`...), m.Actor.ID)
	b = appendString(append(b, `,"role":`...), string(m.Actor.Role))
	b = appendString(append(b, `,"unit":`...), m.Actor.Scope)
	if m.Actor.Party != "" {
		b = appendString(append(b, `,"party":`...), m.Actor.Party)
	}
	b = append(b, '}')
	if first && o.SubmittedBy != "" {
		b = appendString(append(b, `,"submitted_by":`...), o.SubmittedBy)
	}
	b = appendString(append(b, `,"device":{"id":`...), m.Device.ID)
	b = strconv.AppendInt(append(b, `,"seq":`...), m.Device.Seq, 10)
	b = appendString(append(b, `},"mode":`...), string(m.Mode))
	b = appendTime(append(b, `,"occurred_at":`...), m.OccurredAt)
	b = appendTime(append(b, `,"recorded_at":`...), m.RecordedAt)
	if first && o.Place != nil {
		b = appendFloat(append(b, `,"place":{"lat":`...), o.Place.Lat)
		b = appendFloat(append(b, `,"lon":`...), o.Place.Lon)
		b = appendFloat(append(b, `,"accuracy":`...), o.Place.Accuracy)
		b = append(b, '}')
	}
	if first && len(o.Evidence) > 0 {
		b = append(b, `,"evidence":[`...)
		for i, e := range o.Evidence {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(append(b, `{"sha256":`...), e.SHA256)
			b = appendString(append(b, `,"media_type":`...), e.MediaType)
			b = appendString(append(b, `,"kind":`...), e.Kind)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	if o.Simulated {
		b = append(b, `,"simulated":true`...)
	}
	return append(b, '}')
}

func appendUUID(b []byte, id uuid.UUID) []byte {
	b = append(b, '"')
	at := len(b)
	b = append(b, "00000000-0000-0000-0000-000000000000"...)
	out := b[at:]
	hex.Encode(out[0:8], id[0:4])
	hex.Encode(out[9:13], id[4:6])
	hex.Encode(out[14:18], id[6:8])
	hex.Encode(out[19:23], id[8:10])
	hex.Encode(out[24:36], id[10:16])
	return append(b, '"')
}

// appendString quotes s; invalid UTF-8 (the strict decoder of commands lets none through) becomes the replacement character.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			b, _ = jsontext.AppendQuote(b, s) // its error is about invalid UTF-8 only
			return b
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

func appendFloat(b []byte, f float64) []byte { return strconv.AppendFloat(b, f, 'f', -1, 64) }
