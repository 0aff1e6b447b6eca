package election_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/election"
	"jejak/domain/election/electiontest"
)

// published are the events of the small reference with their end.
func published(t *testing.T) ([]election.Event, *election.Reference) {
	t.Helper()
	events, ref, err := election.Publish("2024-02-01", electiontest.SmallEvents())
	if err != nil {
		t.Fatal(err)
	}
	return events, ref
}

func apply(book *election.Book, events ...election.Event) error {
	for _, e := range events {
		if err := book.Apply(e.EventType(), e.Schema(), election.Encode(e)); err != nil {
			return err
		}
	}
	return nil
}

// Every version of every event ever written stays readable. These files are never edited; a new schema adds a file.
func TestGoldenEvents(t *testing.T) {
	events, _ := published(t)
	for _, e := range events {
		file := filepath.Join("testdata", "events", e.EventType()+".v1.json")
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		read := election.NewEvent(e.EventType(), 1)
		if err := json.Unmarshal(golden, read); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if diff := cmp.Diff(strings.TrimSpace(string(golden)), string(election.Encode(read))); diff != "" {
			t.Errorf("%s is another after reading and writing (-file +written):\n%s", file, diff)
		}
	}
	for _, eventType := range []string{"election.defined", "election.norms_published", "election.regencies_registered", "election.designs_registered",
		"election.region_registered", "election.deadlines_set", "election.police_units_registered", "election.reference_published"} {
		if e := election.NewEvent(eventType, 1); e == nil || e.EventType() != eventType {
			t.Errorf("%s: %v", eventType, e)
		}
		if !slices.ContainsFunc(events, func(e election.Event) bool { return e.EventType() == eventType }) {
			t.Errorf("%s has no golden file that is looked at", eventType)
		}
	}
}

// What the golden files hold folds to the reference that it folded to when they were written.
func TestGoldenEventsFold(t *testing.T) {
	events, ref := published(t)
	book := election.NewCatalog()
	if err := apply(book, events...); err != nil {
		t.Fatal(err)
	}
	got, ok := book.Reference("pemilu2024", ref.Version)
	if !ok {
		t.Fatal("the version is not there")
	}
	if diff := cmp.Diff(ref, got); diff != "" {
		t.Error(diff)
	}
	if latest, ok := book.Latest("pemilu2024"); !ok || latest != got {
		t.Error("it is not the latest")
	}
	if _, ok := book.Reference("pemilu2024", "another"); ok {
		t.Error("another version is there")
	}
	if _, ok := book.Latest("pilkada2024"); ok {
		t.Error("another election is there")
	}
}

func TestChangedEventsAreNoVersion(t *testing.T) {
	for name, change := range map[string]func([]election.Event) []election.Event{
		"one missing": func(e []election.Event) []election.Event { return slices.Delete(e, 3, 4) },
		"one twice":   func(e []election.Event) []election.Event { return slices.Insert(e, 2, e[2]) },
		"two swapped": func(e []election.Event) []election.Event { e[1], e[2] = e[2], e[1]; return e },
		"one changed": func(e []election.Event) []election.Event {
			e[1].(*election.NormsPublished).Items[0].PerStation++
			return e
		},
		"counts": func(e []election.Event) []election.Event {
			e[len(e)-1].(*election.ReferencePublished).Counts.Voters++
			return e
		},
		"no beginning": func(e []election.Event) []election.Event { return e[1:] },
		"district twice": func(e []election.Event) []election.Event {
			return slices.Insert(e, 7, e[6])
		},
	} {
		t.Run(name, func(t *testing.T) {
			events, ref := published(t)
			book := election.NewCatalog()
			failed := 0
			for _, e := range change(events) {
				if err := apply(book, e); err != nil {
					failed++
				}
			}
			if _, ok := book.Reference("pemilu2024", ref.Version); ok || failed == 0 {
				t.Errorf("the version is there; %d errors", failed)
			}
		})
	}
}

// A version that was cut off counts for nothing, and does not stand in the way of the next.
func TestUnfinishedVersion(t *testing.T) {
	events, ref := published(t)
	book := election.NewCatalog()
	if err := apply(book, slices.Concat(events[:5], events)...); err != nil {
		t.Fatal(err)
	}
	if _, ok := book.Reference("pemilu2024", ref.Version); !ok {
		t.Error("the version is not there")
	}
}

func TestForeignEvents(t *testing.T) {
	book := election.NewCatalog()
	if err := book.Apply("account.added", 1, []byte(`{}`)); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		eventType string
		schema    int
		data      string
	}{{"election.unheard_of", 1, "{}"}, {"election.defined", 2, "{}"}, {"election.defined", 1, "{"}, {"election.norms_published", 1, "{}"}} {
		if err := book.Apply(c.eventType, c.schema, []byte(c.data)); err == nil {
			t.Errorf("%+v is no error", c)
		} else {
			t.Log(err)
		}
	}
}

func TestReference(t *testing.T) {
	_, ref := published(t)
	for code, want := range map[domain.Code]election.Region{
		"35":         {Code: "35", Name: "Jawa Timur", Districts: 3, Villages: 4, StationCount: 7, SpecialCount: 1, Voters: 1351, VotersKnown: true},
		"3501":       {Code: "3501", Name: "Kabupaten Satu", Kind: "kabupaten", Districts: 2, Villages: 3, StationCount: 5, SpecialCount: 1, Voters: 1102, VotersKnown: true},
		"350101":     {Code: "350101", Name: "Kecamatan A", Districts: 1, Villages: 2, StationCount: 4, SpecialCount: 1, Voters: 802, VotersKnown: true},
		"3501012001": {Code: "3501012001", Name: "Desa A", Kind: "desa", Designs: []string{"PPWP", "DPRDK-350101"}, Villages: 1, StationCount: 3, SpecialCount: 1, Voters: 601, VotersKnown: true},
	} {
		if diff := cmp.Diff(want, ref.Regions[code]); diff != "" {
			t.Errorf("%s: %s", code, diff)
		}
	}
	if got := ref.StationsIn("350101"); !slices.Equal(got, []domain.Code{"3501012001001", "3501012001002", "3501012001901", "3501012002001"}) {
		t.Errorf("stations %v", got)
	}
	if got := ref.StationsIn("3501012001901"); len(got) != 1 || len(ref.StationsIn("3501012001999")) != 0 {
		t.Errorf("a station is in itself: %v", got)
	}
	if n, known := ref.Ballots("3501012001002"); n != 257 || !known { // 251 + 5.02 rounded up
		t.Errorf("ballots %d, %v", n, known)
	}
	if s := ref.Stations["3501012001901"]; !s.Special || s.Voters != 100 || !s.Known {
		t.Errorf("special station %+v", s)
	}
	var designs []string
	for _, d := range ref.DesignsIn("3501") {
		designs = append(designs, d.ID)
	}
	if !slices.Equal(designs, []string{"PPWP", "DPRDK-350101", "DPRDK-350102"}) {
		t.Errorf("designs %v", designs)
	}
	if got := ref.Design("3501021001001", "DPRDK"); got != "DPRDK-350102" {
		t.Errorf("design %s", got)
	}
	for box, want := range map[domain.BoxID]bool{
		"3501012001001-PPWP": true, "3501012001001-DPR": false, "3501012001009-PPWP": false, "3501012001001-PPWP.2": true, "3501012001001-KIT": true,
		"350101-REKAP1": true, "350101-REKAP2": true, "350901-REKAP1": false, "350199-REKAP1": false,
	} {
		if got := ref.HasBox(box); got != want {
			t.Errorf("box %s: %v, want %v", box, got, want)
		}
	}
	for code, want := range map[domain.Code]bool{"35": true, "3501012001": true, "3501012001001": true, "3599": false, "3501012001009": false} {
		if ref.Has(code) != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}
