package httpapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/api"
	"jejak/internal/command"
	"jejak/internal/share"
)

// The names of the limits, as the table of docs/operations.md, the flag --limit and the metrics have them.
const (
	limitConnections     = "connections"
	limitOpenConnections = "open_connections"
	limitCommands        = "commands"
	limitRequests        = "requests"
	limitOpenRequests    = "open_requests"
	limitStreams         = "streams"
	limitReplays         = "replays"
	limitBatches         = "batches"
	limitScans           = "scans"
	limitDownloads       = "downloads"
	limitBundles         = "bundles"
	limitReports         = "reports"
	limitFailures        = "failures"
)

// Limits are how much there may be at once, for each account and for all together; of what begins with open_, for each address from which no good
// token came. The reasons:
//
//   - connections: a phone has one or two, a browser six. All are far below what a process may have open, and above what the other limits let be
//     under way, so that there is always one more for who sends a command.
//   - requests, of which streams are a part, leave half of the connections to commands.
//   - scans keep a processor busy each, for seconds: more at once make all of them slower.
func Limits() []share.Limit {
	return []share.Limit{
		{Name: limitConnections, Each: 64, All: 4096},
		{Name: limitOpenConnections, Each: 256, All: 1024},
		{Name: limitCommands, Each: 64},
		{Name: limitRequests, Each: 64, All: 2048},
		{Name: limitOpenRequests, Each: 32, All: 256},
		{Name: limitStreams, Each: 8, All: 1024},
		{Name: limitReplays, Each: 2, All: 64},
		{Name: limitBatches, Each: 2, All: 128, Wait: 5 * time.Second},
		{Name: limitScans, Each: 2, All: 4, Wait: 30 * time.Second},
		{Name: limitDownloads, Each: 2, All: 32, Wait: 5 * time.Second},
		{Name: limitBundles, Each: 1, All: 4},
	}
}

// ParseLimits reads limits as NAME=EACH or NAME=EACH/ALL. All that is wrong is one error.
func ParseLimits(texts []string) (limits []share.Limit, err error) {
	usual := map[string]share.Limit{}
	for _, l := range Limits() {
		usual[l.Name] = l
	}
	var errs []error
	for _, text := range texts {
		name, figures, _ := strings.Cut(text, "=")
		l, known := usual[name]
		each, all, both := strings.Cut(figures, "/")
		var err1, err2 error
		if l.Each, err1 = strconv.Atoi(each); both {
			l.All, err2 = strconv.Atoi(all)
		}
		switch {
		case !known:
			errs = append(errs, fmt.Errorf("%q: there is no limit of this name: it is one of %s", text, strings.Join(slices.Sorted(maps.Keys(usual)), ", ")))
		case err1 != nil || err2 != nil || l.Each < 1 || l.All != 0 && l.All < l.Each:
			errs = append(errs, fmt.Errorf("%q: give %s=EACH or %s=EACH/ALL, whole numbers from 1, ALL not below EACH", text, name, name))
		default:
			limits = append(limits, l)
		}
	}
	return limits, errors.Join(errs...)
}

// spoolsMost is how many bytes of batches may be on the disk at once, of all people together.
const spoolsMost = 512 << 20

// shares are the limits of a server.
type shares struct {
	commands, requests, openRequests, streams, replays, batches, scans, downloads, bundles *share.Places
	reports, failures                                                                      *share.Rates
	connections                                                                            *connections
}

// newShares makes the limits, some of them other than usual.
func newShares(other []share.Limit) shares {
	of := map[string]share.Limit{}
	for _, l := range append(Limits(), other...) {
		of[l.Name] = l
	}
	places := func(name string) *share.Places { return share.NewPlaces(of[name]) }
	return shares{
		commands: places(limitCommands), requests: places(limitRequests), openRequests: places(limitOpenRequests), streams: places(limitStreams),
		replays: places(limitReplays), batches: places(limitBatches), scans: places(limitScans), downloads: places(limitDownloads),
		bundles: places(limitBundles), reports: share.NewRates(), failures: share.NewRates(),
		connections: newConnections(of[limitConnections], of[limitOpenConnections]),
	}
}

// watch reports every limit: how much is taken now, how much may be at once (0: it is a rate), how often it was reached.
func (s *shares) watch(report func(name string, taken, most int, reached uint64)) {
	for _, p := range []*share.Places{s.commands, s.requests, s.openRequests, s.streams, s.replays, s.batches, s.scans, s.downloads, s.bundles} {
		report(p.Limit().Name, p.Taken(), p.Limit().All, p.Refused())
	}
	s.connections.watch(report)
	report(limitReports, 0, 0, s.reports.Refused())
	report(limitFailures, 0, 0, s.failures.Refused())
}

// words say what a limit counts, for people.
var words = map[string]struct{ id, en string }{
	limitCommands:     {"perintah sekaligus", "commands at once"},
	limitRequests:     {"permintaan sekaligus", "requests at once"},
	limitOpenRequests: {"permintaan tanpa token sekaligus", "requests without a token at once"},
	limitStreams:      {"aliran peristiwa sekaligus", "event streams at once"},
	limitReplays:      {"pemutaran sekaligus", "replays at once"},
	limitBatches:      {"kiriman massal sekaligus", "batches at once"},
	limitScans:        {"pertanyaan tentang masa lalu sekaligus", "questions about the past at once"},
	limitDownloads:    {"pengambilan catatan sekaligus", "downloads of the log at once"},
	limitBundles:      {"bundel sekaligus", "bundles at once"},
}

// busyWait is after how many seconds who got no place should come again.
const busyWait = 5

// noPlace is the answer to who got no place. The server is the cause where others have all the places: then it is 503.
func noPlace(err error) *problem {
	var full *share.FullError
	if !errors.As(err, &full) {
		return unavailable("request_ended", "permintaan sudah berakhir", "the request has ended")
	}
	w := words[full.Limit.Name]
	status, p := http.StatusServiceUnavailable, one("busy_"+full.Limit.Name, "",
		fmt.Sprintf("server sedang sibuk: %d %s sudah dipakai semua", full.Limit.All, w.id), fmt.Sprintf("the server is busy: all %d %s are in use", full.Limit.All, w.en),
		"coba lagi sebentar lagi", "try again in a moment")
	if full.Own {
		status, p = http.StatusTooManyRequests, one("too_many_"+full.Limit.Name, "",
			fmt.Sprintf("paling banyak %d %s", full.Limit.Each, w.id), fmt.Sprintf("at most %d %s", full.Limit.Each, w.en),
			"akhiri yang lain dahulu, lalu coba lagi", "end another first, then try again")
	}
	answer := newProblem(status, p)
	answer.RetryAfter = busyWait
	return answer
}

// place takes a place for a request's user, or answers that there is none.
func (s *Server) place(w http.ResponseWriter, r *http.Request, of *share.Places) (free func(), ok bool) {
	if s.cfg.People == nil { // see Alone
		return func() {}, true
	}
	free, err := of.Take(r.Context(), userOf(r.Context()).ID)
	if err != nil {
		endBody(w, r, noPlace(err))
		return nil, false
	}
	return free, true
}

// scan takes a place for what reads or folds a part of the log, and waits for it in turns.
func (s *Server) scan(ctx context.Context) (free func(), err error) {
	if s.cfg.People == nil { // see Alone
		return func() {}, nil
	}
	free, err = s.shares.scans.Take(ctx, userOf(ctx).ID)
	if err != nil {
		return nil, retryLater(noPlace(err))
	}
	s.goesOn(ctx)
	return free, nil
}

// quota is how much a role may report: so many reports an hour, and as many at once after an hour of rest. A report counts once for each 4 KiB begun.
//
// The figures are far above what one person does: in the play of Pemilu 2024 (package simulation) a warehouse of twelve has some 28,000 acts in
// three weeks, a committee tens, a crew fewer. Whoever brings a unit's tables along in one batch must be able to send 20,000 lines at once.
var quota = map[domain.Role]int{
	domain.RoleAdmin: 100_000, domain.RoleProvince: 100_000, domain.RoleOperator: 50_000, domain.RoleWarehouse: 50_000, domain.RoleChecker: 20_000,
	domain.RoleCommitmentOfficer: 20_000, domain.RoleSupplier: 20_000, domain.RoleCarrier: 2_000, domain.RoleDistrict: 5_000, domain.RoleVillage: 2_000,
	domain.RoleStation: 300, domain.RoleEscort: 2_000, domain.RoleSupervisor: 1_000,
}

// quotaBytes of a report count as one.
const quotaBytes = 4 << 10

func (s *Server) quotaOf(role domain.Role) share.Rate {
	n := s.quota[role]
	return share.Rate{PerSecond: float64(n) / 3600, Burst: n}
}

// limited tells whether reports of an account are counted. The time of a simulation is driven: months pass in a minute, so they are not.
func (s *Server) limited(role domain.Role) bool { return !s.cfg.Clock.Simulated() && s.quota[role] > 0 }

// mayReport is the answer to a report of somebody who has reported as much as he may, nil for all others.
func (s *Server) mayReport(actor domain.Actor, mode domain.Mode) *problem {
	if mode != domain.Report || !s.limited(actor.Role) {
		return nil
	}
	wait, ok := s.shares.reports.Left(actor.ID, s.quotaOf(actor.Role), 1, time.Now())
	if ok {
		return nil
	}
	p := newProblem(http.StatusTooManyRequests, one("too_many_reports", "",
		fmt.Sprintf("akun ini sudah mengirim lebih dari %d laporan per jam, batas peran %s", s.quota[actor.Role], actor.Role),
		fmt.Sprintf("this account has sent more than %d reports in an hour, the limit of role %s", s.quota[actor.Role], actor.Role),
		"simpan dan kirim lagi nanti; id yang sama tidak dihitung dua kali", "keep it and send it again later; the same id counts once"))
	p.RetryAfter = int(wait / time.Second)
	return p
}

// countReport counts a report that was accepted.
func (s *Server) countReport(r *http.Request, cmd command.Command, size int, a *api.Answer) {
	if cmd.Mode != domain.Report || a.Result != api.Accepted && a.Result != api.AcceptedWithDiscrepancy {
		return
	}
	if user := userOf(r.Context()); s.limited(user.Role) {
		s.shares.reports.Count(user.ID, s.quotaOf(user.Role), 1+size/quotaBytes, time.Now())
	}
}

// postBatch takes a batch from somebody who may send commands at all, and has a place.
func (s *Server) postBatch(w http.ResponseWriter, r *http.Request) {
	user := userOf(r.Context())
	if !access.Sends(user.Role) {
		denied := one("role_not_allowed", "", fmt.Sprintf("peran %s tidak mengirim perintah", user.Role), fmt.Sprintf("role %s sends no commands", user.Role),
			"minta akun dengan peran yang berwenang kepada admin", "ask an admin for an account with a role that may")
		s.denied(r, user, &denied, "send a batch", "")
		endBody(w, r, forbidden(denied))
		return
	}
	packed := false
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		packed = true
	default:
		endBody(w, r, mediaType("Content-Encoding: "+encoding))
		return
	}
	free, ok := s.place(w, r, s.shares.batches)
	if !ok {
		return
	}
	defer free()
	s.batch(w, r, packed)
}

// The last answers of batches that have reached a limit. What came before is decided.

func (s *Server) batchRefused(limit string, p *problem) *problem {
	s.cfg.Telemetry.Refused(limit)
	return p
}

func endsBatch(status int, rule, messageID, messageEN, remedyID, remedyEN string) *problem {
	return newProblem(status, one(rule, "", "kiriman massal diakhiri di baris ini: "+messageID, "the batch ends with this line: "+messageEN, remedyID, remedyEN))
}

func batchTooLarge() *problem {
	return endsBatch(http.StatusRequestEntityTooLarge, "batch_too_large", fmt.Sprintf("lebih dari %d MiB", maxBatch>>20), fmt.Sprintf("it has more than %d MiB", maxBatch>>20),
		"kirim sisanya dalam kiriman berikutnya", "send the rest as another batch")
}

func batchTooManyLines() *problem {
	return endsBatch(http.StatusRequestEntityTooLarge, "batch_too_large", fmt.Sprintf("lebih dari %d baris", maxLines), fmt.Sprintf("it has more than %d lines", maxLines),
		"kirim sisanya dalam kiriman berikutnya", "send the rest as another batch")
}

func batchRatio() *problem {
	return endsBatch(http.StatusRequestEntityTooLarge, "batch_ratio", fmt.Sprintf("isinya lebih dari %d kali ukuran terkompresi", maxRatio),
		fmt.Sprintf("it is unpacked to more than %d times its size", maxRatio), "kirim tanpa kompresi", "send it without compression")
}

func batchMalformed() *problem {
	return endsBatch(http.StatusBadRequest, "batch_malformed", fmt.Sprintf("%d baris berturut-turut bukan perintah yang benar bentuknya", maxMalformed),
		fmt.Sprintf("%d lines in a row are no command by their form", maxMalformed), "perbaiki seperti kata jawaban-jawaban itu, lalu kirim lagi", "mend what their answers say, and send it again")
}

func spoolFull() *problem {
	p := endsBatch(http.StatusServiceUnavailable, "batch_spool", "ruang untuk kiriman massal sedang penuh", "the room for batches is full at present",
		"kirim sisanya sebentar lagi", "send the rest in a moment")
	p.RetryAfter = busyWait
	return p
}

func notGzip(err error) *problem { return notJSON("it is not gzip: " + err.Error()) }
