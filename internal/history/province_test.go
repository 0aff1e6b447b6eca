package history_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/cache"
	"jejak/internal/command"
	"jejak/internal/history"
	"jejak/internal/journal"
	"jejak/internal/trail"
	"jejak/projections"
)

// dataDir is a data directory of the whole province, or of any play, that nothing else uses: a copy. The index of things is made in it where there is none.
var dataDir = flag.String("data", "", "data directory for the tests and benchmarks of a whole log")

// played is a log that was played.
type played struct {
	store   *sqlite.Store
	catalog command.Catalog
	index   *trail.Index
	cache   *cache.Cache
	units   []domain.Code
	begin   time.Time
	end     time.Time
}

const pemilu = "pemilu2024"

func openPlayed(t testing.TB) *played {
	t.Helper()
	if *dataDir == "" {
		t.Skip("needs -data DIR, a copy of a played data directory")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	store, err := sqlite.Open(ctx, filepath.Join(*dataDir, "events.db"), sqlite.Options{})
	must(err)
	t.Cleanup(func() { _ = store.Close() })
	p := &played{store: store, catalog: command.NewStoreCatalog(store, slog.New(slog.DiscardHandler))}
	must(p.catalog.Refresh(ctx, pemilu))
	p.cache, err = cache.Open(filepath.Join(*dataDir, "ledger-cache.db"))
	must(err)
	t.Cleanup(func() { _ = p.cache.Close() })
	file, err := trail.Open(filepath.Join(*dataDir, "trail.db"))
	must(err)
	t.Cleanup(func() { _ = file.Close() })
	p.index, err = trail.Look(ctx, file, trail.Log{Store: store, Catalog: p.catalog})
	must(err)
	must(p.index.CatchUp(ctx))
	for _, u := range p.catalog.Units(pemilu) {
		if u.Level() == domain.Regency {
			p.units = append(p.units, u)
		}
	}
	p.begin = time.Date(2024, 1, 15, 0, 0, 0, 0, time.UTC)
	head, err := store.Head(ctx)
	must(err)
	for rec, err := range store.ReadAll(ctx, head-1, eventstore.Filter{}) {
		must(err)
		p.end = rec.RecordedAt
	}
	return p
}

func (p *played) history() *history.History {
	return history.New(history.Config{Store: p.store, Catalog: p.catalog, Snapshots: p.cache, Index: p.index, Now: func() time.Time { return p.end.Add(time.Hour) }})
}

func (p *played) moment(rng *rand.Rand) time.Time {
	return p.begin.Add(time.Duration(rng.Int64N(int64(p.end.Sub(p.begin)))))
}

func (p *played) box(rng *rand.Rand, unit domain.Code) domain.BoxID {
	ref, _ := p.catalog.Reference(pemilu, p.version())
	stations := ref.StationsIn(unit)
	boxes := ref.StationBoxes(stations[rng.IntN(len(stations))])
	return boxes[rng.IntN(len(boxes))]
}

// version of the reference data that the first ledger adopted.
func (p *played) version() string {
	for rec, err := range p.store.Read(context.Background(), journal.LedgerStream(pemilu, p.units[0]), 0) {
		var adopted struct{ Version string }
		if err == nil && json.Unmarshal(rec.Data, &adopted) == nil {
			return adopted.Version
		}
		break
	}
	return ""
}

func rowOf(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTwentyMomentsOfAPlayedLog: rows and boxes are those of a plain fold of what was recorded by then.
func TestTwentyMomentsOfAPlayedLog(t *testing.T) {
	p := openPlayed(t)
	hist, rng := p.history(), rand.New(rand.NewPCG(20, 20))
	for range 20 {
		unit, cut := p.units[rng.IntN(len(p.units))], history.Cut{Clock: history.Recorded, At: p.moment(rng)}
		plain, position := ledger.New(pemilu, unit, p.catalog), eventstore.Position(0)
		for rec, err := range p.store.Read(t.Context(), journal.LedgerStream(pemilu, unit), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if rec.RecordedAt.After(cut.At) {
				break
			}
			event, err := journal.Decode(&rec, plain.NewEvent)
			if err == nil {
				err = plain.Fold(event)
			}
			if err != nil {
				t.Fatal(err)
			}
			position = rec.Position
		}
		err := hist.State(t.Context(), pemilu, unit, cut, func(s *ledger.State, at eventstore.Position) error {
			for name, rows := range map[string][2]any{
				"regency":       {projections.Regency(plain, position), projections.Regency(s, at)},
				"custody":       {projections.Custody(plain, position), projections.Custody(s, at)},
				"discrepancies": {projections.Discrepancies(plain, projections.DiscrepancyQuery{}), projections.Discrepancies(s, projections.DiscrepancyQuery{})},
			} {
				if want, got := rowOf(t, rows[0]), rowOf(t, rows[1]); !bytes.Equal(want, got) {
					t.Errorf("%s of %s at %s:\n%.2000s\nwant\n%.2000s", name, unit, cut, got, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			id := p.box(rng, unit)
			want, _ := projections.Box(plain, position, id)
			err := hist.Part(t.Context(), pemilu, unit, cut, []trail.Thing{{ID: string(id)}}, func(s *ledger.State, at eventstore.Position) error {
				if got, _ := projections.Box(s, at, id); !bytes.Equal(rowOf(t, want), rowOf(t, got)) {
					t.Errorf("box %s at %s:\n%s\nwant\n%s", id, cut, rowOf(t, got), rowOf(t, want))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// BenchmarkBoxAsOf is one box at a random moment, of the whole province.
func BenchmarkBoxAsOf(b *testing.B) {
	p := openPlayed(b)
	for _, clock := range []history.Clock{history.Recorded, history.Occurred} {
		b.Run(string(clock), func(b *testing.B) {
			hist, rng := p.history(), rand.New(rand.NewPCG(1, 1))
			for b.Loop() {
				unit := p.units[rng.IntN(len(p.units))]
				id := p.box(rng, unit)
				err := hist.Part(b.Context(), pemilu, unit, history.Cut{Clock: clock, At: p.moment(rng)}, []trail.Thing{{ID: string(id)}}, func(s *ledger.State, at eventstore.Position) error {
					projections.Box(s, at, id)
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStationAsOf is one polling station at a random moment.
func BenchmarkStationAsOf(b *testing.B) {
	p := openPlayed(b)
	hist, rng := p.history(), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		unit := p.units[rng.IntN(len(p.units))]
		code := p.box(rng, unit).Destination()
		err := hist.Part(b.Context(), pemilu, unit, history.Cut{Clock: history.Recorded, At: p.moment(rng)}, history.StationThings(code), func(s *ledger.State, at eventstore.Position) error {
			projections.Station(s, at, code)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRegencyAsOf is the row of Surabaya at a random moment, with nothing kept but the snapshot of its end.
func BenchmarkRegencyAsOf(b *testing.B) {
	p := openPlayed(b)
	for _, clock := range []history.Clock{history.Recorded, history.Occurred} {
		b.Run(string(clock), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 3))
			for b.Loop() {
				err := p.history().State(b.Context(), pemilu, "3578", history.Cut{Clock: clock, At: p.moment(rng)}, func(s *ledger.State, at eventstore.Position) error {
					projections.Regency(s, at)
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBuildIndex is the making of the index of things, both cores.
func BenchmarkBuildIndex(b *testing.B) {
	p := openPlayed(b)
	for b.Loop() {
		file, err := trail.Open(filepath.Join(b.TempDir(), "trail.db"))
		if err != nil {
			b.Fatal(err)
		}
		built, err := file.Build(b.Context(), trail.Log{Store: p.store, Catalog: p.catalog}, 2, nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := file.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(built.Postings)/b.Elapsed().Seconds()*float64(b.N), "postings/s")
		b.ReportMetric(float64(built.Rows), "rows")
	}
}
