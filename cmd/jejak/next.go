package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"jejak/internal/client"
	"jejak/internal/server"
	"jejak/internal/terminal"
	"jejak/projections/form"
)

// electionPath is where the API has the election that a demo plays.
const electionPath = "/v1/elections/pemilu2024"

// printNext says where to look: places in this very log at which something happened.
func (f *demoFlags) printNext(ctx context.Context, w io.Writer, s *server.Server, inFull []string) error {
	var out terminal.Page
	base := s.URL()
	out.Printf("\nWhere to look next\n")
	if f.exit {
		// The server of these lines is about to stop.
		out.Printf("  jejak demo --data %s --listen %s%s   # serves it again\n", f.dir, strings.TrimPrefix(base, "http://"), f.playedFlags())
	}
	out.Printf("  %s/docs   # the API\n", base)
	out.Printf("  T=\"Authorization: Bearer $(cat %s)\"\n", s.TokenFile())
	look := func(path, what string) { out.Printf("  curl -sH \"$T\" '%s%s'   # %s\n", base, path, what) }
	look(electionPath+"/regencies", "all regencies")
	place, err := findPlace(ctx, s, inFull)
	if err != nil {
		return err
	}
	if place.Unit != "" {
		look(electionPath+"/regencies/"+place.Unit, "the regency with the most open discrepancies of those played in full")
		look(electionPath+"/discrepancies?regency="+place.Unit+"&status=open", "what is open there")
	}
	if box := place.box(); box != "" {
		look(electionPath+"/boxes/"+box, "the story of a box: "+place.Kind)
		look(electionPath+"/stations/"+box[:13], "its station")
		look("/v1/events?box="+box, "its events")
	}
	if !f.exit {
		out.Printf("Ctrl-C ends; started again, the demo goes on with what is there.\n")
	}
	err = terminal.Print(w, out.Text())
	return err
}

func (f *demoFlags) playedFlags() string {
	flags := ""
	if f.all {
		flags += " --all"
	}
	if len(f.regencies) > 0 {
		flags += " --regency " + strings.Join(f.regencies, ",")
	}
	if f.seed != defaultSeed {
		flags += fmt.Sprintf(" --seed %d", f.seed)
	}
	return flags
}

// place is a discrepancy worth a look, in the regency that has most of them.
type place struct{ form.DiscrepancyCard }

func (p place) box() string {
	for _, unit := range p.Units {
		if station, _, ok := strings.Cut(unit, "-"); ok && len(station) == 13 {
			return unit
		}
	}
	return ""
}

// onBoxes are kinds of discrepancies that boxes have after a story worth reading, most telling first.
var onBoxes = []string{"seal_mismatch", "seal_broken", "lost", "wrong_destination", "undocumented_handoff", "short", "duplicate_label"}

// findPlace looks in the regencies that were played in full. It gives the zero place where nothing is open.
func findPlace(ctx context.Context, s *server.Server, inFull []string) (found place, err error) {
	token, err := readToken(s.TokenFile())
	if err != nil {
		return found, err
	}
	c, err := client.New(s.URL(), client.Options{Connections: 1})
	if err != nil {
		return found, err
	}
	defer c.Close()
	var rows []form.RegencyRow
	if _, err := c.Get(ctx, token, electionPath+"/regencies", nil, 0, &rows); err != nil {
		return found, fmt.Errorf("read the regencies: %w", err)
	}
	most := int64(0)
	for _, row := range rows {
		if n := total(row.Discrepancies); n > most && slices.Contains(inFull, row.Code) {
			most, found.Unit = n, row.Code
		}
	}
	if most == 0 {
		return found, nil
	}
	for _, kind := range onBoxes {
		var open []form.DiscrepancyCard
		query := url.Values{"regency": {found.Unit}, "status": {"open"}, "kind": {kind}}
		if _, err := c.Get(ctx, token, electionPath+"/discrepancies", query, 0, &open); err != nil {
			return found, fmt.Errorf("read the discrepancies: %w", err)
		}
		for _, d := range open {
			if p := (place{d}); p.box() != "" {
				return p, nil
			}
		}
	}
	return found, nil
}
