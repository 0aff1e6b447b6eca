package broker

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"

	"jejak/internal/people"
)

// logger passes on what the NATS server has to say. It never ends the program.
type logger struct {
	log *slog.Logger
	// broken: the server has said that it cannot write. It says so nowhere else for all that it writes, and does not try again.
	broken atomic.Bool
}

// token finds what somebody has put where the server logs it, such as the user's name.
var token = regexp.MustCompile(people.TokenPrefix + `[A-Za-z0-9_-]+`)

// refusal is how the server tells of somebody it does not let in. The security log has it already, without what he calls himself.
const refusal = "authentication error"

func text(format string, v []any) string {
	return token.ReplaceAllString(fmt.Sprintf(format, v...), people.TokenPrefix+"...")
}

// Noticef is for the server's own course, which nobody needs in ordinary times.
func (l *logger) Noticef(format string, v ...any) { l.log.Debug(text(format, v)) }

// Warnf is for what the server puts up with.
func (l *logger) Warnf(format string, v ...any) { l.log.Warn(text(format, v)) }

// Errorf is for what went wrong, mostly on a client's connection.
func (l *logger) Errorf(format string, v ...any) {
	what := text(format, v)
	if strings.Contains(what, refusal) {
		return
	}
	if low := strings.ToLower(what); strings.Contains(low, "critical write error") || strings.Contains(low, "will be disabled") {
		l.broken.Store(true)
	}
	l.log.Warn(what)
}

// Fatalf is for what keeps the server from serving.
func (l *logger) Fatalf(format string, v ...any) { l.log.Error(text(format, v)) }

// Debugf is never asked for.
func (l *logger) Debugf(string, ...any) {}

// Tracef is never asked for: it would show what is said.
func (l *logger) Tracef(string, ...any) {}
