package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/api"
)

// clockSkew is how far the times of records of different ledgers may stand out of order: each ledger has its own monotone time.
const clockSkew = time.Minute

// since is where somebody wants to begin: after a position, at a time, or at the end.
type since struct {
	last     bool
	position uint64
	time     time.Time
}

func parseSince(text string) (since, error) {
	if text == "" || text == "last" {
		return since{last: true}, nil
	}
	if position, err := strconv.ParseUint(text, 10, 64); err == nil {
		return since{position: position}, nil
	}
	at, err := domain.ParseTime(text)
	if err != nil {
		return since{}, &InvalidError{[]api.Problem{{Rule: "feed", Path: "/since", Message: "bukan waktu, posisi, atau last", MessageEN: "is no time, no position and not last",
			Remedy: "tulis seperti 2024-02-13T06:45:00+07:00, 12345 atau last", RemedyEN: "write it like 2024-02-13T06:45:00+07:00, 12345 or last"}}}
	}
	return since{time: at}, nil
}

// start is where a consumer begins.
type start struct {
	sequence         uint64 // of the stream
	position, oldest uint64 // see Made
}

// mark is what a message of the feed says about its record.
type mark struct {
	sequence, position uint64
	time               time.Time
}

// findStart finds the first message of a beginning. The positions of the stream grow with its sequences: it is halved again and again.
func findStart(ctx context.Context, stream jetstream.Stream, want since) (start, error) {
	state := stream.CachedInfo().State
	end := start{sequence: state.LastSeq + 1, position: want.position}
	if state.Msgs == 0 {
		return end, nil
	}
	before := func(m mark) bool { return m.position <= want.position }
	if want.last {
		before = func(mark) bool { return true }
	} else if !want.time.IsZero() {
		before = func(m mark) bool { return m.time.Before(want.time.Add(-clockSkew)) }
	}
	first, err := markAt(ctx, stream, state.FirstSeq)
	if err != nil {
		return start{}, err
	}
	if !before(first) {
		s := start{sequence: first.sequence, position: want.position}
		if first.position > want.position+1 && state.FirstSeq > max(1, stream.CachedInfo().Config.FirstSeq) {
			s.oldest = first.position
		}
		return s, nil
	}
	low, high, last := state.FirstSeq, state.LastSeq+1, first // what is at low is before the beginning; at high, or from there on, it is not
	if want.last {
		low = state.LastSeq - 1
	}
	for low+1 < high {
		m, err := markAt(ctx, stream, low+(high-low)/2)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			high = low + (high-low)/2
		case err != nil:
			return start{}, err
		case before(m):
			low, last = max(m.sequence, low+(high-low)/2), m
		default:
			high = low + (high-low)/2
		}
	}
	return start{sequence: high, position: max(last.position, want.position)}, nil
}

// markAt reads the message of a sequence, or the next one that is still there; jetstream.ErrMsgNotFound when there is none.
func markAt(ctx context.Context, stream jetstream.Stream, sequence uint64) (mark, error) {
	// Of any subject: to find the next that a narrower wildcard takes, NATS walks over every subject under the stream's lock.
	msg, err := stream.GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(">"))
	if err != nil {
		return mark{}, fmt.Errorf("read message %d of the feed: %w", sequence, err)
	}
	m := mark{sequence: msg.Sequence}
	if m.position, err = strconv.ParseUint(msg.Header.Get("ce-sequence"), 10, 64); err != nil {
		return mark{}, fmt.Errorf("message %d of the feed has no position in ce-sequence: %w: rebuild the feed", msg.Sequence, err)
	}
	if m.time, err = domain.StoredTime(msg.Header.Get("ce-time")); err != nil {
		return mark{}, fmt.Errorf("message %d of the feed has no time in ce-time: %w: rebuild the feed", msg.Sequence, err)
	}
	return m, nil
}
