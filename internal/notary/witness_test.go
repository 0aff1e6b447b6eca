package notary

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// witness is one in this process, made of torchwood's parts, which checks as C2SP tlog-witness says.
type witness struct {
	*torchwood.CosignatureSigner
	url string

	mu    sync.Mutex
	seen  map[string]tlog.Tree
	away  bool
	asked int
}

func newWitness(t *testing.T, name string) *witness {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := torchwood.NewCosignatureSigner(name, key)
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{CosignatureSigner: signer, seen: map[string]tlog.Tree{}}
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if w.away {
		http.Error(out, "come back later", http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(r.Body)
	head, checkpoint, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	var old int64
	_, _ = fmt.Sscanf(lines[0], "old %d", &old)
	c, err := torchwood.ParseCheckpoint(strings.SplitAfter(checkpoint, "\n\n")[0][:strings.Index(checkpoint, "\n\n")+1])
	if err != nil || r.URL.Path != "/add-checkpoint" {
		http.Error(out, fmt.Sprint(err), http.StatusBadRequest)
		return
	}
	known := w.seen[c.Origin]
	if known.N != old {
		out.Header().Set("Content-Type", "text/x.tlog.size")
		out.WriteHeader(http.StatusConflict)
		fmt.Fprintf(out, "%d\n", known.N)
		return
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			http.Error(out, err.Error(), http.StatusBadRequest)
			return
		}
		proof = append(proof, h)
	}
	if old > 0 {
		if err := tlog.CheckTree(proof, c.N, c.Hash, known.N, known.Hash); err != nil {
			http.Error(out, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	w.seen[c.Origin] = c.Tree
	signed, err := note.Sign(&note.Note{Text: c.String()}, w)
	if err != nil {
		http.Error(out, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = out.Write(signed[len(c.String())+1:])
}

func (w *witness) be(away bool) (asked int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
	return w.asked
}

// running runs a notary until stop, and tells of every checkpoint.
func (h *house) running(witnesses string) (n *Notary, told chan *Signed, stop func()) {
	h.Helper()
	var err error
	if h.cfg.Witnesses, err = ParseWitnesses(witnesses); err != nil {
		h.Fatal(err)
	}
	told = make(chan *Signed, 1000)
	h.cfg.Every = time.Millisecond
	h.cfg.Signed = func(c *Signed) { told <- c }
	n = h.open()
	ctx, cancel := context.WithCancel(h.Context())
	done := make(chan struct{})
	go func() { n.Run(ctx); close(done) }()
	return n, told, func() {
		cancel()
		<-done
		h.close(n)
	}
}

// cosigned waits until everything is cosigned by so many.
func (h *house) cosigned(told chan *Signed, by int) *Signed {
	h.Helper()
	for c := range told {
		if c.N == int64(h.added) && strings.Count(c.Cosignatures, "\n") == by {
			return c
		}
	}
	return nil
}

// TestWitnesses: they cosign what extends what they saw; one that is away holds up nothing, and catches up.
func TestWitnesses(t *testing.T) {
	h := newHouse(t, "memory")
	bawaslu, polda := newWitness(t, "bawaslu.example/jejak"), newWitness(t, "polda.example/jejak")
	lines := fmt.Sprintf("# those who look on\nwitness bawaslu %s %s\nwitness polda %s %s/\ngroup both all bawaslu polda\nquorum both\n",
		bawaslu.Verifier(), bawaslu.url, polda.Verifier(), polda.url)
	h.record(20)
	n, told, stop := h.running(lines)
	h.cosigned(told, 2)
	h.record(30)
	c := h.cosigned(told, 2)

	policy, err := torchwood.ParsePolicy([]byte("log " + n.Verifier() + "\n" + lines))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := torchwood.VerifyCheckpoint(c.Note(), policy); err != nil {
		t.Error(err)
	}
	bare := *c
	bare.Cosignatures = ""
	if _, _, err := torchwood.VerifyCheckpoint(bare.Note(), policy); err == nil {
		t.Error("the policy is satisfied by the log alone")
	}

	polda.be(true)
	h.record(10)
	h.cosigned(told, 1)
	stop()

	// The next notary finds out what each has seen.
	polda.be(false)
	h.record(1)
	n, told, stop = h.running(lines)
	c = h.cosigned(told, 2)
	if kept, err := n.Cosigned(2); err != nil || kept.N != c.N || strings.Count(kept.Cosignatures, "\n") != 2 {
		t.Errorf("%+v %v", kept, err)
	}
	stop()
}

// TestAWitnessWhoKnowsBetter: a log that was cut, and signed anew with the same key, gets no cosignature.
func TestAWitnessWhoKnowsBetter(t *testing.T) {
	h := newHouse(t, "memory")
	w := newWitness(t, "bawaslu.example/jejak")
	line := fmt.Sprintf("witness bawaslu %s %s", w.Verifier(), w.url)
	h.record(20)
	n, told, stop := h.running(line)
	h.cosigned(told, 1)
	w.mu.Lock()
	w.seen[n.Origin()] = tlog.Tree{N: 25, Hash: tlog.RecordHash([]byte("another log"))}
	w.mu.Unlock()
	before := w.be(false)
	h.record(10)
	for c := range told {
		if c.N == 30 {
			if c.Cosignatures != "" {
				t.Errorf("%s", c.Note())
			}
			break
		}
	}
	for w.be(false) < before+2 {
		time.Sleep(time.Millisecond)
	}
	if got, err := n.Cosigned(1); err != nil || got.N != 20 {
		t.Errorf("%+v %v", got, err)
	}
	stop()
}

func TestParseWitnesses(t *testing.T) {
	w := newWitness(t, "bawaslu.example/jejak")
	for _, bad := range []string{
		"witness a", "witness a key http://x", "witness a " + w.Verifier().String() + " x", "witness a " + w.Verifier().String() + " http://user:secret@host",
		"witness a " + w.Verifier().String() + " file:///etc/passwd",
	} {
		if all, err := ParseWitnesses(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v %v", bad, all, err)
		}
	}
}
