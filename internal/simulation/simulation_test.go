package simulation

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"testing"

	"jejak/internal/api"
)

// rehearse makes every command of a simulation without sending any.
func rehearse(t testing.TB, config Config, tap func([]byte)) *play {
	t.Helper()
	config.URL, config.AdminToken, config.tap = "http://127.0.0.1:1", "none", tap
	config.Reference = os.DirFS("../refdata/data")
	p, err := newPlay(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.perform(context.Background(), len(p.waves), nil); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWorldHasTheOfficialTotals(t *testing.T) {
	w, err := readWorld(os.DirFS("../refdata/data"))
	if err != nil {
		t.Fatal(err)
	}
	var districts, villages, stations int
	var voters int64
	designs := map[string]bool{}
	for _, r := range w.regencies {
		districts += len(r.districts)
		villages += len(r.villages)
		stations += len(r.stations)
		for _, s := range r.stations {
			voters += s.voters
		}
		for _, list := range r.designs {
			for _, d := range list {
				designs[d] = true
			}
		}
	}
	if len(w.regencies) != 38 || districts != 666 || villages != 8494 || stations != 120_666 || voters != 31_402_838 || len(designs) != 243 {
		t.Errorf("regencies %d districts %d villages %d stations %d voters %d designs %d", len(w.regencies), districts, villages, stations, voters, len(designs))
	}
}

func TestSameSeedSameCommands(t *testing.T) {
	sum := func(seed uint64) (string, int) {
		h, n := sha256.New(), 0
		rehearse(t, Config{Seed: seed, Regencies: []string{"3572", "3576"}}, func(line []byte) {
			h.Write(line)
			n++
		})
		return string(h.Sum(nil)), n
	}
	first, n := sum(7)
	if again, _ := sum(7); again != first {
		t.Error("the same seed gave other commands")
	}
	if other, _ := sum(8); other == first {
		t.Error("another seed gave the same commands")
	}
	if n < 5000 {
		t.Errorf("only %d commands", n)
	}
}

func TestCommandsAreWellFormedAndUnique(t *testing.T) {
	ids := map[string]bool{}
	last := map[string]int64{}
	types := map[string]int{}
	rehearse(t, Config{Seed: 1, Regencies: []string{"3572"}}, func(line []byte) {
		var c api.Command
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if ids[c.ID] {
			t.Errorf("id twice: %s", line)
		}
		ids[c.ID] = true
		if c.Device.Seq <= last[c.Device.ID] {
			t.Errorf("sequence of a device goes back: %s", line)
		}
		last[c.Device.ID] = c.Device.Seq
		types[c.Type]++
		if len(line) > 200<<10 {
			t.Errorf("%d bytes: %s", len(line), line[:200])
		}
	})
	t.Log(types)
}

func TestClockOnlyMovesForward(t *testing.T) {
	waves := calendar()
	for i, w := range waves {
		if !w.from.Before(w.until) {
			t.Errorf("wave %q from %v until %v", w.name, w.from, w.until)
		}
		if i > 0 && w.until.Before(waves[i-1].until) {
			t.Errorf("wave %q ends at %v, before the one before it, %v", w.name, w.until, waves[i-1].until)
		}
	}
}

func TestEveryFailureHappensInASmallScope(t *testing.T) {
	p := rehearse(t, Config{Seed: 1, Regencies: []string{"3572"}}, nil)
	r := p.scope[0]
	counts := map[fate]int{}
	for _, s := range r.stations {
		counts[s.fate]++
	}
	for f := fate(1); int(f) < fates; f++ {
		if counts[f] == 0 {
			t.Errorf("fate %d never happens", f)
		}
	}
	for _, kind := range []string{"short", "over", "damaged", "wet", "wrong_design", "wrong_destination", "seal_broken", "seal_mismatch", "unsealed", "late",
		"delay", "accident", "escort_missing", "lost", "seized", "unofficial_storage", "duplicate_label", "undocumented_handoff", "rule_broken"} {
		if r.injected[kind] == 0 {
			t.Errorf("no %s is injected", kind)
		}
	}
	t.Log(r.injected, r.stationsByState(), r.boxesByState(), len(r.findings))
	for _, s := range []boxState{labelled, packed, checked, sealed, loaded, inTransit} {
		if n := r.boxesByState()[boxStateNames[s]]; n > 0 {
			t.Errorf("%d boxes end as %s", n, boxStateNames[s])
		}
	}
	if n := len(r.waiting); n == 0 {
		t.Error("no station waited for replacement ballots")
	}
}

func TestDevicesHaveSentEverything(t *testing.T) {
	p := rehearse(t, Config{Seed: 3, Regencies: []string{"3525", "3571"}}, nil)
	for _, r := range p.scope {
		r.everyone(true, func(q *person) {
			if len(q.kept) > 0 {
				t.Errorf("%s of %s keeps %d acts", q.role, q.scope, len(q.kept))
			}
		})
	}
}

func TestCasesKnownByName(t *testing.T) {
	p := rehearse(t, Config{Seed: 5, Regencies: []string{"3521", "3524", "3525", "3527", "3573", "3578"}}, nil)
	expects := func(code, finding string, times int) {
		t.Helper()
		if n := p.world.find(code).findings[finding]; n != times {
			t.Errorf("%s: %q is expected %d times, not %d", code, finding, n, times)
		}
	}
	expects("3521", finding("over", 420, "ORD-3521-101/booth"), 1)
	for number, short := range map[string]int64{"003": 119, "004": 75, "012": 99} {
		expects("3573", finding("short", short, "3573011006"+number+"-PPWP"), 1)
	}
	var ferry, broken, seized, swapped int
	for _, trip := range p.world.find("3525").trips {
		if trip.flaw == tripFerry {
			ferry += len(trip.stations)
			expects("3525", finding("delay", 0, trip.id), 1)
		}
	}
	for _, trip := range p.world.find("3524").trips {
		if trip.flaw == tripBroken {
			broken += brokenBoxes
		}
	}
	for _, s := range p.world.find("3527").stations {
		if s.fate == fateSeized && s.story {
			seized++
		}
	}
	for _, s := range p.world.find("3578").stations {
		if s.fate == fateWrongDesign && s.story {
			swapped++
			expects("3578", finding("wrong_design", s.ballots(), s.code+"-DPRDK"), 1)
		}
	}
	if ferry != 273 || broken != 2 || seized != 4 || swapped != 8 {
		t.Errorf("%d stations of Bawean wait for the ferry, %d boxes of Lamongan break, %d stations of Sampang are held, %d of Surabaya have other ballots", ferry, broken, seized, swapped)
	}
}
