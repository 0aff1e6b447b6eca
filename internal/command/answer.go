package command

import (
	"errors"
	"fmt"
	"strings"

	"jejak/domain"
	"jejak/domain/incident"
	"jejak/internal/api"
	"jejak/internal/journal"
)

func machineRule(id string, outcome domain.Outcome, message, remedy domain.Text) *domain.Rule {
	return &domain.Rule{ID: id, OnRequest: outcome, OnReport: outcome, Message: message, Remedy: remedy}
}

// The rules of command handling itself. They come before any rule of a room.
var (
	// RuleUnknownElection and RuleUnknownUnit: only what the reference data names has a ledger.
	RuleUnknownElection = machineRule("unknown_election", domain.Invalid,
		domain.Text{ID: "pemilu %[1]q tidak dikenal di sini", EN: "election %[1]q is not known here"},
		domain.Text{ID: "pakai salah satu dari: %[2]v; atau jalankan jejak import", EN: "use one of: %[2]v; or run jejak import"})
	RuleUnknownUnit = machineRule("unknown_unit", domain.Invalid,
		domain.Text{ID: "%[1]v bukan satker pada %[2]v", EN: "%[1]v is no work unit of %[2]v"},
		domain.Text{ID: "pakai kode provinsi (2 angka) atau kabupaten/kota (4 angka)", EN: "use the code of the province (2 digits) or of a regency (4 digits)"})
	// RuleCommandIDReused: an id names one command for life.
	RuleCommandIDReused = machineRule("command_id_reused", domain.Invalid,
		domain.Text{ID: "id %[1]v sudah dipakai oleh perintah lain", EN: "id %[1]v was already used by another command"},
		domain.Text{ID: "buat id baru (UUIDv7) untuk setiap perintah; kirim ulang hanya dengan isi yang sama",
			EN: "make a new id (UUIDv7) for every command; send again only with the same content"})
	// RuleClockAhead: a request cannot come from the future. A report is kept whatever its device's clock said, and without a discrepancy: whether
	// its clock was ahead depends on when it arrived, which no finding may; both times stand in its metadata.
	RuleClockAhead = &domain.Rule{ID: "clock_ahead", OnRequest: domain.Reject, OnReport: domain.Record,
		Message: domain.Text{ID: "waktu kejadian %[1]v lebih dari 10 menit di depan jam server (%[2]v)", EN: "it occurred at %[1]v, more than 10 minutes ahead of the server's clock (%[2]v)"},
		Remedy:  domain.Text{ID: "betulkan jam perangkat, lalu kirim lagi", EN: "set the device's clock, then send again"}}
	// RuleTooLarge: one command is one append, and an append has a limit on every engine.
	RuleTooLarge = machineRule("too_large", domain.Invalid,
		domain.Text{ID: "perintah ini menghasilkan %[1]v byte catatan (%[2]v peristiwa); paling banyak %[3]v byte dan %[4]v peristiwa",
			EN: "this command gives %[1]v bytes of record (%[2]v events); at most %[3]v bytes and %[4]v events"},
		domain.Text{ID: "bagi menjadi beberapa perintah dengan lebih sedikit kotak", EN: "split it into several commands with fewer boxes"})
	// RuleOverloaded, RuleClosing and ruleUnavailable: nothing is wrong with the command.
	RuleOverloaded = machineRule("overloaded", domain.Invalid,
		domain.Text{ID: "antrean satker %[1]v penuh", EN: "the queue of unit %[1]v is full"},
		domain.Text{ID: "kirim lagi sebentar lagi, dengan id yang sama", EN: "send again in a moment, with the same id"})
	RuleClosing = machineRule("server_closing", domain.Invalid,
		domain.Text{ID: "server sedang berhenti", EN: "the server is stopping"},
		domain.Text{ID: "kirim lagi setelah server hidup, dengan id yang sama", EN: "send again when the server is back, with the same id"})
	ruleUnavailable = machineRule("store_unavailable", domain.Invalid,
		domain.Text{ID: "catatan tidak dapat ditulis sekarang: %[1]v", EN: "the log cannot be written at present: %[1]v"},
		domain.Text{ID: "kirim lagi dengan id yang sama: yang sudah tercatat dijawab duplicate; bila terus begini, periksa cakram dan catatan server",
			EN: "send again with the same id: what was recorded is answered duplicate; if it goes on, look at the disk and the server's log"})
	// RuleUnreadable: the unit's ledger has a record that this program cannot read, and a ledger is never read in part.
	RuleUnreadable = machineRule("record_unreadable", domain.Invalid,
		domain.Text{ID: "catatan pada posisi %[1]v (%[2]v versi %[3]v, peristiwa %[4]v) tidak dapat dibaca oleh program ini: %[5]v; satker ini berhenti di situ, satker lain berjalan terus",
			EN: "the record at position %[1]v (%[2]v version %[3]v, event %[4]v) cannot be read by this program: %[5]v; this unit stands still there, the others go on"},
		domain.Text{ID: "simpan perintah ini dan kirim lagi dengan id yang sama sesudah pengelola memasang program yang mengenal catatan itu; jejak audit verify menyebutnya",
			EN: "keep this command and send it again with the same id after the operator has installed a program that knows the record; jejak audit verify names it"})
	// RuleServerClock: what would be recorded now would bear a wrong time for ever, and so would all that follows it in its ledger.
	RuleServerClock = machineRule("server_clock", domain.Invalid,
		domain.Text{ID: "jam server menunjuk %[1]v, padahal seharusnya sekitar %[2]v: jam itu disetel lebih dari sehari selagi server berjalan, jadi tidak ada yang dicatat",
			EN: "the server's clock says %[1]v, but it should be about %[2]v: it was set by more than a day while the server ran, so nothing is recorded"},
		domain.Text{ID: "simpan perintah ini dan kirim lagi dengan id yang sama; pengelola membetulkan jam mesin (NTP), atau bila jam itu sudah benar menjalankan jejak clock accept",
			EN: "keep this command and send it again with the same id; the operator sets the machine's clock right (NTP), or if it is right now runs jejak clock accept"})
	ruleInternal = machineRule("internal_error", domain.Invalid,
		domain.Text{ID: "kesalahan di dalam server saat memutuskan perintah ini; tidak ada yang tercatat", EN: "a fault inside the server while deciding this command; nothing was recorded"},
		domain.Text{ID: "laporkan id perintah ini kepada pengelola", EN: "report this command's id to the operator"})
)

// Rules lists the rules of command handling.
func Rules() []*domain.Rule {
	return []*domain.Rule{RuleUnknownElection, RuleUnknownUnit, RuleCommandIDReused, RuleClockAhead, RuleTooLarge, RuleOverloaded, RuleClosing,
		ruleUnavailable, RuleUnreadable, RuleServerClock, ruleInternal}
}

// Problems are violations as the API shows them.
func Problems(violations []domain.Violation) []api.Problem {
	problems := make([]api.Problem, len(violations))
	for i, v := range violations {
		problems[i] = api.Problem{
			Rule: v.Rule.ID, Path: v.Path, Message: v.Message(), Remedy: v.Remedy(), MessageEN: v.MessageEN(), RemedyEN: v.RemedyEN(),
		}
	}
	return problems
}

// refusal is why a command is not even queued. It is also an error, for those who ask for a View.
type refusal struct {
	status, retryAfter int
	rule               *domain.Rule
	path               string
	args               []any
}

func (r *refusal) violation() domain.Violation {
	return domain.Violation{Rule: r.rule, Path: r.path, Args: r.args}
}

func (r *refusal) answer(c Command) api.Answer {
	return api.Answer{
		ID: c.ID.String(), Result: api.Error, Errors: Problems([]domain.Violation{r.violation()}), Status: r.status, RetryAfter: r.retryAfter,
	}
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %s: %s", r.rule.ID, r.violation().MessageEN(), r.violation().RemedyEN())
}

// Unreadable is what is answered about a ledger with a record that cannot be read; ok is false when err is about none.
func Unreadable(err error) (v domain.Violation, ok bool) {
	var e *journal.UnreadableError
	if !errors.As(err, &e) {
		return v, false
	}
	args := []any{uint64(e.Position), e.Stream, uint64(e.Version), e.ID, e.Err}
	return domain.Violation{Rule: RuleUnreadable, Path: "/unit", Args: args}, true
}

func failure(c Command, status, retryAfter int, rule *domain.Rule, path string, args ...any) api.Answer {
	r := refusal{status: status, retryAfter: retryAfter, rule: rule, path: path, args: args}
	return r.answer(c)
}

// rejection answers a command that rules forbid: malformed or impossible input is an error, everything else a rejection that is kept.
func rejection(c Command, violations []domain.Violation) api.Answer {
	a := api.Answer{ID: c.ID.String(), Result: api.Rejected, Status: 409, Errors: Problems(violations)}
	for _, v := range violations {
		if outcome(v.Rule, c.Mode) == domain.Invalid {
			a.Result, a.Status = api.Error, 422
		}
	}
	return a
}

func outcome(rule *domain.Rule, mode domain.Mode) domain.Outcome {
	if mode == domain.Request {
		return rule.OnRequest
	}
	return rule.OnReport
}

// accepted is the answer to an accepted command, but for its position, which the append will tell.
func accepted(c Command, events []domain.Recorded, raised []*incident.Case) api.Answer {
	a := api.Answer{ID: c.ID.String(), Result: api.Accepted, Status: 200, Events: make([]api.EventRef, len(events))}
	for i, e := range events {
		a.Events[i] = api.EventRef{ID: e.ID.String(), Type: e.Event.EventType()}
	}
	for _, r := range raised {
		a.Result = api.AcceptedWithDiscrepancy
		units := append([]string{}, r.Units...)
		a.Discrepancies = append(a.Discrepancies, api.Discrepancy{ID: r.ID, Kind: string(r.Kind), Severity: string(r.Severity), Units: units})
	}
	return a
}

func list(values []string) string {
	if len(values) == 0 {
		return "-"
	}
	return strings.Join(values, ", ")
}
