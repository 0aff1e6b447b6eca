package notary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Witness is somebody elsewhere who sees every checkpoint and cosigns those that extend the one that he saw before (C2SP tlog-witness).
type Witness struct {
	Name     string
	URL      string // add-checkpoint is below it
	verifier *torchwood.CosignatureVerifier
}

// ParseWitnesses reads a file of witnesses, in the form of a policy of torchwood, of which it takes the lines
//
//	witness <name> <verifier key> <URL>
//
// and passes over the others; # begins a remark.
func ParseWitnesses(text string) ([]Witness, error) {
	var all []Witness
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "witness" {
			continue
		}
		if len(fields) != 4 {
			return nil, fmt.Errorf("line %d: give witness, name, verifier key and URL", i+1)
		}
		v, err := torchwood.NewCosignatureVerifier(fields[2])
		if err != nil {
			return nil, fmt.Errorf("line %d: verifier key of witness %s: %w", i+1, fields[1], err)
		}
		address, err := url.Parse(fields[3])
		if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" || address.User != nil {
			return nil, fmt.Errorf("line %d: the address of witness %s is not one like https://witness.example/path, without a user", i+1, fields[1])
		}
		all = append(all, Witness{fields[1], strings.TrimSuffix(fields[3], "/"), v})
	}
	return all, nil
}

const (
	witnessPatience     = 10 * time.Second
	longestWitnessPause = time.Minute
	mostAnswer          = 64 << 10
)

// startWitnesses sends every witness the newest checkpoint, each at its own pace. The function that it returns waits for them after ctx has ended.
func (n *Notary) startWitnesses(ctx context.Context) (wait func()) {
	client := &http.Client{Timeout: witnessPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, w := range n.cfg.Witnesses {
		offer := make(chan *Signed, 1)
		if newest := n.Newest(); newest != nil {
			offer <- newest
		}
		n.offers = append(n.offers, offer)
		n.cosigning.Go(func() { n.attend(ctx, client, w, offer) })
	}
	return n.cosigning.Wait
}

// attend has one witness cosign what is offered, until ctx ends.
func (n *Notary) attend(ctx context.Context, client *http.Client, w Witness, offer <-chan *Signed) {
	seen, pause, told := int64(0), n.cfg.Every, ""
	for {
		var c *Signed
		select {
		case c = <-offer:
		case <-ctx.Done():
			return
		}
		for {
			known, line, err := w.add(ctx, client, n, c, seen)
			if ctx.Err() != nil {
				return
			}
			seen = known
			if err == nil {
				err = n.cosigned(c, &w, line)
			}
			if err == nil {
				pause, told = n.cfg.Every, ""
				break
			}
			var conflict *behindError
			if errors.As(err, &conflict) && known <= c.N && told != err.Error() {
				told = err.Error()
				continue // now that it is known what the witness has seen
			}
			n.cfg.Metrics.NotaryFailed(ReasonWitness)
			if told != err.Error() {
				n.cfg.Log.Warn("a witness does not cosign: it is tried again", "witness", w.Name, "records", c.N, "error", err)
				told = err.Error()
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			pause = min(2*pause, longestWitnessPause)
			select {
			case c = <-offer:
			default:
			}
		}
	}
}

// cosigned keeps a cosignature and tells of it.
func (n *Notary) cosigned(c *Signed, w *Witness, line string) error {
	if c.Origin != n.book.currentOrigin() {
		return nil // of an epoch that is over
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendPatience)
	defer cancel()
	if err := n.enter(ctx, &Entry{Cosigned: &Cosigned{Size: c.N, Witness: w.Name, Line: line}}, n.signer); err != nil {
		return err
	}
	for {
		newest := n.Newest()
		if newest == nil || newest.N != c.N {
			return nil // a newer one is published
		}
		with := *newest
		with.Cosignatures += line
		if n.newest.CompareAndSwap(newest, &with) {
			if n.cfg.Signed != nil {
				n.cfg.Signed(&with)
			}
			return nil
		}
	}
}

// behindError: the witness has seen another size than was thought.
type behindError struct{ size int64 }

func (e *behindError) Error() string { return fmt.Sprintf("the witness has seen %d records", e.size) }

// add asks the witness to cosign. known is what it has seen then.
func (w *Witness) add(ctx context.Context, client *http.Client, n *Notary, c *Signed, seen int64) (known int64, line string, err error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", seen)
	if seen > 0 {
		proof, err := tlog.ProveTree(c.N, seen, tlog.TileHashReader(c.Tree, n.tiles()))
		if err != nil {
			return seen, "", fmt.Errorf("prove that the tree of %d records extends that of %d: %w", c.N, seen, err)
		}
		for _, h := range proof {
			fmt.Fprintf(&body, "%s\n", h)
		}
	}
	body.WriteString("\n" + c.text() + "\n" + c.Signatures)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/add-checkpoint", &body)
	if err != nil {
		return seen, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return seen, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return seen, "", err
	}
	switch response.StatusCode {
	case http.StatusOK:
		line, err := w.check(c, string(answer))
		if err != nil {
			return seen, "", err
		}
		return c.N, line, nil
	case http.StatusConflict:
		size, err := strconv.ParseInt(strings.TrimSpace(string(answer)), 10, 64)
		if err != nil || size < 0 {
			return seen, "", fmt.Errorf("it answers %s without the size that it has seen", response.Status)
		}
		if size > c.N {
			return seen, "", fmt.Errorf("it has seen %d records of %s, and the log has %d: the log was cut, or two notaries have this origin", size, c.Origin, c.N)
		}
		return size, "", &behindError{size}
	}
	return seen, "", fmt.Errorf("it answers %s: %s", response.Status, bytes.TrimSpace(answer[:min(len(answer), 200)]))
}

// check takes the witness's own line out of its answer, if it holds.
func (w *Witness) check(c *Signed, answer string) (line string, err error) {
	signed, err := note.Open([]byte(c.text()+"\n"+answer), note.VerifierList(w.verifier))
	if err != nil {
		return "", fmt.Errorf("its cosignature does not hold: %w", err)
	}
	for _, sig := range signed.Sigs {
		if sig.Name == w.verifier.Name() && sig.Hash == w.verifier.KeyHash() {
			return fmt.Sprintf("— %s %s\n", sig.Name, sig.Base64), nil
		}
	}
	return "", errors.New("its answer has no cosignature of it")
}
