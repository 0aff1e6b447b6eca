package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"jejak/internal/client"
)

// TestAServerThatGoesAwayWhileItAnswers: what came before is given, and then the error says that no server answers.
func TestAServerThatGoesAwayWhileItAnswers(t *testing.T) {
	for name, rest := range map[string]string{"between lines": "", "in a line": `{"position":2,`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, err := w.Write([]byte("{\"position\":1}\n" + rest)); err != nil {
				t.Error(err)
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			panic(http.ErrAbortHandler)
		}))
		c, err := client.New(server.URL, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var last error
		n := 0
		for e, err := range c.Events(t.Context(), "", nil) {
			if last = err; err == nil && e.Position == 1 {
				n++
			}
		}
		var gone *client.UnreachableError
		if n != 1 || !errors.As(last, &gone) {
			t.Errorf("%s: %d events, then %v", name, n, last)
		}
		c.Close()
		server.Close()
	}
}
