package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"jejak/internal/api"
	"jejak/internal/command"
)

// Limits of one NDJSON batch. A batch may have any number of lines; what is bounded is what is under way.
const (
	// window is the most commands of a batch that wait for their answer: below the length of a ledger's queue, so that others have room.
	window = 512
	// windowUnits bounds their bytes: a command takes one unit for each 4 KiB begun.
	windowUnits = 2 * window
	unitBytes   = 4 << 10
	// fullPatience is how long a line waits for a full ledger before it is answered 503.
	fullPatience = 30 * time.Second
)

// pending is a line whose answer may not be there yet.
type pending struct {
	line    int
	units   int
	command command.Command
	answer  <-chan api.Answer
}

// batch answers every line in order. Three goroutines share the work: one reads lines and submits them, one collects the answers in order, and
// this one writes them. The answers lie in a spool between the last two, so that a client may send all lines before it reads any answer.
func (s *Server) batch(w http.ResponseWriter, r *http.Request, body io.Reader) {
	ctl := http.NewResponseController(w)
	_ = ctl.EnableFullDuplex() // a recorder in a test has none, and needs none
	alive := func() {
		deadline := time.Now().Add(s.patience.line)
		_ = errors.Join(ctl.SetReadDeadline(deadline), ctl.SetWriteDeadline(deadline))
	}
	alive()
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	_ = ctl.Flush()

	out := newSpool()
	defer out.discard()
	waiting := make(chan pending, window)
	units := make(chan struct{}, windowUnits)
	done := make(chan struct{})
	whole := true // the body came to its end
	go func() {
		defer close(waiting)
		whole = s.readLines(r, body, waiting, units, alive, done)
	}()
	go s.collect(r, waiting, units, out)

	err := out.copyTo(w, func() error { alive(); return ctl.Flush() })
	if err != nil {
		// The client has gone. What was submitted is decided all the same; the rest is not read.
		s.cfg.Telemetry.Log.Info("batch cut off", "user", userOf(r.Context()).ID, "cause", err)
		close(done)
		_ = ctl.SetReadDeadline(time.Now())
		out.wait()
		return
	}
	if !whole {
		// Everything that came is answered. The connection ends with it: it would wait for the rest, and the client for answers to it.
		panic(http.ErrAbortHandler)
	}
}

// readLines submits every line until the body ends, the server closes or the client has gone. It is false when the rest of the body did not come.
func (s *Server) readLines(r *http.Request, body io.Reader, waiting chan<- pending, units chan<- struct{}, alive func(), done <-chan struct{}) bool {
	reader := bufio.NewReaderSize(body, 64<<10)
	for number := 1; !s.isClosing(); number++ {
		select {
		case <-done:
			return true
		default:
		}
		alive()
		raw, err := readLine(reader)
		text := bytes.TrimSpace(raw)
		if len(text) == 0 && err == nil {
			continue // a blank line has no answer, but counts as a line
		}
		if len(text) > 0 || errors.Is(err, errLineTooLong) {
			p := pending{line: number, units: 1 + len(text)/unitBytes}
			for range p.units {
				units <- struct{}{}
			}
			p.command, p.answer = s.submitLine(r, text, err, done)
			waiting <- p
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			if errors.Is(err, io.EOF) {
				return true
			}
			s.cfg.Telemetry.Log.Info("batch ended early", "user", userOf(r.Context()).ID, "line", number, "cause", err)
			return false
		}
	}
	return true
}

// submitLine returns the command of a line and the channel of its answer.
func (s *Server) submitLine(r *http.Request, raw []byte, lineErr error, done <-chan struct{}) (command.Command, <-chan api.Answer) {
	if errors.Is(lineErr, errLineTooLong) {
		return command.Command{}, ready(*errorAnswer(tooLarge("baris", "the line", maxCommand), ""))
	}
	cmd, refused := s.accept(userOf(r.Context()), raw)
	if refused != nil {
		return cmd, ready(*refused)
	}
	return cmd, s.submitPatiently(r, cmd, done)
}

// submitPatiently waits for a full ledger: the sender of a batch is held back by the network, and no later line overtakes this one.
func (s *Server) submitPatiently(r *http.Request, cmd command.Command, done <-chan struct{}) <-chan api.Answer {
	wait, giveUp := 2*time.Millisecond, time.Now().Add(fullPatience)
	for {
		answer := s.cfg.Ledgers.Submit(r.Context(), cmd)
		select {
		case a := <-answer:
			if !full(a) || time.Now().After(giveUp) {
				return ready(a)
			}
		default:
			return answer
		}
		select {
		case <-time.After(wait):
		case <-done:
			return s.cfg.Ledgers.Submit(r.Context(), cmd)
		case <-s.closing:
			return s.cfg.Ledgers.Submit(r.Context(), cmd)
		}
		wait = min(2*wait, 100*time.Millisecond)
	}
}

func full(a api.Answer) bool {
	return len(a.Errors) == 1 && a.Errors[0].Rule == command.RuleOverloaded.ID
}

func ready(a api.Answer) <-chan api.Answer {
	c := make(chan api.Answer, 1)
	c <- a
	return c
}

// collect writes the answers to the spool in the order of the lines.
func (s *Server) collect(r *http.Request, waiting <-chan pending, units <-chan struct{}, out *spool) {
	defer out.end()
	var text []byte
	for {
		var p pending
		var more bool
		select {
		case p, more = <-waiting:
		default:
			out.flush() // what is there should not wait for what is not
			p, more = <-waiting
		}
		if !more {
			return
		}
		var a api.Answer
		select {
		case a = <-p.answer:
		default:
			out.flush()
			a = <-p.answer
		}
		for range p.units {
			<-units
		}
		s.noteDenied(r, p.command, &a)
		a.Line = p.line
		if a.Result != api.Rejected && a.Result != api.Error {
			a.Status, a.RetryAfter = 0, 0
		}
		text = appendAnswer(text[:0], &a)
		out.write(text)
	}
}

// readLine reads up to and including a line feed. A line longer than a command may be is read to its end and errLineTooLong.
func readLine(r *bufio.Reader) ([]byte, error) {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		if err == nil || !errors.Is(err, bufio.ErrBufferFull) {
			if long == nil && len(part) <= maxCommand {
				return bytes.Clone(part), err
			}
			if len(long)+len(part) > maxCommand+2 {
				return nil, errors.Join(errLineTooLong, notLineFeed(err))
			}
			return append(long, part...), err
		}
		if len(long)+len(part) > maxCommand+2 {
			return nil, errors.Join(errLineTooLong, skipLine(r))
		}
		long = append(long, part...)
	}
}

func notLineFeed(err error) error {
	if errors.Is(err, io.EOF) {
		return nil // the next read says so again
	}
	return err
}

func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		if err == nil || !errors.Is(err, bufio.ErrBufferFull) {
			return notLineFeed(err)
		}
	}
}
