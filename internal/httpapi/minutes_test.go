package httpapi_test

import (
	"bytes"
	"strings"
	"testing"

	"jejak/domain"
)

// The minutes are there once the boxes are accepted, are the same every time, and show an id where there is no name.
func TestMinutes(t *testing.T) {
	h := houseOf(t, plan{notary: true})
	h.sent()
	h.handedOver()
	h.signed()
	const path = "/v1/elections/pemilu2024/handoffs/HND-3501-1/bast.pdf"
	operator := h.token(domain.RoleOperator, "3501")
	one := h.get(path, operator)
	if one.StatusCode != 200 || one.Header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(one.body, []byte("%PDF-")) {
		t.Fatalf("%d %s %.200s", one.StatusCode, one.Header.Get("Content-Type"), one.body)
	}
	if again := h.get(path, h.token(domain.RoleDistrict, "350101")); !bytes.Equal(one.body, again.body) {
		t.Error("made again for the other party it has other bytes")
	}
	if numbered := h.get(path+"?number=12%2FBA", operator); numbered.StatusCode != 200 || bytes.Equal(one.body, numbered.body) {
		t.Errorf("%d: the number is not on it", numbered.StatusCode)
	}
	if bare := h.get(path+"?proof=none", operator); bare.StatusCode != 200 || bytes.Equal(one.body, bare.body) {
		t.Errorf("%d: the proof is not on it", bare.StatusCode)
	}
	for path, want := range map[string]int{
		strings.Replace(path, "HND-3501-1", "HND-3501-2", 1): 404, strings.Replace(path, "HND-3501-1", "HND-3599-1", 1): 404, strings.Replace(path, "HND-3501-1", "x", 1): 422,
		path + "?proof=last": 422, path + "?as_of=2024-01-01T00:00:00Z": 404, path + "?number=" + strings.Repeat("9", 61): 422,
	} {
		if got := h.get(path, h.token(domain.RoleProvince, "35")); got.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, got.StatusCode, want)
		}
	}
	h.act(domain.RoleWarehouse, "3501", "3501", "handoff.offer", `{"handoff":"HND-3501-3","to":"350101","boxes":["3501012001001-DPRDK"]}`)
	if got := h.get(strings.Replace(path, "HND-3501-1", "HND-3501-3", 1), operator); got.StatusCode != 404 {
		t.Errorf("minutes of what is only offered: %d", got.StatusCode)
	}
	h.act(domain.RoleDistrict, "350101", "3501", "handoff.issue_document", `{"handoff":"HND-3501-1","number":"12/BA","sha256":"`+strings.Repeat("0a", 32)+`"}`)
}
