package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/notary"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/leaf"
)

// signing runs a notary until the test ends.
func signing(t testing.TB, dir string, store eventstore.Store) *notary.Notary {
	t.Helper()
	n, err := notary.Open(t.Context(), notary.Config{Dir: dir, Store: store, Every: time.Millisecond, Word: &notary.Word{By: "a test", Why: "what was recorded first is signed later"}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { n.Run(ctx); close(done) }()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// signed waits until the notary has signed everything.
func (h *house) signed() {
	h.t.Helper()
	head, err := h.store.Head(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for {
		if c := h.notary.Newest(); c != nil && c.Position >= head {
			return
		}
		if trouble := h.notary.Trouble(); trouble != "" {
			h.t.Fatal(trouble)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestCheckpointsAndTilesNeedNoToken(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.sent()
	h.signed()
	a := h.get("/checkpoint", "")
	v, err := note.NewVerifier(h.notary.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(h.notary.Origin()), torchwood.SingleVerifierPolicy(v))
	c, _, err := torchwood.VerifyCheckpoint(a.body, policy)
	head, e := h.store.Head(t.Context())
	if err != nil || e != nil || a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/plain; charset=utf-8" || c.N != int64(head) {
		t.Fatalf("%d %v %s", a.StatusCode, err, a.body)
	}
	// A stranger can fetch the tree and hold it against the checkpoint.
	fetch := func(path string) answered { return h.get("/"+path, "") }
	for _, tile := range []string{"tile/0/000.p/1", "tile/0/000.p/5"} {
		if a := fetch(tile); a.StatusCode != 200 || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") || len(a.body)%32 != 0 {
			t.Errorf("%s: %d %v", tile, a.StatusCode, a.Header)
		}
	}
	for _, tile := range []string{"tile/9/000", "tile/entries/000", "tile/", "tile/0/../../notary.key", "tile/0/%2e%2e/notary.key", "tile//etc/passwd"} {
		if a := fetch(tile); a.StatusCode != 404 && a.StatusCode != 301 && a.StatusCode != 307 && a.StatusCode != 401 {
			t.Errorf("%s: %d %s", tile, a.StatusCode, a.body)
		}
	}
	a = h.get("/checkpoint/history", "")
	var last bundle.Checkpoint
	for line := range bytes.Lines(a.body) {
		var c bundle.Checkpoint
		if err := json.Unmarshal(line, &c); err != nil || c.Size <= last.Size {
			t.Fatalf("%v %s", err, line)
		}
		last = c
	}
	if last.Size != c.N {
		t.Errorf("history ends with %d", last.Size)
	}
	if a := h.get("/checkpoint/history?after=1000000", ""); a.StatusCode != 200 || len(a.body) != 0 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	var keys []notary.Key
	if a := h.read("/checkpoint/keys", "", &keys); a.StatusCode != 200 || len(keys) != 1 || keys[0].Verifier != h.notary.Verifier() {
		t.Errorf("%d %+v", a.StatusCode, keys)
	}
	for path, status := range map[string]int{"/checkpoint?cosigned=1": 404, "/checkpoint?size=1": 400, "/checkpoint?cosigned=x": 400, "/checkpoint/history?after=-1": 400} {
		if a := h.get(path, ""); a.StatusCode != status {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	off := newHouse(t)
	for _, path := range []string{"/checkpoint", "/checkpoint/history", "/checkpoint/keys", "/tile/0/000"} {
		if a := off.get(path, ""); a.StatusCode != 404 || !strings.Contains(string(a.body), "notary_off") {
			t.Errorf("%s without a notary: %d %s", path, a.StatusCode, a.body)
		}
	}
}

// TestProofsByRole: who may read an event may have its proof, and nobody else.
func TestProofsByRole(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.sent()
	h.signed()
	var event api.Event
	for _, e := range h.logged("?unit=3501&type=packing.boxes_sealed", h.admin()) {
		event = e
	}
	path := "/v1/events/" + event.ID + "/proof"
	v, err := note.NewVerifier(h.notary.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(h.notary.Origin()), torchwood.SingleVerifierPolicy(v))
	table := words(t)[access.Events]
	for _, role := range access.Roles() {
		for _, scope := range []string{"35", "3501", "3509", "350101", "3501012001", "3501012001001", "P3501A"} {
			if _, bad := access.Scope(role, scope); bad != "" {
				continue
			}
			want := 200
			switch {
			case table[role] == "-":
				want = http.StatusForbidden
			case table[role] == "unit" && scope == "3509":
				want = http.StatusNotFound
			}
			a := h.get(path, h.token(role, scope), "Accept", "application/json")
			if a.StatusCode != want {
				t.Errorf("%s %s: %d %s, want %d", role, scope, a.StatusCode, a.body, want)
			}
			if a.StatusCode != 200 {
				continue
			}
			var proof api.EventProof
			if err := json.Unmarshal(a.body, &proof); err != nil {
				t.Fatal(err)
			}
			rec, err := bundle.ParseRecord([]byte(proof.Record))
			if err == nil {
				err = torchwood.VerifyProof(policy, leaf.Hash(&rec.Record), []byte(proof.Proof))
			}
			if err != nil || rec.ID.String() != event.ID || rec.Leaf != proof.Leaf {
				t.Errorf("%v %+v", err, proof)
			}
			// Accounts are in the log too, so the next checkpoint may have come meanwhile.
			if a := h.get(path, h.token(role, scope)); a.StatusCode != 200 || torchwood.VerifyProof(policy, leaf.Hash(&rec.Record), a.body) != nil {
				t.Errorf("as text: %d %s", a.StatusCode, a.body)
			}
		}
	}
	if a := h.get(path, ""); a.StatusCode != 401 {
		t.Errorf("without a token: %d", a.StatusCode)
	}
	for _, id := range []string{"0f8fad5b-d9cb-469f-a165-70867728950e", "x", strings.ToUpper(event.ID)} {
		want := 404
		if strings.EqualFold(id, event.ID) {
			want = 200
		}
		if a := h.get("/v1/events/"+id+"/proof", h.token(domain.RoleAuditor, "35")); a.StatusCode != want {
			t.Errorf("%s: %d %s", id, a.StatusCode, a.body)
		}
	}
}

// TestEventsAreShownByteForByte: a record that was read over HTTP has the leaf that it has in the log.
func TestEventsAreShownByteForByte(t *testing.T) {
	h := newHouse(t)
	h.sent()
	h.admin() // is an event too
	records := map[string]eventstore.Record{}
	for rec, err := range h.store.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		records[rec.ID.String()] = rec
	}
	a := h.get("/v1/events?attempts=true", h.admin())
	n := 0
	for line := range bytes.Lines(a.body) {
		got, err := bundle.ParseRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		want := records[got.ID.String()]
		if leaf.Hash(&got.Record) != leaf.Hash(&want) {
			t.Errorf("%s\nis another record than\n%+v", line, want)
		}
		n++
	}
	if n != len(records) || n == 0 {
		t.Errorf("%d of %d records", n, len(records))
	}
}
