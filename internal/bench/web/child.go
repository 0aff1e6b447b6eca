package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/pprof"
)

// The servers that are compared run in processes of their own, so that the clients' processor time and garbage are not theirs. The process is
// this program again, told by the environment which server to be.
const (
	childVariable   = "JEJAK_BENCH_SERVER"
	dirVariable     = "JEJAK_BENCH_DIR"
	profileVariable = "JEJAK_BENCH_PROFILE" // a folder: every server writes its processor profile there
)

// place is where a server of a child answers. The child prints it as its first line.
type place struct {
	Address string   `json:"address"` // host:port
	Tokens  []string `json:"tokens"`  // one for each client
}

// served is a server in a child: it serves until stop.
type served struct {
	place place
	stop  func() error
}

// servers by name, in the child.
var servers = map[string]func(ctx context.Context, dir string) (served, error){
	jejakName:         serveJejak,
	jejakFeedName:     serveJejakFeed,
	jejakUnsignedName: serveJejakUnsigned,
	bareName:          serveBare,
	echoName:          serveEcho,
	jetStreamName:     serveJetStream,
}

// ServeAsChild turns this process into one of the servers that are measured, if its parent asked for that, and then never returns. A program
// that runs this section calls it first thing.
func ServeAsChild() {
	name := os.Getenv(childVariable)
	if name == "" {
		return
	}
	if err := serveChild(name, os.Getenv(dirVariable), os.Getenv(profileVariable)); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serveChild(name, dir, profiles string) (err error) {
	serve, known := servers[name]
	if !known {
		return fmt.Errorf("there is no such server")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := serve(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if profiles != "" {
		file, err := os.Create(profiles + "/" + name + ".pprof")
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer func() {
			pprof.StopCPUProfile()
			_ = file.Close() // the profile is for a person, who sees when it is cut off
		}()
	}
	if err := json.NewEncoder(os.Stdout).Encode(s.place); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin) // the parent closes it, also when it dies
	return err
}

// child is a server in its own process.
type child struct {
	place
	pid  int
	stop func() error
}

// startChild starts a server with a directory of its own and waits until it answers.
func startChild(name, dir string) (*child, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childVariable+"="+name, dirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	c := &child{pid: cmd.Process.Pid, stop: func() error { return errors.Join(in.Close(), cmd.Wait()) }}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &c.place)
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: it did not say where it answers: %w", name, errors.Join(err, c.stop()))
	}
	return c, nil
}
