package notary

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary/tree"
)

// The files of the notary, in its folder.
const (
	KeyFile    = "notary.key" // the secret: who has it can sign in the notary's name
	PublicFile = "notary.pub" // verifier keys, the present one first, one a line
	BookFile   = "notary.db"  // every checkpoint ever signed
	IndexFile  = "index"      // where which event is; disposable
	// NextKeyFile is there while a rotation is under way.
	NextKeyFile = "notary.key.next"
)

// signer is a key of the notary.
type signer struct {
	note.Signer
	secret   string // as the file has it
	verifier string // the public half
}

func parseSigner(secret string) (*signer, error) {
	secret = strings.TrimSpace(secret)
	s, err := note.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	// PRIVATE+KEY+<name>+<hash>+<base64 of 1 and the seed>; the name has no plus.
	encoded := secret[strings.LastIndexByte(secret, '+')+1:]
	if fields := strings.Split(secret, "+"); len(fields) > 5 { // base64 may have some
		encoded = strings.Join(fields[4:], "+")
	}
	seed, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, errors.New("malformed key")
	}
	verifier, err := note.NewEd25519VerifierKey(s.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	return &signer{Signer: s, secret: secret, verifier: verifier}, nil
}

func newSigner(origin string) (*signer, error) {
	secret, verifier, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("make a key for %s: %w", origin, err)
	}
	s, err := note.NewSigner(secret)
	return &signer{Signer: s, secret: secret, verifier: verifier}, err
}

// readSigner reads the key in a file; nil when there is none.
func readSigner(name string) (*signer, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the notary's key: %w", err)
	}
	s, err := parseSigner(string(text))
	if err != nil { // never with the content
		return nil, fmt.Errorf("read the notary's key: %s is not a key as the notary writes it: restore the file from where you keep a copy", name)
	}
	return s, nil
}

// VerifierIn is the verifier key of the signing key in a file, fs.ErrNotExist (wrapped) where there is none.
func VerifierIn(name string) (string, error) {
	s, err := readSigner(name)
	if err == nil && s == nil {
		err = fmt.Errorf("read the notary's key: %s: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return "", err
	}
	return s.verifier, nil
}

// writeFile puts text into a file, durably, whole or not at all.
func writeFile(name, text string, mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = temp.WriteString(text)
	err = errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(temp.Name()))
	}
	return tree.SyncFolder(filepath.Dir(name))
}

func writeSigner(name string, s *signer) error { return writeFile(name, s.secret+"\n", 0o600) }

// Key is a verifier key of the notary and the checkpoints that it signs.
type Key struct {
	Verifier string `json:"verifier"`
	Since    int64  `json:"since"` // size of the first checkpoint that it may sign
	Until    int64  `json:"until"` // size of the last; -1: it is in use
	// Succession is a note by which the key before hands over to this one, signed by both; "" for the first key, and where the one before was lost.
	Succession string `json:"succession"`
}

// successionHead begins the text of a succession.
const successionHead = "jejak-notary-succession/v1\n"

// successionText is what two keys sign when one follows the other: the origin, the tree at which it does, and the new verifier key.
func successionText(origin string, at tlog.Tree, verifier string) string {
	return successionHead + torchwood.Checkpoint{Origin: origin, Tree: at}.String() + verifier + "\n"
}

// CheckSuccession tells whether a note hands over from one verifier key to another.
func CheckSuccession(text, origin, from, to string) error {
	verifiers := make([]note.Verifier, 2)
	for i, key := range []string{from, to} {
		v, err := note.NewVerifier(key)
		if err != nil {
			return fmt.Errorf("verifier key %q: %w", key, err)
		}
		verifiers[i] = v
	}
	n, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	if err != nil {
		return fmt.Errorf("succession of keys: %w", err)
	}
	if len(n.Sigs) != 2 || !strings.HasPrefix(n.Text, successionHead+origin+"\n") || !strings.HasSuffix(n.Text, "\n"+to+"\n") {
		return fmt.Errorf("succession of keys: it does not hand over from %s to %s, with the signatures of both", from, to)
	}
	return nil
}
