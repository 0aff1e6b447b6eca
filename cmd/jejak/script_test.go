package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"jejak/internal/people"
	"jejak/internal/server"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"jejak": main})
}

// TestScripts runs testdata/script/*.txtar against the real program. Beside testscript's own commands there are:
//
//	serving DIR                     wait until the server of DIR answers, and set URL and TOKEN (its admin's)
//	http STATUS METHOD PATH [FILE]  send a request with the token in TOKEN and the body in FILE; the answer's body is the output
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serving": serving,
			"http":    request,
		},
	})
}

// startPatience is how long a server may take to start under the race detector on a loaded machine.
const startPatience = 2 * time.Minute

func serving(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serving DIR")
	}
	dir := ts.MkAbs(args[0])
	url, err := awaitServer(dir)
	ts.Check(err)
	token, err := os.ReadFile(filepath.Join(dir, people.AdminFile))
	ts.Check(err)
	ts.Setenv("URL", url)
	ts.Setenv("TOKEN", strings.TrimSpace(string(token)))
}

// awaitServer waits until the server of a directory is ready and returns its address.
func awaitServer(dir string) (string, error) {
	for deadline := time.Now().Add(startPatience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		s, ok, err := server.FindServing(dir)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		resp, err := http.Get(s.HTTP + "/readyz")
		if err != nil {
			continue // the file of a killed server is still there
		}
		if err := resp.Body.Close(); err != nil {
			return "", err
		}
		if resp.StatusCode == http.StatusOK {
			return s.HTTP, nil
		}
	}
	return "", fmt.Errorf("no server of %s is ready after %s", dir, startPatience)
}

func request(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: http STATUS METHOD PATH [FILE]")
	}
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
