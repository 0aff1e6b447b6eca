package notary

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// rotate rotates the key and dies at a point.
func (h *house) rotate(at int, lost bool) error {
	n := &Notary{cfg: h.cfg.withDefaults()}
	n.cfg.at = dying(at)
	_, err := n.rotate(h.Context(), lost)
	if n.book != nil {
		_ = n.book.close()
	}
	return err
}

// TestRotationKilledAnywhere: a rotation happens or not, and the notary goes on with the right key.
func TestRotationKilledAnywhere(t *testing.T) {
	for at := 0; at <= 4; at++ {
		h := newHouse(t, "sqlite")
		h.record(10)
		n := h.open()
		h.sealed(n)
		first := n.Verifier()
		h.close(n)
		if err := h.rotate(at, false); (err == nil) != (at == 0) || err != nil && !errors.Is(err, errDied) {
			t.Fatalf("point %d: %v", at, err)
		}
		n = h.open()
		if done := at == 0 || at >= 3; (n.Verifier() != first) != done {
			t.Errorf("point %d: the key is %s after %s", at, n.Verifier(), first)
		}
		c := n.Newest()
		keys, err := n.Keys()
		if err != nil {
			t.Fatal(err)
		}
		if len(keys) == 2 {
			if err := CheckSuccession(keys[1].Succession, n.Origin(), first, n.Verifier()); err != nil {
				t.Error(err)
			}
			if CheckSuccession(keys[1].Succession, n.Origin(), n.Verifier(), first) == nil || CheckSuccession(keys[1].Succession, "jejak/other", first, n.Verifier()) == nil {
				t.Error("a succession stands for another")
			}
			if strings.Count(c.Signatures, "\n") != 2 || keys[0].Until != 10 || keys[1].Since != 10 {
				t.Errorf("%+v\n%s", keys, c.Note())
			}
		}
		h.record(5)
		h.sealed(n)
		h.holds(n, []Signed{*c})
		h.close(n)
		if exists(filepath.Join(h.cfg.Dir, NextKeyFile)) {
			t.Error("the new key lies about")
		}
	}
}

func TestRotationOfALostKey(t *testing.T) {
	h := newHouse(t, "sqlite")
	h.record(10)
	n := h.open()
	h.sealed(n)
	h.close(n)
	if err := writeFile(filepath.Join(h.cfg.Dir, KeyFile), "gone\n", 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(h.Context(), h.cfg, false); err == nil || strings.Contains(err.Error(), "gone") {
		t.Errorf("a rotation without the old key: %v", err)
	}
	keys, err := Rotate(h.Context(), h.cfg, true)
	if err != nil || len(keys) != 2 || keys[1].Succession != "" {
		t.Fatalf("%+v %v", keys, err)
	}
	n = h.open()
	h.record(1)
	h.sealed(n)
	h.holds(n, nil)
	h.proves(n)
	h.close(n)
}
