package httpapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jejak/domain"
	"jejak/eventstore"
	"jejak/internal/access"
	"jejak/internal/client"
	"jejak/internal/export"
	"jejak/internal/journal"
	"jejak/internal/notary/bundle"
	"jejak/internal/notary/verify"
)

// bundled opens a bundle that came over HTTP.
func (h *house) bundled(zip []byte) (*bundle.Bundle, string) {
	h.t.Helper()
	name := filepath.Join(h.t.TempDir(), "b.zip")
	if err := os.WriteFile(name, zip, 0o600); err != nil {
		h.t.Fatal(err)
	}
	b, err := bundle.Open(name)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { b.Close() })
	return b, name
}

// holds checks a bundle with the notary's key and nothing else.
func (h *house) holds(name string) *verify.Report {
	h.t.Helper()
	found, err := verify.Bundle(name)
	if err != nil {
		h.t.Fatal(err)
	}
	defer found.Close()
	trust, err := verify.Keys(h.notary.Verifier())
	if err != nil {
		h.t.Fatal(err)
	}
	report, err := found.Check(h.t.Context(), trust, "given", nil, nil)
	if err != nil || len(report.Problems) > 0 {
		h.t.Errorf("%v %+v", err, report)
	}
	return report
}

// TestBundlesByRole: a bundle has the records that GET /v1/events shows the asker, no more and no less, and they hold.
func TestBundlesByRole(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.sent()
	table := words(t)[access.Events]
	for _, role := range access.Roles() {
		for _, scope := range []string{"35", "3501", "3509", "350101", "3501012001", "3501012001001", "P3501A"} {
			if _, bad := access.Scope(role, scope); bad != "" {
				continue
			}
			token := h.token(role, scope)
			h.signed() // accounts are in the log too
			for _, query := range []string{"", "?split=true", "?unit=3501", "?unit=3501,3509&election=pemilu2024", "?election=pemilu2024"} {
				want := http.StatusOK
				switch {
				case table[role] == "-", table[role] == "unit" && strings.Contains(query, "3501,3509") && scope != "35",
					table[role] == "unit" && strings.Contains(query, "3501") && scope == "3509":
					want = http.StatusForbidden
				}
				a := h.get("/v1/bundle"+query, token)
				if a.StatusCode != want {
					t.Errorf("%s %s: GET /v1/bundle%s: %d %.300s, want %d", role, scope, query, a.StatusCode, a.body, want)
				}
				if a.StatusCode != http.StatusOK {
					continue
				}
				whole := (scope == "35" || table[role] == "all") && !strings.Contains(query, "unit=") && !strings.Contains(query, "election=")
				shown := map[string]bool{}
				list := strings.Replace(query, "?split=true", "", 1)
				for _, unit := range strings.Split("3501,3509", ",") { // that route takes one unit at a time, and reference data with none
					path := "/v1/events?attempts=true"
					if strings.Contains(list, "unit=") {
						if !strings.Contains(list, unit) {
							continue
						}
						path += "&unit=" + unit
					}
					for line := range bytes.Lines(h.get(path, token).body) {
						rec, err := bundle.ParseRecord(line)
						if err != nil {
							t.Fatal(err)
						}
						// Accounts are in the bundle of the whole log alone: one record may be of people of many units.
						if whole || rec.Stream != journal.AccountsStream {
							shown[rec.ID.String()] = true
						}
					}
				}
				b, name := h.bundled(a.body)
				n := 0
				for rec, err := range b.Records() {
					if err != nil {
						t.Fatal(err)
					}
					if !shown[rec.ID.String()] && (rec.Stream != "election-pemilu2024" || !strings.Contains(query, "unit=")) {
						t.Errorf("%s %s, %q: the bundle has %s of %s", role, scope, query, rec.Type, rec.Stream)
					}
					if rec.Stream != "election-pemilu2024" || !strings.Contains(query, "unit=") {
						n++
					}
				}
				if n != len(shown) || b.Manifest.Whole != whole {
					t.Errorf("%s %s, %q: %d records of %d, whole %v", role, scope, query, n, len(shown), b.Manifest.Whole)
				}
				h.holds(name)
			}
		}
	}
	for path, status := range map[string]int{
		"/v1/bundle?unit=3577": 404, "/v1/bundle?unit=x": 403, "/v1/bundle?election=x": 404, "/v1/bundle?split=x": 400, "/v1/bundle?to=x": 400,
	} {
		if a := h.get(path, h.admin()); a.StatusCode != status {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	if a := h.get("/v1/bundle", ""); a.StatusCode != 401 {
		t.Errorf("without a token: %d", a.StatusCode)
	}
	if a := newHouse(t).get("/v1/bundle", h.admin()); a.StatusCode != 401 {
		t.Errorf("at another server: %d", a.StatusCode)
	}
	off := newHouse(t)
	if a := off.get("/v1/bundle", off.admin()); a.StatusCode != 404 || !strings.Contains(string(a.body), "notary_off") {
		t.Errorf("without a notary: %d %s", a.StatusCode, a.body)
	}
}

// TestBundleWhileCommandsGoOn: each is of one checkpoint, whatever is recorded while it is made.
func TestBundleWhileCommandsGoOn(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.sent()
	token, operator := h.token(domain.RoleAuditor, "35"), h.token(domain.RoleOperator, "3501")
	h.signed()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		n := 0
		for ; ctx.Err() == nil; n++ {
			body := fmt.Sprintf(`{"kind":"delay","severity":"low","units":["3501012001001-PPWP"],"note":"hujan %d"}`, n)
			req, err := http.NewRequest("POST", h.url+"/v1/commands", bytes.NewReader(text(envelope("3501", "incident.raise", "report", h.clock.Now(), body))))
			if err != nil {
				panic(err)
			}
			req.Header.Set("Authorization", "Bearer "+operator)
			req.Header.Set("Content-Type", "application/json")
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}
		done <- n
	}()
	sizes := map[int64]bool{}
	for len(sizes) < 5 { // as many different checkpoints
		for _, query := range []string{"", "?unit=3501", "?split=true"} {
			a := h.get("/v1/bundle"+query, token)
			if a.StatusCode != 200 {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			b, name := h.bundled(a.body)
			report := h.holds(name)
			if report.Size != b.Manifest.Size || query == "" && report.Records != report.Size {
				t.Errorf("%+v of %d", report, b.Manifest.Size)
			}
			sizes[b.Manifest.Size] = true
		}
	}
	cancel()
	if n := <-done; n == 0 {
		t.Error("no command went on")
	}
}

// filled puts so many MiB into the log that do not get smaller when they are compressed.
func (h *house) filled(mebibytes int) {
	h.t.Helper()
	const stream = "attempts-pemilu2024.3501"
	version, _, err := h.store.StreamHead(h.t.Context(), stream)
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 740<<10)
	for i := 0; i < mebibytes && err == nil; i++ {
		_, _ = random.Read(noise) // never fails
		data := []byte(`{"x":"` + base64.StdEncoding.EncodeToString(noise) + `"}`)
		_, err = h.store.Append(h.t.Context(), stream, version, eventstore.Event{ID: uuid.New(), Type: "x", RecordedAt: h.clock.Now(), Data: data})
		version++
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestABrokenBundleIsNoBundle: what the server could not finish does not look whole, and nothing of it is left with who asked.
func TestABrokenBundleIsNoBundle(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.filled(2)
	h.sent()
	token := h.token(domain.RoleAuditor, "35")
	h.signed()
	c, err := client.New(h.url, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	remote, dir := export.Remote{Client: c, Token: token, Election: "pemilu2024"}, t.TempDir()
	for _, name := range []string{"b.zip", "folder"} {
		s, err := remote.Bundle(t.Context(), filepath.Join(dir, name), export.Choice{Election: "pemilu2024"}, false)
		if err != nil || s.Units != 3 || s.Records == 0 {
			t.Fatalf("%+v %v", s, err)
		}
		if report := h.holds(filepath.Join(dir, name)); uint64(report.Records) != s.Records {
			t.Errorf("%+v %+v", s, report)
		}
	}
	// The tiles come after the records: without them it breaks off.
	if err := os.RemoveAll(filepath.Join(h.dir, "notary", "tile", "0")); err != nil {
		t.Fatal(err)
	}
	_, err = remote.Bundle(t.Context(), filepath.Join(dir, "broken.zip"), export.Choice{Election: "pemilu2024"}, false)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("%v is left, %v", left, err)
	}
	resp, err := http.DefaultClient.Do(h.asking(token))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	half, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || len(half) < 1<<20 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %d bytes, %v", resp.StatusCode, len(half), err)
	}
	// Even for a program that does not notice.
	name := filepath.Join(dir, "half.zip")
	if err := os.WriteFile(name, half, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Open(name); err == nil {
		t.Error("half a bundle is opened")
	}
	if !strings.Contains(h.log.String(), "a bundle could not be made") {
		t.Error("the log does not say so")
	}
}

func (h *house) asking(token string) *http.Request {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), "GET", h.url+"/v1/bundle", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return req
}

// TestOneBundleAtATime for each user, and what was taken is kept as every read is.
func TestOneBundleAtATime(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.filled(20)
	token := h.token(domain.RoleAuditor, "35")
	other := h.token(domain.RoleAuditor, "3501")
	h.signed()
	resp, err := http.DefaultClient.Do(h.asking(token))
	if err != nil {
		t.Fatal(err)
	}
	if a := h.get("/v1/bundle", token); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %.300s", a.StatusCode, a.body)
	}
	if a := h.get("/v1/bundle?unit=3509", h.admin()); a.StatusCode != 200 {
		t.Errorf("another: %d %.300s", a.StatusCode, a.body)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		if a := h.get("/v1/bundle?unit=3509", token); a.StatusCode == 200 {
			break
		} else if a.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	a := h.get("/v1/bundle?unit=3501&split=true", other)
	list := h.kept(h.me(other))
	kept := list[len(list)-1] // there is another before it if it lasted
	if kept.Route != "GET /v1/bundle" || kept.Query != "split=true&unit=3501" || kept.Unit != "3501" || kept.Status != 200 || kept.Bytes != int64(len(a.body)) ||
		fmt.Sprint(kept.Position) != a.Header.Get("Jejak-Position") || kept.Position == 0 {
		t.Errorf("%+v", list)
	}
	head := h.asking(other)
	head.Method = http.MethodHead
	if resp, err := http.DefaultClient.Do(head); err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("%v %v", resp, err)
	}
}
