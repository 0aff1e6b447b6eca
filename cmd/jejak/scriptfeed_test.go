package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jejak/internal/follow"
	"jejak/projections/form"
)

func awaitLine(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "awaits FILE REGEXP")
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && re.Match(text) {
			return
		}
	}
	ts.Fatalf("no line of %s matches %s after %s", args[0], args[1], patience)
}

func followed(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 1 || len(args) > 2, "followed FILE [AREA]")
	area := ""
	if len(args) == 2 {
		area = args[1]
	}
	want, err := expectedOf(ts, area)
	ts.Check(err)
	if len(want) == 0 {
		ts.Fatalf("the log has nothing for %q", area)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		got, err := messagesOf(ts.MkAbs(args[0]), area)
		ts.Check(err)
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(deadline) {
			n := 0
			for n < min(len(got), len(want)) && got[n] == want[n] {
				n++
			}
			ts.Fatalf("%s has %d messages, the log %d; they differ from the %d-th on: %q, %q", args[0], len(got), len(want), n+1, got[n:min(n+3, len(got))], want[n:min(n+3, len(want))])
		}
	}
}

// messagesOf are the messages of a file, without incidents and summaries where they are those of one police unit.
func messagesOf(file, area string) (got []string, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		if line[len(line)-1] != '\n' {
			break // it is being written
		}
		var m follow.Message
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, err
		}
		token := strings.Split(m.Subject, ".")
		switch {
		case area != "" && token[2] != area:
			return nil, fmt.Errorf("%s is not for %s", m.Subject, area)
		case area == "" && strings.HasPrefix(token[2], "P"), area != "" && (token[3] != "shipment" || token[5] == "summary"):
			continue
		}
		got = append(got, fmt.Sprint(m.Sequence, " ", m.ID))
	}
	return got, nil
}

// expectedOf are the events of the log that an area is to be told: those of all ledgers, or those of the shipments that a police unit escorts, from the
// moment on that it was asked to until it handed over.
func expectedOf(ts *testscript.TestScript, area string) (want []string, err error) {
	req, err := http.NewRequest(http.MethodGet, ts.Getenv("URL")+"/v1/events", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	escorted := map[string]bool{}
	for dec := json.NewDecoder(resp.Body); ; {
		var e form.Event
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			return want, nil
		}
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(e.Stream, "ledger-") {
			continue
		}
		if area == "" {
			want = append(want, fmt.Sprint(e.Position, " ", e.ID))
			continue
		}
		if !strings.HasPrefix(e.Type, "shipment.") {
			continue
		}
		var data struct {
			Shipment   string `json:"shipment"`
			PoliceUnit string `json:"police_unit"` // that is asked, or takes over
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, err
		}
		var by struct {
			Actor struct{ Unit string }
		}
		if err := json.Unmarshal(e.Metadata, &by); err != nil {
			return nil, err
		}
		before := escorted[data.Shipment]
		switch e.Type {
		case "shipment.escort_assigned":
			escorted[data.Shipment] = before || data.PoliceUnit == area
		case "shipment.escort_accepted": // the yes may come before it is known that somebody was asked
			escorted[data.Shipment] = before || by.Actor.Unit == area
		case "shipment.escort_handed_over": // who has it until then hears of this last
			escorted[data.Shipment] = data.PoliceUnit == area
		}
		if before || escorted[data.Shipment] {
			want = append(want, fmt.Sprint(e.Position, " ", e.ID))
		}
	}
}
