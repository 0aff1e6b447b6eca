package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jejak/internal/epcis/epcistest"
	"jejak/internal/people"
	"jejak/internal/refdata"
	"jejak/internal/server"
	"jejak/internal/simulation"
)

var exeSuffix = map[bool]string{true: ".exe"}[runtime.GOOS == "windows"]

// scriptCommands are the commands of the scripts:
//
//	exits CODE PROGRAM [ARG...]     run a program that must end with this exit code
//	serving DIR                     wait until the server of DIR answers, and set URL, ADDRESS, NATS (host:port), PID and TOKEN (its admin's)
//	http STATUS METHOD PATH [FILE]  send a request with the token in TOKEN and the body in FILE, variables expanded; the body of the answer is the output
//	capture NAME REGEXP             set a variable to the first group's match in the last output
//	played DIR ACTS                 wait until so many acts of the simulation of DIR are answered
//	await FILE                      wait until the file is there
//	awaits FILE REGEXP              wait until a line of the file matches
//	followed FILE [AREA]            wait until the file has, as jejak watch --json writes it, every event of the log that is for the area (without one: of
//	                                all units), once and in order
//	reference DIR                   write the built-in reference data to DIR, unpacked
//	expand FILE TO                  write FILE with its variables expanded to TO
//	change [-all] FILE OLD NEW      replace a text, which must be there, in a file: the first place or all; \n is a line feed
//	big FILE BYTES                  write a file of that size
//	page FILE NAME...               write the examples of these names on docs/feed.md, one after the other: shell commands to FILE, a Go program built as FILE
//	answer NAME                     run the command of that name on docs/panduan-auditor.md, as it stands there, and compare its output with what is shown there
//	demo DIR                        the data directory of the demo on docs/panduan-auditor.md, played once for all scripts: a copy
//	former FORM DIR                 a data directory that an earlier program wrote: testdata/former/FORM.tar.gz
//	aged DIR DAYS                   a data directory whose server ran so many days ago, by its clock; -1: tomorrow
//	forge FILE SQLFILE              run SQL on a database as somebody would who makes the checksums of its pages fit
//	secret FILE TEXT                write a text, such as a token, to a file that only its owner reads
//	unescape FILE JSON              write a text that was inside quotes in JSON to a file
//	epcis FILE                      hold a file to GS1's schema of EPCIS documents
//	shows [FILE] TEXT               hold what the last program has printed, or a file, to what may be on a person's screen: visible characters and line feeds,
//	                                no line that a foreign text has begun; the text is in it
//	needs FILE                      compare published figures (regency_code,item,quantity) with jejak need
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":     exits,
	"serving":   serving,
	"http":      request,
	"capture":   capture,
	"played":    awaitActs,
	"await":     await,
	"awaits":    awaitLine,
	"followed":  followed,
	"reference": writeReference,
	"expand":    expand,
	"change":    change,
	"big":       big,
	"page":      page,
	"answer":    answer,
	"demo":      givesDemo,
	"former":    former,
	"aged":      aged,
	"forge":     forge,
	"secret":    secret,
	"unescape":  unescape,
	"epcis":     holdEPCIS,
	"shows":     shows,
	"needs":     needs,
}

// patience is how long a server may take to start, or a simulation to come somewhere, on a loaded machine.
const patience = 4 * time.Minute

// usage ends a script that calls a command wrongly.
func usage(ts *testscript.TestScript, wrong bool, text string) {
	if wrong {
		ts.Fatalf("usage: %s", text)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2, "exits CODE PROGRAM [ARG...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var ended *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func serving(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "serving DIR")
	dir := ts.MkAbs(args[0])
	s, err := awaitServer(dir)
	ts.Check(err)
	token, err := os.ReadFile(filepath.Join(dir, people.AdminFile))
	ts.Check(err)
	ts.Setenv("URL", s.HTTP)
	ts.Setenv("ADDRESS", strings.TrimPrefix(s.HTTP, "http://"))
	ts.Setenv("NATS", strings.TrimPrefix(s.NATS, "nats://"))
	ts.Setenv("PID", strconv.Itoa(s.PID))
	ts.Setenv("TOKEN", strings.TrimSpace(string(token)))
}

// awaitServer waits until the server of a directory is ready.
func awaitServer(dir string) (server.Serving, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		s, ok, err := server.FindServing(dir)
		if err != nil {
			return s, err
		}
		if !ok {
			continue
		}
		resp, err := http.Get(s.HTTP + "/readyz")
		if err != nil {
			continue // the file of a killed server is still there
		}
		if err := resp.Body.Close(); err != nil {
			return s, err
		}
		if resp.StatusCode == http.StatusOK {
			return s, nil
		}
	}
	return server.Serving{}, fmt.Errorf("no server of %s is ready after %s", dir, patience)
}

func request(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 3 || len(args) > 4, "http STATUS METHOD PATH [FILE]")
	var body io.Reader
	if len(args) == 4 {
		body = strings.NewReader(os.Expand(ts.ReadFile(args[3]), ts.Getenv))
	}
	req, err := http.NewRequest(args[1], ts.Getenv("URL")+args[2], body)
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	if strings.HasSuffix(args[len(args)-1], ".ndjson") {
		req.Header.Set("Content-Type", "application/x-ndjson")
	}
	if token := ts.Getenv("TOKEN"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	_, err = io.Copy(ts.Stdout(), resp.Body)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	if got := strconv.Itoa(resp.StatusCode); got != args[0] {
		ts.Fatalf("status %s, want %s", got, args[0])
	}
}

func capture(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "capture NAME REGEXP")
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	match := re.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(match) < 2 {
		ts.Fatalf("%s is not in the output, or has no group", args[1])
	}
	ts.Setenv(args[0], match[1])
}

func awaitActs(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "played DIR ACTS")
	want, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if acts(ts.MkAbs(args[0])) >= want {
			return
		}
	}
	ts.Fatalf("%d acts are not played after %s", want, patience)
}

// acts is how many acts of the simulation of a directory are answered.
func acts(dir string) int64 {
	var state struct{ Acts int64 }
	text, err := os.ReadFile(filepath.Join(dir, simulation.StateFile))
	if err != nil || json.Unmarshal(text, &state) != nil {
		return 0 // there is none yet
	}
	return state.Acts
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "await FILE")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s is not there after %s", args[0], patience)
}

func writeReference(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "reference DIR")
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	files := refdata.Files()
	names, err := fs.Glob(files, "*")
	ts.Check(err)
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		ts.Check(err)
		if plain, zipped := strings.CutSuffix(name, ".gz"); zipped {
			r, err := gzip.NewReader(bytes.NewReader(content))
			ts.Check(err)
			content, err = io.ReadAll(r)
			ts.Check(err)
			name = plain
		}
		ts.Check(os.WriteFile(filepath.Join(dir, name), content, 0o666))
	}
}

func expand(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "expand FILE TO")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}

func change(ts *testscript.TestScript, neg bool, args []string) {
	times := 1
	if len(args) > 0 && args[0] == "-all" {
		times, args = -1, args[1:]
	}
	usage(ts, neg || len(args) != 3, "change [-all] FILE OLD NEW")
	content := ts.ReadFile(args[0])
	old, with := strings.ReplaceAll(args[1], `\n`, "\n"), strings.ReplaceAll(args[2], `\n`, "\n")
	if !strings.Contains(content, old) {
		ts.Fatalf("%q is not in %s", old, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(content, old, with, times)), 0o666))
}

func holdEPCIS(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "epcis FILE")
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close() // only read from
	ts.Check(epcistest.Validate(file))
}

func big(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "big FILE BYTES")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("x"), n), 0o666))
}

func needs(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "needs FILE")
	plans := map[string]map[string]int64{}
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	for _, line := range lines[1:] {
		fields := strings.Split(strings.TrimSpace(line), ",")
		code, item := fields[0], fields[1]
		want, err := strconv.ParseInt(fields[2], 10, 64)
		ts.Check(err)
		if plans[code] == nil {
			ts.Check(ts.Exec("jejak", "need", code, "--json"))
			var list []struct {
				Item, Variant string
				Quantity      *int64
			}
			ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &list))
			plans[code] = map[string]int64{}
			for _, l := range list {
				if l.Variant == "" && l.Quantity != nil {
					plans[code][l.Item] = *l.Quantity
				}
			}
		}
		if got := plans[code][item]; got != want {
			ts.Fatalf("%s needs %d of %s, published are %d", code, got, item, want)
		}
	}
}
