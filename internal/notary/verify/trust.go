package verify

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary"
)

// Trust is whose signatures count.
type Trust struct {
	Origin    string
	verifiers []note.Verifier
	// Policy is what the newest checkpoint must satisfy beside, such as the cosignatures of witnesses; nil: nothing.
	Policy torchwood.Policy
}

// Keys makes a Trust of verifier keys, which must all be of one origin.
func Keys(keys ...string) (*Trust, error) {
	t := &Trust{}
	for _, key := range keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("%q is no verifier key: %w", key, err)
		}
		if t.Origin != "" && notary.BaseOrigin(t.Origin) != notary.BaseOrigin(v.Name()) {
			return nil, fmt.Errorf("the verifier keys are of two notaries, %s and %s: give those of one", t.Origin, v.Name())
		}
		if t.Origin == "" {
			t.Origin = v.Name()
		}
		t.verifiers = append(t.verifiers, v)
	}
	if t.Origin == "" {
		return nil, errors.New("there is no verifier key")
	}
	return t, nil
}

// ReadKeys makes a Trust of a verifier key, or of a file with some, one a line.
func ReadKeys(keyOrFile string) (*Trust, error) {
	if _, err := note.NewVerifier(keyOrFile); err == nil {
		return Keys(keyOrFile)
	}
	text, err := os.ReadFile(keyOrFile)
	if err != nil {
		return nil, fmt.Errorf("read the verifier key: %w", err)
	}
	t, err := Keys(strings.Fields(string(text))...)
	if err != nil {
		return nil, fmt.Errorf("read the verifier key: %s: %w", keyOrFile, err)
	}
	return t, nil
}

// ReadPolicy reads a policy of torchwood: the log's key, its witnesses, and how many of them must have signed.
func (t *Trust) ReadPolicy(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the policy: %w", err)
	}
	if t.Policy, err = torchwood.ParsePolicy(text); err != nil {
		return fmt.Errorf("read the policy %s: %w", file, err)
	}
	return nil
}

// Follow takes in keys that trusted ones have handed over to.
func (t *Trust) Follow(keys []notary.Key) {
	for i := 1; i < len(keys); i++ {
		from, err := note.NewVerifier(keys[i-1].Verifier)
		if err != nil || !t.knows(from) || notary.CheckSuccession(keys[i].Succession, from.Name(), keys[i-1].Verifier, keys[i].Verifier) != nil {
			continue
		}
		if to, err := note.NewVerifier(keys[i].Verifier); err == nil && !t.knows(to) {
			t.verifiers = append(t.verifiers, to)
		}
	}
}

func (t *Trust) knows(v note.Verifier) bool {
	_, err := t.Verifier(v.Name(), v.KeyHash())
	return err == nil
}

// Verifier is described at note.Verifiers.
func (t *Trust) Verifier(name string, hash uint32) (note.Verifier, error) {
	for _, v := range t.verifiers {
		if v.Name() == name && v.KeyHash() == hash {
			return v, nil
		}
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// Check is described at torchwood.Policy: the origin fits, and one of the keys has signed.
func (t *Trust) Check(origin string, sigs []note.Signature) error {
	if !t.of(origin) {
		return fmt.Errorf("it is of %s, not of %s", origin, t.Origin)
	}
	for _, sig := range sigs {
		if _, err := t.Verifier(sig.Name, sig.Hash); err == nil && sig.Name == origin {
			return nil
		}
	}
	return errors.New("no trusted key has signed it")
}

// of tells whether a key given is of an origin.
func (t *Trust) of(origin string) bool {
	return slices.ContainsFunc(t.verifiers, func(v note.Verifier) bool { return v.Name() == origin })
}

var _ torchwood.Policy = (*Trust)(nil)

// Checkpoint checks the signatures of a checkpoint and returns its tree.
func (t *Trust) Checkpoint(text []byte) (tlog.Tree, error) {
	c, _, err := torchwood.VerifyCheckpoint(text, t)
	if err != nil {
		origin, _, _ := strings.Cut(string(text), "\n")
		var unverified *note.UnverifiedNoteError
		if errors.As(err, &unverified) && !t.of(origin) {
			return tlog.Tree{}, fmt.Errorf("it is of %s, the key is of %s", origin, t.Origin)
		}
		return tlog.Tree{}, err
	}
	return c.Tree, nil
}

// Proof checks a proof of a record whose leaf has a hash, under the policy too.
func (t *Trust) Proof(hash tlog.Hash, proof []byte) error {
	if err := torchwood.VerifyProof(t, hash, proof); err != nil || t.Policy == nil {
		return err
	}
	return torchwood.VerifyProof(t.Policy, hash, proof)
}
