package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jejak/internal/exit"
	"jejak/internal/history"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

const timelineHelp = `Show everything that is recorded about one thing, in the order in which it occurred: both times, what it was, who did it where and on which device, the
hashes of evidence, and the state of the thing after it. What was told more than an hour late is marked with its delay, a gap in the chain of
custody with !!. Where the ledger said something else when an event was recorded, that stands behind it as "believed".

--at shows it as it was at a moment, as in as-of.

` + pastHelp + `

Riwayat satu kotak, segel, TPS, pengiriman, serah terima, temuan atau orang.`

func newTimelineCommand() *cobra.Command {
	var f pastFlags
	var at, clock, position string
	ids := make([]string, len(history.Kinds()))
	cmd := &cobra.Command{
		Use: "timeline", Short: "Show everything that is recorded about one thing or person", Long: timelineHelp, Args: cobra.NoArgs,
		Example: `  jejak audit timeline --box 3578010001001-PPWP --data ./demo-data
  jejak audit timeline --shipment SHP-3578-D01-1
  jejak audit timeline --person usr-z3kycc5mshtf4zm2 --json`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			var kind history.Kind
			id, n := "", 0
			for i, k := range history.Kinds() {
				if ids[i] != "" {
					kind, id = k, ids[i]
					n++
				}
			}
			if n != 1 {
				return exit.Errorf(exit.Usage, "give one of --box, --seal, --station, --shipment, --handoff, --discrepancy, --person")
			}
			if _, faults := history.ReadCut(at, clock, position); len(faults) > 0 {
				return wrongUsage(faults, map[string]string{"as_of": "at"})
			}
			p, err := f.openPast(cmd.Context(), f.store)
			if err != nil {
				return fmt.Errorf("audit timeline: %w", err)
			}
			defer func() { err = errors.Join(err, p.close()) }()
			path := fmt.Sprintf("/v1/elections/%s/timelines/%s/%s", url.PathEscape(f.election), kind, url.PathEscape(id))
			body, err := p.get(cmd.Context(), path, url.Values{"as_of": {at}, "clock": {clock}, "position": {position}})
			if err != nil {
				return err
			}
			if f.asJSON {
				return printRaw(cmd.OutOrStdout(), body)
			}
			var line form.Timeline
			if err := json.Unmarshal(body, &line); err != nil {
				return fmt.Errorf("read the timeline: %w", err)
			}
			return terminal.Print(cmd.OutOrStdout(), folded(cmd.OutOrStdout(), timelineText(line)))
		},
	}
	f.flags(cmd)
	flags := cmd.Flags()
	for i, k := range history.Kinds() {
		flags.StringVar(&ids[i], string(k), "", "the timeline of this "+string(k))
	}
	flags.StringVar(&at, "at", "", "as it was at this moment, with its zone")
	flags.StringVar(&clock, "clock", "", "what --at means: recorded (default) or occurred")
	flags.StringVar(&position, "position", "", "as it was at this position")
	return cmd
}

// timelineText writes a timeline for people: two or three lines an event.
func timelineText(line form.Timeline) terminal.Text {
	var out terminal.Page
	out.Printf("%s %s, up to position %d\n", line.Kind, line.ID, line.Position)
	for _, e := range line.Entries {
		mark := "  "
		if e.Gap != "" {
			mark = "!!"
			out.Printf("!! gap: %s / %s\n", e.GapEN, e.Gap)
		}
		out.Printf("%s %s  %s", mark, shown(e.OccurredAt), e.Type)
		if e.State != "" {
			out.Printf("  -> %s", e.State)
		}
		if e.Believed != "" {
			out.Printf("  (believed: %s)", e.Believed)
		}
		out.Printf("\n     recorded %s", shown(e.RecordedAt))
		if e.Late {
			out.Printf("  LATE %s", time.Duration(e.LateSeconds)*time.Second)
		}
		out.Printf("  by %s (%s %s)", e.Actor.ID, e.Actor.Role, e.Actor.Unit)
		if e.Device != "" {
			out.Printf("  device %s/%d", e.Device, e.DeviceSeq)
		}
		out.Printf("  %s\n", e.Mode)
		out.Printf("     position %d  event %s", e.Position, e.Event)
		if e.Place != nil {
			out.Printf("  at %.5f,%.5f +-%.0f m", e.Place.Lat, e.Place.Lon, e.Place.Accuracy)
		}
		for _, h := range e.Evidence {
			out.Printf("\n     evidence %s %s sha256 %s", h.Kind, h.MediaType, h.SHA256)
		}
		if text := detailText(e.Details); text != "" {
			out.Printf("\n     %s", text)
		}
		out.Printf("\n")
	}
	out.Printf("%s, %d told late, %s\n", number(len(line.Entries), "event", "events"), line.Late, number(line.Gaps, "gap in custody", "gaps in custody"))
	return out.Text()
}

func detailText(details map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(details)) {
		parts = append(parts, name+"="+details[name])
	}
	return strings.Join(parts, "  ")
}
