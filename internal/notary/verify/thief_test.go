package verify_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"jejak/internal/notary"
	"jejak/internal/notary/leaf"
	"jejak/internal/notary/tree"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// sign signs the records with the key of another notary, as the thief of that key would.
func (s *sealed) sign(from *sealed) {
	s.Helper()
	secret, err := os.ReadFile(filepath.Join(from.dir, notary.KeyFile))
	if err != nil {
		s.Fatal(err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		s.Fatal(err)
	}
	var tr tree.Tree
	for i := range s.records {
		tr.Add(leaf.Hash(&s.records[i].Record))
		if tr.Size()%100 != 0 {
			continue
		}
		c := notary.Signed{Origin: signer.Name(), Tree: tlog.Tree{N: tr.Size(), Hash: tr.Root()}, SignedAt: from.signed[len(s.signed)].SignedAt}
		text := torchwood.Checkpoint{Origin: c.Origin, Tree: c.Tree}.String()
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			s.Fatal(err)
		}
		c.Signatures = string(signed[len(text)+1:])
		s.signed = append(s.signed, c)
	}
	files, err := tree.OpenFiles(s.dir)
	if err == nil {
		err = files.Write(tr.Take())
	}
	if err != nil {
		s.Fatal(err)
	}
	s.tiles = files.Read
}

// signedBy signs a tree with a key of its own.
func signedBy(b *testing.B, tr *tree.Tree) (signed []byte, key string) {
	b.Helper()
	secret, key, err := note.GenerateKey(rand.Reader, "jejak/benchmark")
	if err != nil {
		b.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		b.Fatal(err)
	}
	c := torchwood.Checkpoint{Origin: signer.Name(), Tree: tlog.Tree{N: tr.Size(), Hash: tr.Root()}}
	if signed, err = note.Sign(&note.Note{Text: c.String()}, signer); err != nil {
		b.Fatal(err)
	}
	return signed, key
}
