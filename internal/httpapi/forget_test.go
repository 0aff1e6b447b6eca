package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/people"
)

func TestForgetOverHTTP(t *testing.T) {
	h := newHouse(t)
	a, err := h.people.Add(t.Context(), people.NewUser{Role: domain.RoleOperator, Scope: "3501", Name: "Budi"})
	if err != nil {
		t.Fatal(err)
	}
	forget := func(token, id string) answered { return h.do("POST", "/v1/users/"+id+"/forget", token, "", nil) }
	for scope, role := range map[string]domain.Role{"3509": domain.RoleAdmin, "3501": domain.RoleOperator, "35": domain.RoleProvince} {
		if got := forget(h.token(role, scope), a.ID); got.StatusCode != 403 {
			t.Errorf("%s %s: %d", role, scope, got.StatusCode)
		}
	}
	if got := forget(h.admin(), "usr-nobody"); got.StatusCode != 404 {
		t.Errorf("nobody: %d", got.StatusCode)
	}
	if got := forget(h.admin(), h.me(h.admin())); got.StatusCode != 409 {
		t.Errorf("the last admin: %d %s", got.StatusCode, got.body)
	}
	var f api.Forgotten
	for _, already := range []bool{false, true} {
		got := forget(h.token(domain.RoleAdmin, "3501"), a.ID)
		if err := json.Unmarshal(got.body, &f); got.StatusCode != 200 || err != nil || f.Already != already || f.ID != a.ID || f.Forgotten == "" {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	}
	if got := h.get("/v1/me", a.Token); got.StatusCode != 401 {
		t.Errorf("with the token: %d", got.StatusCode)
	}
}

func TestBackupOverHTTP(t *testing.T) {
	var fails error
	h := houseOf(t, plan{backup: func(_ context.Context, w io.Writer) error {
		if fails != nil {
			return fails
		}
		_, err := w.Write([]byte("all of it"))
		return err
	}})
	for scope, role := range map[string]domain.Role{"35": domain.RoleProvince, "3501": domain.RoleAdmin, "P3501A": domain.RoleEscort} {
		if a := h.do("POST", "/v1/backup", h.token(role, scope), "", nil); a.StatusCode != 403 {
			t.Errorf("%s %s: %d", role, scope, a.StatusCode)
		}
	}
	if a := h.do("POST", "/v1/backup", h.admin(), "", nil, "X-Forwarded-For", "10.0.0.1"); a.StatusCode != 403 {
		t.Errorf("through a proxy: %d %s", a.StatusCode, a.body)
	}
	if a := h.do("POST", "/v1/backup", h.admin(), "", nil); a.StatusCode != 200 || string(a.body) != "all of it" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	fails = errors.New("the disk is full")
	if a := h.do("POST", "/v1/backup", h.admin(), "", nil); a.StatusCode != 503 {
		t.Errorf("when it fails: %d %s", a.StatusCode, a.body)
	}
}
