// Package exit carries the exit code of the program with an error, and says how an error is shown on the command line.
package exit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"jejak/internal/terminal"
)

// Code is what the program ends with. The numbers are fixed: scripts depend on them.
type Code int

const (
	OK          Code = 0
	Failed      Code = 1 // anything without a code of its own
	Usage       Code = 2 // wrong command, flag or argument: nothing was tried
	Mismatch    Code = 3 // a check ran to its end and found a difference
	Unreachable Code = 4 // the server does not answer
	InUse       Code = 5 // another process holds the data directory
)

// Error is an error with an exit code. Holder is the id of the process that holds the data (InUse), else 0.
type Error struct {
	Code   Code
	Holder int
	Err    error
}

// Error is the text of what went wrong.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// With gives err an exit code; nil stays nil.
func With(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, Err: err}
}

// Errorf makes an error with an exit code; %w wraps a cause.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// Of is the exit code of err: the outermost one it carries, OK for nil, Failed when it carries none.
func Of(err error) Code {
	if err == nil {
		return OK
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Failed
}

// report is the JSON form of an error.
type report struct {
	Exit   Code     `json:"exit"`
	Errors []string `json:"errors"`
	PID    int      `json:"pid,omitempty"`
}

// Print writes err to w: "jejak: ..." with one line an error, cleaned, or with asJSON one object {"exit", "errors": [...], "pid"?} with the texts as they are.
func Print(w io.Writer, err error, asJSON bool) {
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	if !asJSON {
		var out terminal.Page
		for i, line := range lines {
			out.Printf("%-7s%s\n", map[bool]string{true: "jejak:"}[i == 0], line)
		}
		_ = terminal.Print(w, out.Text()) // a writer that fails here leaves nobody to tell
		return
	}
	r := report{Exit: Of(err), Errors: lines}
	var e *Error
	if errors.As(err, &e) {
		r.PID = e.Holder
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// A writer that fails here leaves nobody to tell.
	_ = enc.Encode(r)
}
