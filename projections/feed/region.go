package feed

import (
	"encoding/json"
	"strings"
	"time"
)

// envelope is what stands around the data of every message: what the log says of the act beside its data, without people and devices.
type envelope struct {
	Unit       string `json:"unit"`
	OccurredAt string `json:"occurred_at"` // by the device's clock, RFC 3339 with its offset
	RecordedAt string `json:"recorded_at"` // by the server's clock, RFC 3339 in UTC
	Mode       string `json:"mode"`        // request or report
	Simulated  bool   `json:"simulated,omitempty"`
}

func (r *Record) envelope() envelope {
	return envelope{
		Unit: string(r.Unit), OccurredAt: r.Meta.OccurredAt.Format(time.RFC3339Nano), RecordedAt: stamp(r.Meta.RecordedAt), Mode: string(r.Meta.Mode),
		Simulated: r.Simulated,
	}
}

// region is the body for the unit's own area. The data are copied, not decoded and written again: they are evidence.
func (r *Record) region() ([]byte, error) {
	head, err := marshal(r.envelope())
	if err != nil {
		return nil, err
	}
	data := r.Data
	if len(data) == 0 {
		data = []byte("null")
	}
	body := make([]byte, 0, len(head)+len(data)+len(`,"data":}`))
	body = append(body, head[:len(head)-1]...)
	body = append(body, `,"data":`...)
	body = append(body, data...)
	return append(body, '}'), nil
}

// marshal writes JSON as the log has it: without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return []byte(strings.TrimSuffix(b.String(), "\n")), err
}
