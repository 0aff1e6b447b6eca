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

// Limits of one NDJSON batch, beside those of its bytes.
const (
	// window is the most commands of a batch that wait for their answer: below the length of a ledger's queue, so that others have room.
	window = 512
	// windowUnits bounds their bytes: a command takes one unit for each 4 KiB begun.
	windowUnits = 2 * window
	unitBytes   = 4 << 10
	// fullPatience is how long a line waits for a full ledger before it is answered 503.
	fullPatience = 30 * time.Second
	// maxLines is the most lines of a batch. Lines of commands are longer than a hundredth of a KiB: it bounds the answers of what is none.
	maxLines = 200_000
	// maxMalformed is how many lines in a row may be no command by their form: each costs an answer many times its size.
	maxMalformed = 1000
)

// When the answers begin. A proxy such as nginx takes the beginning of an answer for a sign that the body is not wanted any more: when it then
// has to wait once until the server reads on, it never sends the rest. So nothing of the answer goes out while the body is coming in fast: not before
// its end, or until it comes so slowly that what lies between proxy and server holds it easily, as of a client who waits for his answers.
const (
	slowTime  = 100 * time.Millisecond
	slowBytes = 16 << 10 // that come in slowTime
	heldMost  = 1 << 20  // bytes of answers that are held back; further lines wait then
)

// pending is a line whose answer may not be there yet.
type pending struct {
	line    int
	size    int // bytes
	units   int
	command command.Command
	answer  <-chan api.Answer
}

// batch answers every line in order. Three goroutines share the work: one takes the body off the wire (inflow), one reads lines and submits them,
// and this one writes the answers in order.
func (s *Server) batch(w http.ResponseWriter, r *http.Request, packed bool) {
	ctl := http.NewResponseController(w)
	_ = ctl.EnableFullDuplex() // a recorder in a test has none, and needs none
	alive := func() {
		deadline := time.Now().Add(s.patience.line)
		_ = errors.Join(ctl.SetReadDeadline(deadline), ctl.SetWriteDeadline(deadline))
	}
	alive()
	in := begin(r.Body, &s.spools, alive)
	defer in.stop(ctl)
	text, err := in.lines(packed)
	if err != nil {
		w.Header().Set("Connection", "close")
		writeProblem(w, notGzip(err))
		_ = ctl.Flush()
		s.takeRest(in, ctl)
		return
	}
	b := &batchRun{s: s, r: r, in: in, waiting: make(chan pending, window), units: make(chan struct{}, windowUnits), done: make(chan struct{})}
	go func() {
		defer close(b.waiting)
		b.end = b.readLines(text)
	}()
	if err := b.collect(holdBack(w, ctl, in, alive)); err != nil {
		// The client has gone. What was submitted is decided all the same; the rest is not read.
		s.cfg.Telemetry.Log.Info("batch cut off", "user", userOf(r.Context()).ID, "cause", err)
		close(b.done)
		in.spool.close(err)
		for p := range b.waiting {
			b.settle(p, <-p.answer)
		}
		return
	}
	switch b.end {
	case endOfBody:
	case endByServer:
		s.takeRest(in, ctl)
	case endBroken:
		// Everything that came is answered. The connection ends with it: it would wait for the rest, and the client for answers to it.
		panic(http.ErrAbortHandler)
	}
}

// takeRest takes what is still coming off the wire for a short time, so that a client that writes everything before it reads sees the answer and
// no broken connection.
func (s *Server) takeRest(in *inflow, ctl *http.ResponseController) {
	_ = ctl.SetReadDeadline(time.Now().Add(drainTime))
	select {
	case <-in.ended:
	case <-time.After(drainTime):
	}
}

// batchEnd is why no more lines were read.
type batchEnd int

const (
	endOfBody   batchEnd = iota
	endByServer          // the last answer says why, or the server closes
	endBroken            // the rest of the body did not come
)

// batchRun is one batch under way.
type batchRun struct {
	s       *Server
	r       *http.Request
	in      *inflow
	waiting chan pending
	units   chan struct{}
	done    chan struct{} // closed when the client has gone
	end     batchEnd      // to be read when waiting is closed
}

// readLines submits every line until the body ends, a limit is reached, the server closes or the client has gone.
func (b *batchRun) readLines(body io.Reader) batchEnd {
	reader := bufio.NewReaderSize(body, 64<<10)
	read, malformed := 0, 0
	for number := 1; !b.s.isClosing(); number++ {
		select {
		case <-b.done:
			return endOfBody
		default:
		}
		raw, err := readLine(reader)
		read += len(raw)
		text := bytes.TrimSpace(raw)
		if len(text) == 0 && errors.Is(err, io.EOF) {
			return endOfBody
		}
		if p := b.tooMuch(err, read, number, malformed); p != nil {
			b.waiting <- pending{line: number, answer: ready(*errorAnswer(p, ""))}
			return endByServer
		}
		if len(text) == 0 && err == nil {
			continue // a blank line has no answer, but counts as a line
		}
		if len(text) > 0 || errors.Is(err, errLineTooLong) {
			p := pending{line: number, size: len(text), units: 1 + len(text)/unitBytes}
			for range p.units {
				b.units <- struct{}{}
			}
			var command bool
			if p.command, p.answer, command = b.submit(text, err); command {
				malformed = 0
			} else {
				malformed++
			}
			b.waiting <- p
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			if errors.Is(err, io.EOF) {
				return endOfBody
			}
			b.s.cfg.Telemetry.Log.Info("batch ended early", "user", userOf(b.r.Context()).ID, "line", number, "cause", err)
			return endBroken
		}
	}
	return endByServer
}

// tooMuch is the last answer of a batch that has reached a limit, nil for one that has not.
func (b *batchRun) tooMuch(err error, read, number, malformed int) *problem {
	switch {
	case errors.Is(err, errSpoolFull):
		b.s.cfg.Telemetry.Log.Error("a batch was cut short", "user", userOf(b.r.Context()).ID, "line", number, "cause", err)
		return b.s.batchRefused("batch_spool", spoolFull())
	case errors.Is(err, errBatchTooLarge), read > maxBatch:
		return b.s.batchRefused("batch_bytes", batchTooLarge())
	case errors.Is(err, errRatio):
		return b.s.batchRefused("batch_ratio", batchRatio())
	case number > maxLines:
		return b.s.batchRefused("batch_lines", batchTooManyLines())
	case malformed >= maxMalformed:
		return b.s.batchRefused("batch_malformed", batchMalformed())
	}
	return nil
}

// submit returns the command of a line and the channel of its answer; formed tells whether the line has the form of a command, whatever becomes of it.
func (b *batchRun) submit(raw []byte, lineErr error) (cmd command.Command, answer <-chan api.Answer, formed bool) {
	if errors.Is(lineErr, errLineTooLong) {
		return cmd, ready(*errorAnswer(tooLarge("baris", "the line", maxCommand), "")), false
	}
	cmd, refused := b.s.accept(userOf(b.r.Context()), raw)
	if refused != nil {
		return cmd, ready(*refused), refused.Status != http.StatusBadRequest && refused.Status != http.StatusUnprocessableEntity
	}
	return cmd, b.submitPatiently(cmd), true
}

// submitPatiently waits for a full ledger: no later line overtakes this one.
func (b *batchRun) submitPatiently(cmd command.Command) <-chan api.Answer {
	ledgers := b.s.cfg.Ledgers
	wait, giveUp := 2*time.Millisecond, time.Now().Add(fullPatience)
	for {
		answer := ledgers.Submit(b.r.Context(), cmd)
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
		case <-b.done:
			return ledgers.Submit(b.r.Context(), cmd)
		case <-b.s.closing:
			return ledgers.Submit(b.r.Context(), cmd)
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

// collect writes the answers in the order of the lines. The error is that of a client who has gone.
func (b *batchRun) collect(out *batchAnswers) error {
	defer out.stop()
	var text []byte
	for {
		p, more, err := b.nextLine(out)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		a, err := b.nextAnswer(p, out)
		a = b.settle(p, a)
		if err == nil {
			text = appendAnswer(text[:0], &a)
			err = out.write(text)
		}
		if err != nil {
			return err
		}
	}
	return out.finish()
}

// nextLine waits for the next line that was submitted; more is false after the last. While answers are held back it waits no longer than for their
// beginning.
func (b *batchRun) nextLine(out *batchAnswers) (p pending, more bool, err error) {
	for err == nil {
		waiting := b.waiting
		if out.full() {
			waiting = nil
		}
		select {
		case p, more = <-waiting:
			return p, more, nil
		default:
		}
		if err = out.flush(); err != nil { // what is there should not wait for what is not
			break
		}
		select {
		case p, more = <-waiting:
			return p, more, nil
		case <-out.ended:
			err = out.begin()
		case <-out.slow:
			err = out.look()
		}
	}
	return p, false, err
}

// nextAnswer waits for the answer to a line, also when the client has gone meanwhile.
func (b *batchRun) nextAnswer(p pending, out *batchAnswers) (a api.Answer, err error) {
	select {
	case a = <-p.answer:
		return a, nil
	default:
	}
	if err = out.flush(); err != nil {
		return <-p.answer, err
	}
	for {
		select {
		case a = <-p.answer:
			return a, nil
		case <-out.slow:
			if err = out.look(); err != nil {
				return <-p.answer, err
			}
		}
	}
}

// settle notes what became of a line and gives its answer the form that it has in a batch.
func (b *batchRun) settle(p pending, a api.Answer) api.Answer {
	for range p.units {
		<-b.units
	}
	b.s.noteDenied(b.r, p.command, &a)
	b.s.countReport(b.r, p.command, p.size, &a)
	a.Line = p.line
	if a.Result != api.Rejected && a.Result != api.Error {
		a.Status, a.RetryAfter = 0, 0
	}
	return a
}

// batchAnswers are the answers on their way to the client: held back until they begin.
type batchAnswers struct {
	w     http.ResponseWriter
	ctl   *http.ResponseController
	alive func()

	in    *inflow
	came  int64 // of the body, at the last look
	ticks *time.Ticker
	ended <-chan struct{}  // the body is there; nil once the answers have begun
	slow  <-chan time.Time // when to look how much of the body has come; likewise

	held   []byte // answers that wait for the beginning
	begun  bool
	unsent int // bytes since the last flush, the head counted as one
}

func holdBack(w http.ResponseWriter, ctl *http.ResponseController, in *inflow, alive func()) *batchAnswers {
	ticks := time.NewTicker(slowTime)
	return &batchAnswers{w: w, ctl: ctl, alive: alive, in: in, ticks: ticks, ended: in.ended, slow: ticks.C}
}

func (o *batchAnswers) stop() { o.ticks.Stop() }

// full tells whether no more may be held back.
func (o *batchAnswers) full() bool { return !o.begun && len(o.held) >= heldMost }

// look begins the answers when the body has become slow.
func (o *batchAnswers) look() error {
	before := o.came
	if o.came = o.in.came.Load(); o.came-before >= slowBytes {
		return nil
	}
	return o.begin()
}

// begin sends the head and what was held back.
func (o *batchAnswers) begin() error {
	o.stop()
	o.begun, o.ended, o.slow = true, nil, nil
	h := o.w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	o.w.WriteHeader(http.StatusOK)
	o.unsent = 1
	held := o.held
	o.held = nil
	if err := o.write(held); err != nil {
		return err
	}
	return o.flush()
}

func (o *batchAnswers) write(text []byte) error {
	if !o.begun {
		o.held = append(o.held, text...)
		return nil
	}
	if o.unsent += len(text); o.unsent >= 32<<10 {
		o.alive() // its own time for every piece: without a pause between the answers nothing is flushed
		o.unsent = 1
	}
	_, err := o.w.Write(text)
	return err
}

// flush passes on what there is, once the answers have begun.
func (o *batchAnswers) flush() error {
	if o.unsent == 0 {
		return nil
	}
	o.alive()
	o.unsent = 0
	return o.ctl.Flush()
}

// finish sends what is left.
func (o *batchAnswers) finish() error {
	if !o.begun {
		return o.begin()
	}
	return o.flush()
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
