package unreadable_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"reflect"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/clock"
	"jejak/internal/command"
	"jejak/internal/envelope"
	"jejak/internal/epcis"
	"jejak/internal/export"
	"jejak/internal/journal"
	"jejak/projections/feed"
)

const (
	pemilu = "pemilu2024"
	unit   = domain.Code("3501")
)

var begin = time.Date(2024, 1, 10, 8, 0, 0, 0, time.FixedZone("WIB", 7*3600))

// texts are what fields are filled with: names that mean something in this election, and what readers stumble over.
var texts = []string{
	"3501", "350101", "3501012001001", "3501012001001-PPWP", "SHP-3501-1", "HND-3501-1", "ORD-3501-1", "DLV-3501-1", "CLM-3501-1", "DSC-3501-000001", "A", "ballot",
	"glue", "PPWP", "P3501A", "ferry", "truck", "accident", "delay", "low", "high", "province", "regency", "S1", "x", "a.b*>c", "=1+1", "<&>\"'", "\u202e", "é", "😀",
	"2024-02-13T06:45:00+07:00", "2024-02-13T06:45:00+24:00", "\ufffe", "\x00", "\x1b[2J", "line\r\nbreak", "", " ",
}

// fill draws a value of any type that commands have.
func fill(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom(texts).Draw(t, "text"))
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(rapid.SampledFrom([]int64{0, 1, 7, 500, -1, 1 << 31, 1 << 53, 1<<63 - 1}).Draw(t, "number"))
	case reflect.Uint64, reflect.Uint32, reflect.Uint:
		v.SetUint(rapid.SampledFrom([]uint64{0, 1, 2, 1 << 31}).Draw(t, "number"))
	case reflect.Float64:
		v.SetFloat(rapid.SampledFrom([]float64{0, 1.5, 1e300}).Draw(t, "float"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "truth"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "given") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 2).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(t, key)
			fill(t, value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i))
			}
		}
	}
}

// body draws the command of a type as a client would send it.
func body(t *rapid.T, commandType string) []byte {
	data := ledger.NewCommandOf(commandType)
	fill(t, reflect.ValueOf(data).Elem())
	c := map[string]any{
		"id": uuid.Must(uuid.NewV7()), "type": commandType, "mode": rapid.SampledFrom([]string{"request", "report"}).Draw(t, "mode"), "election": pemilu, "unit": unit, "data": data,
		"occurred_at": rapid.SampledFrom([]string{"2024-01-10T08:00:00+07:00", "2024-01-10T01:00:00.123456789Z", "2000-01-01T00:00:00+23:59", "2099-12-31T23:59:59-23:59",
			"2024-01-10T08:00:00+24:00", "2024-01-10T08:00:00-24:00", "2024-01-10T08:00:00+07:60"}).Draw(t, "occurred"),
	}
	if rapid.Bool().Draw(t, "with device") {
		c["device"] = map[string]any{"id": rapid.SampledFrom([]string{"D1", "~", "<\"&>"}).Draw(t, "device"), "seq": rapid.SampledFrom([]int64{0, 1, 1<<63 - 1}).Draw(t, "seq")}
	}
	if rapid.Bool().Draw(t, "with place") {
		c["place"] = map[string]any{"lat": rapid.SampledFrom([]float64{-7.25, 90, -90, 1e-300}).Draw(t, "lat"), "lon": rapid.SampledFrom([]float64{112.75, 180, -180}).Draw(t, "lon"),
			"accuracy": rapid.SampledFrom([]float64{0, 5, 1e6}).Draw(t, "accuracy")}
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// house is the ledgers of the small election on a store in memory.
func house(t *rapid.T) (*memory.Store, command.Catalog, string) {
	store := memory.New()
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	if err != nil {
		t.Fatal(err)
	}
	var batch []eventstore.Event
	for _, e := range events {
		batch = append(batch, eventstore.Event{ID: uuid.New(), Type: e.EventType(), Schema: e.Schema(), RecordedAt: begin, Data: election.Encode(e), Metadata: []byte(`{}`)})
	}
	if _, err := store.Append(context.Background(), journal.ElectionStream(pemilu), 0, batch...); err != nil {
		t.Fatal(err)
	}
	return store, command.NewStoreCatalog(store, slog.New(slog.DiscardHandler)), ref.Version
}

// TestAcceptedCanBeRead: whatever of a command is answered accepted can be loaded again, decoded, published as valid messages, and exported.
func TestAcceptedCanBeRead(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	names, err := epcis.NewNamer(epcis.DefaultBase)
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		store, catalog, version := house(t)
		open := func() *command.Handler {
			h, err := command.Open(ctx, command.Config{Store: store, Catalog: catalog, Clock: clock.NewDriven(begin), Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		h := open()
		id := uuid.Must(uuid.NewV7())
		adopted := <-h.Submit(ctx, command.Command{ID: id, Mode: domain.Request, Election: pemilu, Unit: unit, OccurredAt: begin, Actor: command.System(unit), Correlation: id,
			Causation: id, Data: &ledger.AdoptReference{Version: version}})
		if adopted.Status != 200 {
			t.Fatalf("%+v", adopted)
		}
		for _, commandType := range access.CommandTypes() {
			if ledger.NewCommandOf(commandType) == nil {
				continue
			}
			p, violations := envelope.Parse(body(t, commandType), begin)
			if len(violations) > 0 {
				continue
			}
			p.Actor = domain.Actor{ID: "usr-1", Role: domain.RoleOperator, Scope: string(unit)}
			p.Correlation, p.Causation = p.ID, p.ID
			answer := <-h.Submit(ctx, p.Command)
			if answer.Status >= 500 {
				t.Fatalf("%s: %+v", commandType, answer)
			}
			if answer.Result == api.Accepted || answer.Result == api.AcceptedWithDiscrepancy {
				taken[commandType]++
			}
		}
		var before, after ledger.Data
		read := func(h *command.Handler, into *ledger.Data) {
			if err := h.View(ctx, pemilu, unit, 0, func(s *ledger.State, _ eventstore.Position) { *into = s.Clone().Data }); err != nil {
				t.Fatal(err)
			}
			if err := h.Close(ctx); err != nil {
				t.Fatal(err)
			}
		}
		read(h, &before)
		read(open(), &after)
		if before.Version != after.Version {
			t.Fatalf("version %d is %d when it is loaded", before.Version, after.Version)
		}
		router := feed.NewRouter()
		for rec, err := range store.ReadAll(ctx, 0, eventstore.Filter{StreamPrefix: journal.LedgerPrefix}) {
			if err != nil {
				t.Fatal(err)
			}
			event, err := journal.Decode(&rec, ledger.NewEventOf)
			if err != nil {
				t.Fatalf("%v: %s %s", err, rec.Data, rec.Metadata)
			}
			if _, err := journal.ReadMetadata(&rec); err != nil {
				t.Fatal(err)
			}
			messages, err := router.Messages(&feed.Record{Recorded: event, Position: rec.Position, Election: pemilu, Unit: unit, Schema: rec.Schema, Data: rec.Data})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				header := nats.Header{}
				for _, h := range m.Headers {
					header.Set(h.Name, h.Value)
					if bytes.ContainsAny([]byte(h.Value), "\r\n\x00") {
						t.Fatalf("header %s is %q", h.Name, h.Value)
					}
				}
				var value any
				if err := jsonv2.Unmarshal(m.Body, &value); err != nil {
					t.Fatalf("body of %s: %v", m.Subject, err)
				}
				if bytes.ContainsAny([]byte(m.Subject), " \r\n\t*>") || bytes.Count([]byte(m.Subject), []byte(".")) != 5 {
					t.Fatalf("subject %q", m.Subject)
				}
			}
		}
		var document bytes.Buffer
		log := export.Log{Store: store, Catalog: catalog}
		s, err := log.EPCIS(ctx, &document, export.Choice{Election: pemilu}, names)
		var value any
		if err == nil {
			err = jsonv2.Unmarshal(document.Bytes(), &value)
		}
		if err != nil || len(s.Unreadable) > 0 {
			t.Fatalf("EPCIS: %+v, %v", s, err)
		}
		var book bytes.Buffer
		if s, err := log.XLSX(ctx, &book, "", export.Choice{Election: pemilu}, export.Form{}); err != nil || len(s.Unreadable) > 0 {
			t.Fatalf("tables: %+v, %v", s, err)
		}
	})
	if len(taken) < 5 {
		t.Errorf("only commands of %d types are ever accepted: %v", len(taken), taken)
	}
}
