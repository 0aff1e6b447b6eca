package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/exit"
	"jejak/internal/history"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

const replayHelp = `Play what was recorded between two moments again, in its order and, at --speed seconds of history in a second, its pace. With --regency the figures of
that regency, as they were known then, stand above the events.

On a terminal: space pauses and goes on, n steps to the next event while paused, + and - change the speed, q ends. Into a pipe one line an event is
written, or with --json one event as the HTTP API shows it, as fast as it goes unless --speed is given.

` + pastHelp

type replayFlags struct {
	pastFlags
	from, to, regency string
	speed             float64
	paced             bool
}

func newReplayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use: "replay", Short: "Play a part of history again", Long: replayHelp, Args: cobra.NoArgs,
		Example: `  jejak audit replay --from 2024-02-12T18:00WIB --to 2024-02-13T06:45WIB --regency 3578 --speed 3600
  jejak audit replay --from 2024-02-12T18:00+07:00 --to 2024-02-12T19:00+07:00 --json`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			from, begin := history.ParseTime("from", f.from)
			to, end := history.ParseTime("to", f.to)
			var faults []*history.Fault
			for _, err := range []error{begin, end} {
				if fault, ok := history.Asks(err); ok {
					faults = append(faults, fault)
				}
			}
			switch {
			case len(faults) > 0:
				return wrongUsage(faults, nil)
			case to.Before(from):
				return exit.Errorf(exit.Usage, "--to is before --from")
			case !(f.speed > 0):
				return exit.Errorf(exit.Usage, "--speed %v: give a number above 0", f.speed)
			}
			f.paced = cmd.Flags().Changed("speed")
			p, err := f.openPast(cmd.Context(), f.store)
			if err != nil {
				return fmt.Errorf("audit replay: %w", err)
			}
			defer func() { err = errors.Join(err, p.close()) }()
			if err := f.askable(cmd.Context(), p, to); err != nil {
				return err
			}
			events := &eventPages{past: p, query: url.Values{
				"election": {f.election}, "unit": {f.regency}, "from": {from.Format(time.RFC3339Nano)}, "to": {to.Format(time.RFC3339Nano)},
			}}
			if !f.asJSON && terminal.Watched(cmd.OutOrStdout()) && term.IsTerminal(int(os.Stdin.Fd())) {
				return f.play(cmd, p, events)
			}
			return f.print(cmd.Context(), cmd.OutOrStdout(), events)
		},
	}
	f.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "what was recorded at or after this moment, with its zone")
	flags.StringVar(&f.to, "to", "", "and before this one")
	flags.StringVar(&f.regency, "regency", "", "only of this regency, with its figures")
	flags.Float64Var(&f.speed, "speed", 3600, "seconds of history in a second")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("regency", completeRegencies)
	return cmd
}

// askable refuses an election or a regency that there is not, and an end that has not come yet: of both there are no events, as of a quiet night.
func (f *replayFlags) askable(ctx context.Context, p *past, to time.Time) error {
	path := "/v1/elections/" + url.PathEscape(f.election)
	if f.regency != "" {
		path += "/regencies/" + url.PathEscape(f.regency)
	}
	if _, err := p.get(ctx, path, nil); err != nil {
		return err
	}
	now, err := p.client.Clock(ctx, p.token)
	if err != nil {
		return refused(err)
	}
	if end := now.In(to.Location()).Format(time.RFC3339); to.After(now) {
		return wrongUsage([]*history.Fault{{
			Field: "to", ID: fmt.Sprintf("%s belum terjadi: jam server %s", f.to, end), EN: fmt.Sprintf("%s has not come yet: the server's clock is at %s", f.to, end),
			FixID: "mainkan paling jauh sampai di situ", Fix: "play up to there at the most",
		}}, nil)
	}
	return nil
}

// eventPages reads events page by page, so that a pause of an hour holds nothing open.
type eventPages struct {
	past  *past
	query url.Values
	page  []api.Event
	raw   [][]byte
	last  bool
}

const eventPage = 500

// next is the next event with its JSON; ok is false at the end.
func (e *eventPages) next(ctx context.Context) (event api.Event, raw []byte, ok bool, err error) {
	for len(e.page) == 0 && !e.last {
		if err := e.turn(ctx); err != nil {
			return event, nil, false, err
		}
	}
	if len(e.page) == 0 {
		return event, nil, false, nil
	}
	event, raw = e.page[0], e.raw[0]
	e.page, e.raw = e.page[1:], e.raw[1:]
	return event, raw, true, nil
}

func (e *eventPages) turn(ctx context.Context) error {
	e.query.Set("limit", strconv.Itoa(eventPage))
	body, err := e.past.get(ctx, "/v1/events", e.query)
	if err != nil {
		return err
	}
	n, after := 0, ""
	for line := range bytes.Lines(body) {
		var event api.Event
		if err := json.Unmarshal(line, &event); err != nil {
			return fmt.Errorf("read the events: %w", err)
		}
		n++
		after = strconv.FormatUint(event.Position, 10)
		if strings.HasPrefix(event.Stream, "ledger-") {
			e.page, e.raw = append(e.page, event), append(e.raw, bytes.TrimSpace(line))
		}
	}
	if after != "" {
		e.query.Set("after", e.past.cursor(ctx, after))
	}
	e.last = n < eventPage
	return nil
}

// print writes the events into a pipe.
func (f *replayFlags) print(ctx context.Context, w io.Writer, events *eventPages) error {
	var before time.Time
	for {
		event, raw, ok, err := events.next(ctx)
		if err == nil && !ok && before.IsZero() && !f.asJSON {
			err = terminal.Fprintf(w, nothingBetween)
		}
		if err != nil || !ok {
			return err
		}
		at := recordedAt(event)
		if f.paced && !before.IsZero() {
			select {
			case <-time.After(time.Duration(float64(at.Sub(before)) / f.speed)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		before = at
		if f.asJSON {
			err = printRaw(w, raw)
		} else {
			err = terminal.Fprintf(w, "%s\n", replayLine(event))
		}
		if err != nil {
			return err
		}
	}
}

func recordedAt(event api.Event) time.Time {
	t, _ := domain.StoredTime(event.RecordedAt) // the server writes no other
	return t
}

// replayLine is an event in one line: when it was recorded, whose, what, by which role, and how late it was told.
func replayLine(event api.Event) terminal.Text {
	var meta struct {
		Actor      struct{ Role, Unit string }
		OccurredAt time.Time `json:"occurred_at"`
	}
	_ = json.Unmarshal(event.Metadata, &meta) // what it does not say stays out
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(event.Data, &fields)
	details := map[string]string{}
	for name, raw := range fields {
		var text string
		if json.Unmarshal(raw, &text) == nil && text != "" && !strings.HasPrefix(name, "message") && name != "key" {
			details[name] = text
		}
	}
	late := ""
	if d := recordedAt(event).Sub(meta.OccurredAt); d > time.Hour {
		late = "  LATE " + d.Round(time.Minute).String()
	}
	_, unit, _ := strings.Cut(event.Stream, ".")
	return terminal.Sprintf("%s  %s  %-28s %s %s%s  %s", shown(event.RecordedAt), unit, event.Type, meta.Actor.Role, meta.Actor.Unit, late, detailText(details))
}

// figuresOnScreen are those of a regency that a replay shows.
func figuresOnScreen(row form.RegencyRow) terminal.Text {
	var out terminal.Page
	for _, group := range []struct {
		name   string
		counts map[string]int64
	}{{"kotak / boxes", row.Boxes}, {"TPS / stations", row.Stations}, {"pengiriman / shipments", row.Shipments}, {"temuan / discrepancies", row.Discrepancies}} {
		out.Printf("%-24s %s\n", group.name, countsText(group.counts))
	}
	return out.Text()
}
