package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// screen is a program on a pseudo terminal, and all that it has written there.
type screen struct {
	ts     *testscript.TestScript
	name   string // of the terminal
	master *os.File
	cmd    *exec.Cmd

	mu    sync.Mutex
	text  bytes.Buffer
	from  int // what was looked at
	ended bool
	wrote *sync.Cond
}

// onTerminal starts a program in the script's folder on a terminal of so many columns and lines. The caller ends it with end.
func onTerminal(ts *testscript.TestScript, columns, lines uint16, args ...string) *screen {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	ts.Check(err)
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	ts.Check(err)
	ts.Check(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	ts.Check(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: lines}))
	s := &screen{ts: ts, name: "/dev/pts/" + strconv.Itoa(number), master: master}
	terminal, err := os.OpenFile(s.name, os.O_RDWR|unix.O_NOCTTY, 0)
	ts.Check(err)
	program, err := exec.LookPath(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], args[0]))
	ts.Check(err)
	s.cmd = exec.Command(program, args[1:]...)
	s.wrote = sync.NewCond(&s.mu)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = terminal, terminal, terminal
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Env = []string{"TERM=xterm", "PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(s.cmd.Start())
	ts.Check(terminal.Close())
	go s.read()
	return s
}

// end kills the program where it has not ended.
func (s *screen) end() {
	_ = s.cmd.Process.Kill()
	_ = s.master.Close()
}

// read keeps what the program writes until it has closed the terminal.
func (s *screen) read() {
	buffer := make([]byte, 1<<16)
	for {
		n, err := s.master.Read(buffer)
		s.mu.Lock()
		s.text.Write(buffer[:n])
		s.ended = err != nil
		s.wrote.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// await waits until ok is true of what was written since the last await, and returns that. It is looked at whenever something is written.
func (s *screen) await(what string, ok func(text string) bool) string {
	late := time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = true
		s.wrote.Broadcast()
	})
	defer late.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		text := s.text.String()[s.from:]
		if ok(text) {
			s.from = s.text.Len()
			return text
		}
		if s.ended {
			s.ts.Fatalf("no %s on the terminal:\n%q", what, text[max(0, len(text)-3000):])
		}
		s.wrote.Wait()
	}
}

// shows waits for a text.
func (s *screen) shows(text string) string {
	return s.await(strconv.Quote(text), func(written string) bool { return strings.Contains(written, text) })
}

func (s *screen) press(keys string) {
	_, err := s.master.WriteString(keys)
	s.ts.Check(err)
}

// exits waits for the program's end, and checks that it has left the terminal as it was: lines are edited and what is typed is seen.
func (s *screen) exits(code int) string {
	rest := s.await("end", func(string) bool { return s.ended })
	err := s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.ts.Fatalf("exit code %d, want %d: %v\n%q", got, code, err, rest)
	}
	mode, err := unix.IoctlGetTermios(int(s.master.Fd()), unix.TCGETS)
	s.ts.Check(err)
	if mode.Lflag&(unix.ICANON|unix.ECHO) != unix.ICANON|unix.ECHO {
		s.ts.Fatalf("the terminal is left raw")
	}
	return rest
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// fits checks that no line of a text is longer than so many characters.
func fits(ts *testscript.TestScript, text string, columns int) {
	for line := range strings.Lines(escapes.ReplaceAllString(text, "")) {
		if line = strings.Trim(line, "\r\n"); utf8.RuneCountInString(line) > columns {
			ts.Fatalf("%d characters in a line of %d: %s", utf8.RuneCountInString(line), columns, line)
		}
	}
}

func init() {
	scriptCommands["onscreen"] = onScreen
	scriptCommands["replaykeys"] = replayKeys
}

// onScreen is the script command of that name: it runs a program on a terminal of so many columns, checks that its lines fit, and prints what it wrote.
func onScreen(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2, "onscreen COLUMNS PROGRAM [ARG...]")
	columns, err := strconv.ParseUint(args[0], 10, 16)
	ts.Check(err)
	s := onTerminal(ts, uint16(columns), 24, args[1:]...)
	defer s.end()
	text := strings.ReplaceAll(escapes.ReplaceAllString(s.exits(0), ""), "\r", "")
	fits(ts, text, int(columns))
	_, err = ts.Stdout().Write([]byte(text))
	ts.Check(err)
}

var paintedEvents = regexp.MustCompile(`([0-9,]+) events?  \[spasi`)

// counts are the numbers of events in the pictures that a replay has painted.
func counts(ts *testscript.TestScript, text string) (list []int) {
	for _, m := range paintedEvents.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		ts.Check(err)
		list = append(list, n)
	}
	return list
}

// replayKeys is the script command of that name: it presses every key of jejak audit replay. EVENTS is how many there are from FROM to TO; the next one
// after those at FROM must be more than the test's patience away.
func replayKeys(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 5, "replaykeys DIR REGENCY FROM TO EVENTS")
	events, err := strconv.Atoi(args[4])
	ts.Check(err)
	start := func() *screen {
		return onTerminal(ts, 80, 24, "jejak", "audit", "replay", "--speed", "1", "--data", args[0], "--regency", args[1], "--from", args[2], "--to", args[3])
	}
	s := start()
	defer s.end()
	s.shows("  x1  ")
	s.shows("kotak / boxes")
	for _, k := range []struct{ key, shows string }{{"+", "  x2  "}, {"+", "  x4  "}, {"-", "  x2  "}, {"-", "  x1  "}, {"-", "  x0.5  "}} {
		s.press(k.key)
		s.shows(k.shows)
	}
	s.press("n") // only while paused
	s.press(" ")
	before := counts(ts, s.shows("jeda / paused"))
	at := before[len(before)-1]
	if before[0] != at || at == 0 || at+3 > events {
		ts.Fatalf("%v of %d events are played at the beginning", before, events)
	}
	// However fast it is to be played, nothing is while it is paused, and one at each step.
	s.press(strings.Repeat("+", 24))
	for step := 1; step <= 2; step++ {
		s.press("n")
		for _, n := range counts(ts, s.shows(fmt.Sprintf("jeda / paused  %s [", number(at+step, "event", "events")+" "))) {
			if n > at+step || n < at+step-1 {
				ts.Fatalf("%d events at step %d from %d", n, step, at)
			}
		}
	}
	s.press(" ")
	text := s.shows(fmt.Sprintf("selesai / end  %s", number(events, "event", "events")))
	fits(ts, text+s.exits(0), 80)

	for _, key := range []string{"q", "\x03"} {
		s := start()
		s.shows("  x1  ")
		s.press(key)
		if rest := s.exits(0); strings.Contains(rest, "selesai") {
			ts.Fatalf("%q plays to the end", key)
		}
		s.end()
	}
}
