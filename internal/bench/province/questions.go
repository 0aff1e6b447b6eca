package province

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"jejak/domain"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
	"jejak/internal/bench/serving"
)

// elections is where all questions are asked.
const elections = "/v1/elections/pemilu2024"

// firstDay is when the play begins: nothing is known before.
var firstDay = time.Date(2024, 1, 15, 0, 0, 0, 0, time.UTC)

// known is what can be asked about, as the server itself lists it.
type known struct {
	largest, median string // regencies, by boxes
	boxes           []string
	shipments       []shipment
	until           time.Time // what its clock shows
}

type shipment struct {
	id      string
	planned time.Time
}

// question is one that is asked again and again, of another thing or moment each time.
type question struct {
	name, clock string
	asks        int  // of the warm server
	alone       bool // also asked of a server that has just started
	path        func(k *known, rng *rand.Rand) string
}

// limit is the most that a question may take at its 99th percentile, 0 for what has no target.
func (q *question) limit() time.Duration {
	switch q.name {
	case oneBox:
		return 50 * time.Millisecond
	case largest, median:
		return time.Second
	}
	return 0
}

const (
	oneBox  = "one box"
	largest = "the largest regency"
	median  = "a median regency"
)

// asked are all questions.
func asked(quick bool) []question {
	few := func(n int) int {
		if quick {
			return max(1, n/25)
		}
		return n
	}
	one := func(of []string, rng *rand.Rand) string { return of[rng.IntN(len(of))] }
	var all []question
	for _, clock := range []string{"recorded", "occurred"} {
		at := func(path, moment string) string {
			return path + "?" + url.Values{"as_of": {moment}, "clock": {clock}}.Encode()
		}
		asOf := func(path string, k *known, rng *rand.Rand) string { return at(path, k.moment(rng)) }
		all = append(all,
			question{oneBox, clock, few(200), true, func(k *known, rng *rand.Rand) string { return asOf("/boxes/"+one(k.boxes, rng), k, rng) }},
			question{"one station", clock, few(200), true, func(k *known, rng *rand.Rand) string { return asOf("/stations/"+one(k.boxes, rng)[:13], k, rng) }},
			question{"one shipment", clock, few(200), true, func(k *known, rng *rand.Rand) string {
				s := k.shipments[rng.IntN(len(k.shipments))]
				return at("/shipments/"+s.id, k.after(s.planned, rng))
			}},
			question{largest, clock, few(15), true, func(k *known, rng *rand.Rand) string { return asOf("/regencies/"+k.largest, k, rng) }},
			question{median, clock, few(15), true, func(k *known, rng *rand.Rand) string { return asOf("/regencies/"+k.median, k, rng) }},
			question{"all regencies", clock, 1, false, func(k *known, rng *rand.Rand) string { return asOf("/regencies", k, rng) }})
	}
	day := func(code string, k *known, rng *rand.Rand) string {
		from := firstDay.AddDate(0, 0, rng.IntN(max(1, int(k.until.Sub(firstDay).Hours()/24))))
		return "/diff/" + code + "?" + url.Values{"from": {from.Format(time.RFC3339)}, "to": {from.AddDate(0, 0, 1).Format(time.RFC3339)}}.Encode()
	}
	believed := func(code string, k *known, rng *rand.Rand) string {
		return "/believed/" + code + "?" + url.Values{"at": {k.moment(rng)}}.Encode()
	}
	return append(all,
		question{"timeline of a box", "", few(100), true, func(k *known, rng *rand.Rand) string { return "/timelines/box/" + one(k.boxes, rng) }},
		question{"difference of a day, the largest regency", "", few(5), false, func(k *known, rng *rand.Rand) string { return day(k.largest, k, rng) }},
		question{"difference of a day, a median regency", "", few(5), false, func(k *known, rng *rand.Rand) string { return day(k.median, k, rng) }},
		question{"believed against true, the largest regency", "", few(5), false, func(k *known, rng *rand.Rand) string { return believed(k.largest, k, rng) }},
		question{"believed against true, a median regency", "", few(5), false, func(k *known, rng *rand.Rand) string { return believed(k.median, k, rng) }})
}

func (k *known) moment(rng *rand.Rand) string { return k.after(firstDay, rng) }

// after is a moment between begin and what the clock shows.
func (k *known) after(begin time.Time, rng *rand.Rand) string {
	return begin.Add(time.Duration(rng.Int64N(max(1, int64(k.until.Sub(begin)))))).Format(time.RFC3339)
}

// questions asks a running server about the past: many times one that is warm, and once each one that has just started.
func questions(ctx context.Context, opt harness.Options, program, data string) (t report.Table, err error) {
	t = report.Table{
		Title:   "Questions about the past",
		Columns: []string{"what", "clock", "asked", "not there yet", "given up", "p50 ms", "p99 ms", "first after a start ms"},
		Notes: []string{
			"Over HTTP, one client, one question after the other, each of a random thing at a random moment of the election (uniform in time; of a shipment: after it was planned). The server keeps some states to go on from, as it does for everybody.",
			"p99 of fewer than 100 is the slowest. \"Not there yet\" are answered with 404: that it was planned was told later; \"given up\" with 503, because it took too long. First after a start: one question to a server of its own, as soon as it is ready; its files are " +
				"in the page cache and the index of things is complete.",
		},
	}
	rng := rand.New(rand.NewPCG(5, 5))
	all := asked(opt.Quick)
	k, peak := known{}, int64(0)
	took := make([][]time.Duration, len(all))
	absent, late, first := make([]int, len(all)), make([]int, len(all)), make([]time.Duration, len(all))
	err = during(ctx, program, data, func(s *serving.Server) error {
		if k, err = lookAround(ctx, s); err != nil {
			return err
		}
		if err := s.Settle(ctx); err != nil {
			return err
		}
		for i, q := range all {
			for n := range q.asks {
				telling(opt, fmt.Sprintf("%s %s, %d of %d", q.name, q.clock, n+1, q.asks))
				d, status, err := pose(ctx, s, q.path(&k, rng))
				if err != nil {
					return err
				}
				took[i] = append(took[i], d)
				switch status {
				case http.StatusNotFound:
					absent[i]++
				case http.StatusServiceUnavailable:
					late[i]++
				}
			}
		}
		peak, err = serving.Peak(s.PID)
		return err
	})
	for i, q := range all {
		if err != nil {
			return t, err
		}
		if q.alone {
			telling(opt, fmt.Sprintf("%s %s, first after a start", q.name, q.clock))
			err = during(ctx, program, data, func(s *serving.Server) (err error) {
				first[i], _, err = pose(ctx, s, q.path(&k, rng))
				return err
			})
		}
	}
	if err != nil {
		return t, err
	}
	worst := map[string]time.Duration{}
	for i, q := range all {
		slices.Sort(took[i])
		p50, p99 := took[i][len(took[i])/2], took[i][len(took[i])*99/100]
		row := []string{q.name, q.clock, fmt.Sprint(q.asks), fmt.Sprint(absent[i]), fmt.Sprint(late[i]), milliseconds(p50), milliseconds(p99), ""}
		if q.alone {
			row[7] = milliseconds(first[i])
		}
		t.Rows = append(t.Rows, row)
		worst[q.name] = max(worst[q.name], p99)
	}
	for _, q := range all {
		if limit := q.limit(); limit > 0 && q.clock == "recorded" {
			t.Notes = append(t.Notes, most(q.name+", p99 in ms, the slower clock", worst[q.name].Seconds()*1000, limit.Seconds()*1000))
		}
	}
	t.Notes = append(t.Notes, fmt.Sprintf("The largest regency is %s, the median by boxes %s. The warm server had %d MiB of memory at most, with NATS on.", k.largest, k.median, peak>>20))
	return t, nil
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }

// during runs a server as long as do takes.
func during(ctx context.Context, program, data string, do func(*serving.Server) error) (err error) {
	starting, cancel := context.WithTimeout(ctx, serving.Patience)
	defer cancel()
	s, err := serving.Start(starting, program, data, "--clock", "driven")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	return do(s)
}

// pose asks one question. An answer without success is one only where the thing was not there, or the server gave up.
func pose(ctx context.Context, s *serving.Server, path string) (took time.Duration, status int, err error) {
	began := time.Now()
	answer, status, err := serving.Ask(ctx, http.MethodGet, s.URL+elections+path, s.Token, nil)
	took = time.Since(began)
	if err == nil && !slices.Contains([]int{http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable}, status) {
		err = fmt.Errorf("%s: status %d: %s", path, status, answer)
	}
	return took, status, err
}

// looked is how many regencies are looked at for boxes and shipments, beside the largest and the median.
const looked = 6

// kinds end the id of a box of a station, after the station's code and a dash.
var kinds = []string{"PPWP", "DPR", "DPD", "DPRDP", "DPRDK"}

// lookAround finds what to ask about.
func lookAround(ctx context.Context, s *serving.Server) (k known, err error) {
	ctx, cancel := context.WithTimeout(ctx, serving.Patience)
	defer cancel()
	now, _, err := s.Clock(ctx)
	if err != nil {
		return k, err
	}
	if k.until, err = domain.StoredTime(now); err != nil {
		return k, fmt.Errorf("read the driven clock: %w", err)
	}
	var rows []struct {
		Code  string
		Boxes map[string]int64
	}
	if err := list(ctx, s, "/regencies", &rows); err != nil {
		return k, err
	}
	boxes := map[string]int64{}
	var codes []string
	for _, row := range rows {
		for _, n := range row.Boxes {
			boxes[row.Code] += n
		}
		if boxes[row.Code] > 0 {
			codes = append(codes, row.Code)
		}
	}
	if len(codes) == 0 {
		return k, errors.New("no regency has boxes")
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Compare(boxes[a], boxes[b]) })
	k.largest, k.median = codes[len(codes)-1], codes[len(codes)/2]
	for i, code := range codes {
		if code != k.largest && code != k.median && i%max(1, len(codes)/looked) != 0 {
			continue
		}
		var cards []struct {
			Shipment  string
			Planned   []string
			PlannedAt time.Time `json:"planned_at"`
		}
		if err := list(ctx, s, "/shipments?limit=1000&regency="+code, &cards); err != nil {
			return k, err
		}
		for _, card := range cards {
			if !card.PlannedAt.IsZero() && card.PlannedAt.Before(k.until) {
				k.shipments = append(k.shipments, shipment{card.Shipment, card.PlannedAt})
			}
			for _, id := range card.Planned { // kits too
				if len(id) > 14 && slices.Contains(kinds, id[14:]) {
					k.boxes = append(k.boxes, id)
				}
			}
		}
	}
	if len(k.boxes) == 0 || len(k.shipments) == 0 {
		return k, errors.New("no shipment has boxes")
	}
	return k, nil
}

func list(ctx context.Context, s *serving.Server, path string, into any) error {
	text, err := serving.Until(ctx, http.MethodGet, s.URL+elections+path, s.Token, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
