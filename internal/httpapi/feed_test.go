package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/client"
)

func TestFeedRebuild(t *testing.T) {
	h := newHouse(t)
	if a := h.do(http.MethodPost, "/v1/feed/rebuild", h.admin(), "", nil); a.StatusCode != http.StatusConflict || !strings.Contains(string(a.body), "feed_off") {
		t.Errorf("without a feed: %d %s", a.StatusCode, a.body)
	}
	for scope, role := range map[string]domain.Role{"35": domain.RoleProvince, "3501": domain.RoleAdmin, "P3501A": domain.RoleEscort} {
		if a := h.do(http.MethodPost, "/v1/feed/rebuild", h.token(role, scope), "", nil); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %d %s", role, scope, a.StatusCode, a.body)
		}
	}
	var fails error
	h = houseOf(t, plan{feed: func(_ context.Context, progress func(api.FeedRebuild)) error {
		progress(api.FeedRebuild{Position: 1, To: 2})
		if fails == nil {
			progress(api.FeedRebuild{Position: 2, To: 2, Done: true})
		}
		return fails
	}})
	c, err := client.New(h.url, client.Options{Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	var seen []uint64
	if err := c.RebuildFeed(t.Context(), h.admin(), func(position, _ uint64) { seen = append(seen, position) }); err != nil || len(seen) != 2 || seen[1] != 2 {
		t.Errorf("progress %v, %v", seen, err)
	}
	fails = errors.New("the broker is away")
	if err := c.RebuildFeed(t.Context(), h.admin(), func(uint64, uint64) {}); err == nil || err.Error() != fails.Error() {
		t.Errorf("error %v", err)
	}
}
