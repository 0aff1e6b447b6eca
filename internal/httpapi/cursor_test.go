package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestCursorsOfAnotherHistory: after a restore a reader who had seen what is not there any more is told, instead of missing what stands there now.
func TestCursorsOfAnotherHistory(t *testing.T) {
	h := houseOf(t, plan{restored: true})
	fork, err := h.store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.sent()
	epoch := h.notary.EpochLabel()
	if epoch == "" || h.notary.Origin()[len(h.notary.Origin())-len(epoch)-1:] != "/"+epoch {
		t.Fatalf("epoch %q of %s", epoch, h.notary.Origin())
	}
	for cursor, status := range map[string]int{
		fmt.Sprint(fork): 200, fmt.Sprint("0:", fork): 200, fmt.Sprint(fork + 1): 410, fmt.Sprint("0:", fork+1): 410, fmt.Sprint("1:", fork): 410,
		fmt.Sprint(epoch, ":", fork+1): 200, "x:1": 400, epoch + ":": 400,
	} {
		for where, a := range map[string]answered{
			"after": h.get("/v1/events?after="+cursor, h.admin()), "Last-Event-ID": h.get("/v1/events", h.admin(), "Last-Event-ID", cursor),
		} {
			if a.StatusCode != status {
				t.Errorf("%s %s: %d, want %d: %s", where, cursor, a.StatusCode, status, a.body)
			}
			if told := fmt.Sprintf("begin again with after=%d; a position of this history is written %s:POSITION", fork, epoch); status == 410 && !strings.HasPrefix(cursor, "1:") && !strings.Contains(string(a.body), told) {
				t.Errorf("%s %s is not told what to do: %s", where, cursor, a.body)
			}
			if status == 200 && a.Header.Get("Jejak-Epoch") != epoch {
				t.Errorf("%s %s: epoch %q", where, cursor, a.Header.Get("Jejak-Epoch"))
			}
		}
	}
	stream := h.follow(fmt.Sprint("?after=", fork), h.admin())
	id, _, ok := stream.next()
	if !ok || id != fmt.Sprint(epoch, ":", fork+1) {
		t.Errorf("the first event after the restore has the id %q", id)
	}
	// Nothing of the history before is taken for what is there now.
	before := houseOf(t, plan{notary: true})
	for _, path := range []string{"/v1/elections/pemilu2024/regencies/3501"} {
		was, is := before.get(path, before.admin()), h.get(path, h.admin())
		if was.Header.Get("ETag") == is.Header.Get("ETag") || was.StatusCode != 200 || is.StatusCode != 200 {
			t.Errorf("%s: %d %s, %d %s", path, was.StatusCode, was.Header.Get("ETag"), is.StatusCode, is.Header.Get("ETag"))
		}
	}
	if a := before.get(fmt.Sprint("/v1/events?after=", fork+1000), before.admin()); a.StatusCode != 200 && a.StatusCode != 400 || a.Header.Get("Jejak-Epoch") != "" {
		t.Errorf("a log that was never restored: %d %s", a.StatusCode, a.body)
	}
}
