package broker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/people"
)

// Query asks for a consumer of one's own.
type Query struct {
	Areas    []string // region codes or police units, at most maxAreas; none: all that the user may hear
	Shipment string   // the shipment's own events alone; "": all events
	// Since is where it begins: "last" (or "") for what comes from now on, a time in RFC 3339 for what was recorded from then on, a position of the
	// log in decimal digits for what comes after it.
	Since string
	// InMemory: it ends with the NATS server that keeps it. Else NATS writes its file anew, twice for each message, up to ten times a second.
	InMemory bool
}

// Made is a consumer that was made for somebody.
type Made struct {
	Stream, Consumer string
	Subjects         []string
	// Position: everything after it is delivered, as far as the feed still has it. After a time, some events before it may be delivered too.
	Position uint64
	// Oldest is the position of the oldest event that the feed still has, where that leaves a gap after Position; what is older is read over HTTP.
	Oldest uint64
}

// RefusedError: the query asks for what the user may not hear.
type RefusedError struct{ Problem api.Problem }

func (e *RefusedError) Error() string { return e.Problem.MessageEN }

// InvalidError: the query is no query. It lists all that is wrong.
type InvalidError struct{ Problems []api.Problem }

func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Path + ": " + p.MessageEN
	}
	return strings.Join(lines, "\n")
}

// ErrBusy: all of a user's consumers have pulls waiting.
var ErrBusy = fmt.Errorf("all %d consumers of this user are in use", slotsEach)

const maxAreas = 64

var (
	areaForm     = regexp.MustCompile(`^([0-9]{2}|[0-9]{4}|P[0-9]{4}[A-Z])$`)
	shipmentForm = regexp.MustCompile(`^SHP-[0-9]{2,4}-[A-Z0-9-]{1,20}$`)
)

// Consumer makes a consumer of the feed for a user: one of his slots that is free, or the one idle longest that nobody waits at. It narrows what
// he may hear and never widens it. It goes away after ten minutes without a pull. Errors: *RefusedError, *InvalidError, ErrBusy, ErrNotReady.
func (b *Broker) Consumer(ctx context.Context, user people.User, q Query) (Made, error) {
	grant, refusal := Permissions(user, b.cfg.Province)
	if refusal != "" || len(grant.Events) == 0 {
		return Made{}, &RefusedError{api.Problem{Rule: "role_not_allowed", Message: fmt.Sprintf("peran %s dengan wilayah %s tidak punya umpan peristiwa", user.Role, user.Scope),
			MessageEN: fmt.Sprintf("role %s of %s has no feed of events", user.Role, user.Scope), Remedy: "minta akun dengan peran yang berwenang kepada admin",
			RemedyEN: "ask an admin for an account with a role that may"}}
	}
	subjects, err := narrow(user, b.cfg.Province, grant, q)
	if err != nil {
		return Made{}, err
	}
	since, err := parseSince(q.Since)
	if err != nil {
		return Made{}, err
	}
	stream, err := b.js.Stream(ctx, Stream)
	if err != nil {
		return Made{}, fmt.Errorf("look at the feed: %w", readiness(err))
	}
	begin, err := findStart(ctx, stream, since)
	if err != nil {
		return Made{}, fmt.Errorf("find where to begin: %w", err)
	}
	cfg := b.feedConsumer(subjects)
	cfg.Description, cfg.InactiveThreshold, cfg.MemoryStorage = describeSlot, slotIdle, q.InMemory
	cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, begin.sequence
	b.slots.Lock()
	defer b.slots.Unlock()
	if cfg.Name, err = b.freeSlot(ctx, user.ID); err != nil {
		return Made{}, err
	}
	if _, err := b.js.CreateConsumer(ctx, Stream, cfg); err != nil {
		return Made{}, fmt.Errorf("make consumer %s: %w", cfg.Name, readiness(err))
	}
	b.watchSlots(user.ID)
	return Made{Stream: Stream, Consumer: cfg.Name, Subjects: subjects, Position: begin.position, Oldest: begin.oldest}, nil
}

// watchSlots sees to it that the consumers go when the user may not come any more.
func (b *Broker) watchSlots(id string) {
	if b.cut != nil {
		b.cut.watch(id)
	}
}

// narrow makes the subjects of a query, inside what the user may hear.
func narrow(user people.User, province domain.Code, grant Grant, q Query) ([]string, error) {
	var wrong InvalidError
	fail := func(path, message, messageEN, remedy, remedyEN string) {
		wrong.Problems = append(wrong.Problems, api.Problem{Rule: "feed", Path: path, Message: message, MessageEN: messageEN, Remedy: remedy, RemedyEN: remedyEN})
	}
	if len(q.Areas) > maxAreas {
		fail("/areas", fmt.Sprintf("lebih dari %d wilayah", maxAreas), fmt.Sprintf("more than %d areas", maxAreas), "pakai beberapa konsumen", "use several consumers")
	}
	for i, area := range q.Areas {
		if !areaForm.MatchString(area) {
			fail(fmt.Sprintf("/areas/%d", i), "bukan kode wilayah atau satuan polisi", "is no area", "pakai kode 35, 3578 atau P3578A", "use a code like 35, 3578 or P3578A")
		}
	}
	if q.Shipment != "" && !shipmentForm.MatchString(q.Shipment) {
		fail("/shipment", "bukan nomor pengiriman", "is no shipment's id", "pakai bentuk SHP-3578-000123", "use the form SHP-3578-000123")
	}
	if len(wrong.Problems) > 0 {
		return nil, &wrong
	}
	all := grant.Events[0] == allEvents
	areas := slices.Compact(slices.Sorted(slices.Values(q.Areas)))
	for i, area := range areas {
		if !all && area != user.Scope {
			return nil, &RefusedError{api.Problem{Rule: "place_not_allowed", Path: fmt.Sprintf("/areas/%d", slices.Index(q.Areas, areas[i])),
				Message: area + " di luar wilayah kerja Anda " + user.Scope, MessageEN: area + " is outside your scope " + user.Scope,
				Remedy: "minta wilayah Anda sendiri", RemedyEN: "ask for your own area"}}
		}
	}
	if len(areas) == 0 {
		areas = []string{user.Scope}
		if all {
			areas = []string{"*"}
		}
	}
	subjects := make([]string, len(areas))
	for i, area := range areas {
		subjects[i] = "jejak.*." + area + ".>"
		if q.Shipment != "" {
			subjects[i] = "jejak.*." + area + ".shipment." + q.Shipment + ".>"
		}
	}
	return subjects, nil
}

// freeSlot empties a slot and gives its name.
func (b *Broker) freeSlot(ctx context.Context, id string) (string, error) {
	best, idleSince := "", time.Time{}
	for _, name := range Consumers(id)[1:] {
		consumer, err := b.js.Consumer(ctx, Stream, name)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			return name, nil
		}
		if err != nil {
			return "", fmt.Errorf("look at consumer %s: %w", name, readiness(err))
		}
		info := consumer.CachedInfo()
		if info.NumWaiting > 0 {
			continue
		}
		used := info.Created
		for _, last := range []*time.Time{info.Delivered.Last, info.AckFloor.Last} {
			if last != nil && last.After(used) {
				used = *last
			}
		}
		if best == "" || used.Before(idleSince) {
			best, idleSince = name, used
		}
	}
	if best == "" {
		return "", ErrBusy
	}
	if err := b.js.DeleteConsumer(ctx, Stream, best); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return "", fmt.Errorf("remove consumer %s: %w", best, readiness(err))
	}
	return best, nil
}
