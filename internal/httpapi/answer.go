package httpapi

import (
	"encoding/json"
	"strconv"

	"jejak/internal/api"
)

// appendAnswer appends the JSON of an answer and a line feed, as encoding/json writes it; a fuzz test holds the two equal. What was accepted,
// which is nearly everything, is written by hand: reflection costs several times as much.
func appendAnswer(out []byte, a *api.Answer) []byte {
	if len(a.Errors) > 0 {
		text, err := json.Marshal(a)
		if err != nil {
			panic(err) // strings and numbers only
		}
		return append(append(out, text...), '\n')
	}
	out = appendText(append(out, `{"id":`...), a.ID)
	out = appendNumber(out, `,"line":`, int64(a.Line))
	out = appendText(append(out, `,"result":`...), string(a.Result))
	if a.Position > 0 {
		out = strconv.AppendUint(append(out, `,"position":`...), a.Position, 10)
	}
	for i, e := range a.Events {
		if i == 0 {
			out = append(out, `,"events":[`...)
		} else {
			out = append(out, ',')
		}
		out = appendText(append(out, `{"id":`...), e.ID)
		out = append(appendText(append(out, `,"type":`...), e.Type), '}')
	}
	if len(a.Events) > 0 {
		out = append(out, ']')
	}
	for i := range a.Discrepancies {
		if i == 0 {
			out = append(out, `,"discrepancies":[`...)
		} else {
			out = append(out, ',')
		}
		out = appendDiscrepancy(out, &a.Discrepancies[i])
	}
	if len(a.Discrepancies) > 0 {
		out = append(out, ']')
	}
	out = appendNumber(out, `,"status":`, int64(a.Status))
	out = appendNumber(out, `,"retry_after":`, int64(a.RetryAfter))
	return append(out, "}\n"...)
}

func appendDiscrepancy(out []byte, d *api.Discrepancy) []byte {
	out = appendText(append(out, `{"id":`...), d.ID)
	out = appendText(append(out, `,"kind":`...), d.Kind)
	out = appendText(append(out, `,"severity":`...), d.Severity)
	if d.Units == nil {
		return append(out, `,"units":null}`...)
	}
	out = append(out, `,"units":[`...)
	for i, u := range d.Units {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, u)
	}
	return append(out, "]}"...)
}

// appendNumber appends a member unless it is zero.
func appendNumber(out []byte, name string, n int64) []byte {
	if n == 0 {
		return out
	}
	return strconv.AppendInt(append(out, name...), n, 10)
}

func appendText(out []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&': // encoding/json writes these three for HTML too
			text, err := json.Marshal(s)
			if err != nil {
				panic(err) // a string
			}
			return append(out, text...)
		}
	}
	return append(append(append(out, '"'), s...), '"')
}
