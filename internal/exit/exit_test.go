package exit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"jejak/internal/exit"
)

func TestOf(t *testing.T) {
	plain := errors.New("disk full")
	for name, c := range map[string]struct {
		err  error
		want exit.Code
	}{
		"nil":     {nil, exit.OK},
		"plain":   {plain, exit.Failed},
		"coded":   {exit.With(exit.Unreachable, plain), exit.Unreachable},
		"wrapped": {fmt.Errorf("simulate: %w", exit.With(exit.Mismatch, plain)), exit.Mismatch},
		"joined":  {errors.Join(plain, exit.With(exit.InUse, plain)), exit.InUse},
	} {
		if got := exit.Of(c.err); got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
	}
	if exit.With(exit.Usage, nil) != nil {
		t.Error("nil with a code is an error")
	}
}

func TestPrint(t *testing.T) {
	err := errors.Join(errors.New("first"), &exit.Error{Code: exit.InUse, Holder: 42, Err: errors.New("second <x>")})
	var text, object strings.Builder
	exit.Print(&text, err, false)
	exit.Print(&object, err, true)
	if got, want := text.String(), "jejak: first\n       second <x>\n"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if got, want := object.String(), `{"exit":5,"errors":["first","second <x>"],"pid":42}`+"\n"; got != want {
		t.Errorf("json %s, want %s", got, want)
	}
}
