package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jejak/internal/api"
	"jejak/internal/client"
)

// FuzzAnswers: whatever a server answers to a batch, each line is reported once, in order, and there is an error unless all were.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"id":"a","result":"accepted"}` + "\n" + `{"id":"b","result":"duplicate"}` + "\n", `{"result":"accepted"}`, "", "\n\n", "null\nnull\n", "x", `{"errors":[{"rule":"y"}]}`,
		`{"result":"error","errors":[{"rule":"overloaded"}]}`, strings.Repeat("{}\n", 5),
	} {
		for _, status := range []uint16{200, 422, 500} {
			f.Add([]byte(body), status)
		}
	}
	var body []byte
	var status int
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	f.Cleanup(s.Close)
	c, err := client.New(s.URL, client.Options{Patience: -1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.Close)
	f.Fuzz(func(t *testing.T, answer []byte, code uint16) {
		body, status = answer, 200+int(code)%400
		if status == http.StatusNoContent || status == http.StatusNotModified {
			body = nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		seen := 0
		err := c.SendLines(ctx, "token", []byte("{}\n{}\n"), func(a api.Answer, _ bool) {
			if seen++; a.Line != seen {
				t.Fatalf("line %d is reported as the %d.", a.Line, seen)
			}
		})
		if (err == nil) != (seen == 2) || seen > 2 {
			t.Fatalf("%d of 2 lines are reported, error %v", seen, err)
		}
	})
}
