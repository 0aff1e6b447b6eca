package telemetry

import (
	"io"
	"log/slog"
	"strings"
)

// NewLog makes the server's logger: text for people, or one JSON object a line.
func NewLog(w io.Writer, asJSON bool, level slog.Level) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: hideTokens}
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// hideTokens is the last guard: nobody should log a token, and if somebody does it does not come out.
func hideTokens(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString {
		if text := a.Value.String(); strings.Contains(text, "jjk_") {
			return slog.String(a.Key, redact(text))
		}
	}
	return a
}

func redact(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "jjk_")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString("jjk_...")
		text = strings.TrimLeftFunc(rest, func(r rune) bool {
			return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		})
	}
}
