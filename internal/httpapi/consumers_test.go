package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/broker"
	"jejak/internal/people"
)

// later is a broker that is opened after the house; until then there is no feed.
type later struct{ b *broker.Broker }

func (l *later) Consumer(ctx context.Context, user people.User, q broker.Query) (broker.Made, error) {
	if l.b == nil {
		return broker.Made{}, broker.ErrNotReady
	}
	return l.b.Consumer(ctx, user, q)
}

func (h *house) consumer(token, body string) (answered, api.FeedConsumer) {
	h.t.Helper()
	a := h.do("POST", "/v1/feed/consumers", token, "application/json", bytes.NewReader([]byte(body)))
	var made api.FeedConsumer
	if a.StatusCode == http.StatusCreated {
		if err := json.Unmarshal(a.body, &made); err != nil {
			h.t.Fatal(err)
		}
	}
	return a, made
}

func TestConsumersOfTheFeed(t *testing.T) {
	if a, _ := newHouse(t).consumer("", "{}"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %d", a.StatusCode)
	}
	bare := newHouse(t)
	if a, _ := bare.consumer(bare.operator(), "{}"); a.StatusCode != http.StatusNotImplemented || !strings.Contains(string(a.body), "GET /v1/events") {
		t.Errorf("without NATS: %d %s", a.StatusCode, a.body)
	}
	feed := &later{}
	h := houseOf(t, plan{consumers: feed})
	if a, _ := h.consumer(h.operator(), "{}"); a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
		t.Errorf("before the feed is there: %d %s", a.StatusCode, a.body)
	}
	b, err := broker.Open(t.Context(), broker.Config{Dir: filepath.Join(t.TempDir(), "nats"), Listen: "127.0.0.1:0", Province: "35", People: h.people})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	_, err1 := b.JetStream().CreateStream(t.Context(), jetstream.StreamConfig{Name: broker.Stream, Subjects: []string{"jejak.*.*.*.*.*"}})
	_, err2 := b.JetStream().CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: broker.Bucket})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	feed.b = b
	a, made := h.consumer(h.operator(), `{"areas":["3501"],"shipment":"SHP-3501-1","since":"last"}`)
	if a.StatusCode != http.StatusCreated || made.Stream != "JEJAK" || made.Consumer == "" || !slices.Equal(made.Subjects, []string{"jejak.*.3501.shipment.SHP-3501-1.>"}) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for body, want := range map[string]struct {
		status int
		path   string
	}{
		`{"areas":["3509"]}`:         {http.StatusForbidden, "/areas/0"},
		`{"since":"yesterday"}`:      {http.StatusUnprocessableEntity, "/since"},
		`{"shipment":"*"}`:           {http.StatusUnprocessableEntity, "/shipment"},
		`{"areas":["3501"],"all":1}`: {http.StatusUnprocessableEntity, "/all"},
	} {
		a, _ := h.consumer(h.operator(), body)
		if a.StatusCode != want.status || !strings.Contains(string(a.body), want.path) {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
	if !strings.Contains(h.log.String(), "rule=place_not_allowed") {
		t.Error("the refusal is not in the security log")
	}
	table := words(t)[access.Feed]
	for role, scope := range map[domain.Role]string{
		domain.RoleAdmin: "35", domain.RoleProvince: "35", domain.RoleOperator: "3501", domain.RoleWarehouse: "3501", domain.RoleChecker: "3501",
		domain.RoleCommitmentOfficer: "3501", domain.RoleSupplier: "3501", domain.RoleCarrier: "3501", domain.RoleDistrict: "350101", domain.RoleVillage: "3501012001",
		domain.RoleStation: "3501012001001", domain.RoleEscort: "P3501A", domain.RoleSupervisor: "3501", domain.RoleObserver: "3501", domain.RoleAuditor: "3501",
		domain.RoleSimulator: "35",
	} {
		want := http.StatusCreated
		if table[role] == "-" {
			want = http.StatusForbidden
		}
		if a, _ := h.consumer(h.token(role, scope), "{}"); a.StatusCode != want {
			t.Errorf("%s: %d %s, want %d (the page says %q)", role, a.StatusCode, a.body, want, table[role])
		}
	}
}
