package httpapi

import "testing"

// A question about the past that takes too long is answered so before its connection is cut, also when it has waited for a position before.
func TestWhatTakesTooLongCanStillBeTold(t *testing.T) {
	if p := usual(); p.position+p.fold >= p.write {
		t.Errorf("a read waits %s and folds %s, but the answer is cut after %s", p.position, p.fold, p.write)
	}
}
