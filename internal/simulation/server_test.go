package simulation_test

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"jejak/internal/server"
	"jejak/internal/simulation"
)

var (
	regencies = flag.String("regencies", "", "play these regencies, separated by commas, in the whole province, instead of a small one among cities")
	all       = flag.Bool("all", false, "play the whole province")
	seed      = flag.Uint64("seed", 1, "seed of the simulation")
	dataDir   = flag.String("data", "", "data directory to use instead of a temporary one")
)

// serve runs a server on a directory until stop is called.
func serve(t *testing.T, dir string) (url, token string, stop func()) {
	t.Helper()
	s, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:0", Version: "test", Kind: server.Simulated, NoImport: !wholeProvince()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	admin, err := os.ReadFile(s.TokenFile())
	if err != nil {
		t.Fatal(err)
	}
	return s.URL(), strings.TrimSpace(string(admin)), func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func config(url, token, dir string, files fs.FS) simulation.Config {
	c := simulation.Config{URL: url, AdminToken: token, Seed: *seed, Regencies: []string{"3572"}, Reference: files, StateDir: dir}
	if *all {
		c.Regencies, c.All = nil, true
	} else if *regencies != "" {
		c.Regencies = strings.Split(*regencies, ",")
	}
	return c
}

func tell(t *testing.T, v *simulation.Verdict) {
	t.Helper()
	t.Logf("acts %d rejected %d compared %d in %s; injected %v", v.Acts, v.Rejected, v.Compared, v.Duration, v.Injected)
	if v.OK {
		return
	}
	t.Errorf("missing %d, false alarms %d, mismatches %d, surprises %d", v.MissingCount, v.FalseAlarmsCount, v.MismatchesCount, v.SurprisesCount)
	for _, s := range v.Surprises[:min(len(v.Surprises), 15)] {
		t.Log("surprise: ", s)
	}
	for _, m := range v.Missing[:min(len(v.Missing), 15)] {
		t.Logf("missing: %+v", m)
	}
	for _, m := range v.FalseAlarms[:min(len(v.FalseAlarms), 15)] {
		t.Logf("false alarm: %+v", m)
	}
	for _, m := range v.Mismatches[:min(len(v.Mismatches), 30)] {
		t.Logf("mismatch: %+v", m)
	}
}

func TestASmallRegencyAgainstTheServer(t *testing.T) {
	t.Parallel()
	dir := *dataDir
	if dir == "" {
		dir = t.TempDir()
	}
	files := reference(t, dir)
	url, token, stop := serve(t, dir)
	defer stop()
	c := config(url, token, dir, files)
	last := time.Now()
	c.Progress = func(p simulation.Progress) {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			t.Logf("%s %s: wave %d of %d, %d of about %d acts", p.Now.Format(time.DateTime), p.Phase, p.Wave, p.Waves, p.Acts, p.Expected)
		}
	}
	v, err := simulation.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	tell(t, v)
}
