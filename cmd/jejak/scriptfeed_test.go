package main

import (
	"bufio"
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
	f := following{area: area}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		ts.Check(f.read(ts.MkAbs(args[0])))
		if slices.Equal(f.got, want) {
			return
		}
		if time.Now().After(deadline) {
			got, n := f.got, 0
			for n < min(len(got), len(want)) && got[n] == want[n] {
				n++
			}
			ts.Fatalf("%s has %d messages, the log %d; they differ from the %d-th on: %q, %q", args[0], len(got), len(want), n+1, got[n:min(n+3, len(got))], want[n:min(n+3, len(want))])
		}
	}
}

// following are the messages of a file that grows, without incidents and summaries where they are those of one police unit.
type following struct {
	area string
	got  []string
	from int64 // what of the file is not read yet
}

// read reads the lines that have come to the file. There are more than a hundred thousand of them, so none is read twice.
func (f *following) read(name string) error {
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close() // only read from
	if _, err := file.Seek(f.from, io.SeekStart); err != nil {
		return err
	}
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what has no end yet is being written
		}
		if err != nil {
			return err
		}
		f.from += int64(len(line))
		var m follow.Message
		if err := unmarshalBefore(line, "body", &m); err != nil {
			return err
		}
		token := strings.Split(m.Subject, ".")
		switch {
		case f.area != "" && token[2] != f.area:
			return fmt.Errorf("%s is not for %s", m.Subject, f.area)
		case f.area == "" && strings.HasPrefix(token[2], "P"), f.area != "" && (token[3] != "shipment" || token[5] == "summary"):
			continue
		}
		f.got = append(f.got, fmt.Sprint(m.Sequence, " ", m.ID))
	}
}

// unmarshalBefore reads a line of JSON up to one of its keys. What comes there is most of it, and of no use to who wants to know which it is.
func unmarshalBefore(line []byte, key string, into any) error {
	if head, _, has := bytes.Cut(line, []byte(`,"`+key+`":`)); has {
		line = append(head[:len(head):len(head)], '}')
	}
	return json.Unmarshal(line, into)
}

// expectedOf are the events of the log that an area is to be told: those of all ledgers, or those of the shipments that a police unit escorts, from the
// moment on that it was asked to until it handed over. A yes that nobody has asked for tells it of nothing.
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
	for lines := bufio.NewReader(resp.Body); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return want, nil
		}
		if err != nil {
			return nil, err
		}
		var e form.Event
		if err := unmarshalBefore(line, "data", &e); err != nil {
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
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, err
		}
		var data struct {
			Shipment   string `json:"shipment"`
			PoliceUnit string `json:"police_unit"` // that is asked, or takes over
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, err
		}
		before := escorted[data.Shipment]
		switch e.Type {
		case "shipment.escort_assigned":
			escorted[data.Shipment] = before || data.PoliceUnit == area
		case "shipment.escort_handed_over": // who has it until then hears of this last
			escorted[data.Shipment] = data.PoliceUnit == area
		}
		if before || escorted[data.Shipment] {
			want = append(want, fmt.Sprint(e.Position, " ", e.ID))
		}
	}
}
