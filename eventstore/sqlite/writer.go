package sqlite

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
)

// failure is the reason why the engine takes no more appends.
type failure struct{ err error }

// writer owns the connection that writes. Everything in it belongs to its goroutine.
type writer struct {
	s    *Store
	conn *sqlite3.Conn
	disk *disk // under conn

	begin, commit, rollback *sqlite3.Stmt
	insert                  *sqlite3.Stmt
	commandKnown, idKnown   *sqlite3.Stmt
	storedIDs               *sqlite3.Stmt

	newest  newest              // record that was acknowledged
	last    eventstore.Position // of the newest row, also in the transaction under way
	side    eventstore.Position // likewise, of the rows beside the log
	pending map[string]head     // heads that the transaction under way changes
	batch   []*request
	held    *request // was taken from the queue, but did not fit into the batch
	events  int      // in the batch
	changed bool     // the transaction has rows to commit

	boundStream, boundType string // what the insert statement has

	walPages       int // in the write-ahead log
	checkpointedAt int // walPages after the last checkpoint
}

// attach gives the writer a connection, at Open and again at Reopen.
func (w *writer) attach(conn *sqlite3.Conn, disk *disk, last, side eventstore.Position) error {
	w.conn, w.disk, w.last, w.side = conn, disk, last, side
	w.boundStream, w.boundType = "", ""
	w.walPages, w.checkpointedAt = 0, 0
	for _, p := range []struct {
		stmt **sqlite3.Stmt
		sql  string
	}{
		{&w.begin, `BEGIN IMMEDIATE`},
		{&w.commit, `COMMIT`},
		{&w.rollback, `ROLLBACK`},
		// Bytes are bound as blobs and become text here: to bind them as text would copy each into a string first.
		{&w.insert, `INSERT INTO events (position, stream, version, id, command, type, schema, recorded_at, data, metadata, sum)
			VALUES (?,?,?,CAST(? AS TEXT),CAST(? AS TEXT),?,?,CAST(? AS TEXT),CAST(? AS TEXT),CAST(? AS TEXT),?)`},
		{&w.commandKnown, `SELECT 1 FROM events WHERE command = ?1 LIMIT 1`},
		{&w.idKnown, `SELECT 1 FROM events WHERE id = ?1 AND command IS NULL LIMIT 1`},
		{&w.storedIDs, `SELECT id, position FROM events WHERE stream = ?1 AND version > ?2 ORDER BY version LIMIT ?3`},
	} {
		stmt, _, err := conn.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT)
		if err != nil {
			return err
		}
		*p.stmt = stmt
	}
	conn.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		if pages < w.checkpointedAt { // it began anew
			w.checkpointedAt = 0
		}
		w.walPages = pages
		return nil
	})
	return nil
}

// run answers requests until the queue is closed and empty.
func (w *writer) run() {
	defer close(w.s.drained)
	for w.gather() {
		if f := w.s.failed.Load(); f != nil {
			w.answer(f.err)
			continue
		}
		began := time.Now()
		err := w.write()
		took := time.Since(began)
		if err == nil {
			w.publish()
		}
		events, appends := w.events, len(w.batch)
		w.answer(err)
		if err == nil && w.changed && w.s.opt.Observe != nil {
			w.s.opt.Observe(events, appends, took)
		}
		if err == nil {
			w.checkpoint()
		}
	}
}

// gather fills the batch with what waits, at least one request. It returns false at the end.
func (w *writer) gather() bool {
	previous := len(w.batch)
	clear(w.batch)
	w.batch, w.events = w.batch[:0], 0
	size := 0
	r := w.held
	w.held = nil
	if r == nil {
		r = w.next()
	}
	// The callers just answered are about to ask again: letting them run first makes one transaction of what would become two.
	for waiting := -1; waiting < len(w.s.queue) && len(w.s.queue) < previous; {
		waiting = len(w.s.queue)
		runtime.Gosched()
	}
	for r != nil {
		if len(w.batch) > 0 && (w.events+len(r.events) > w.s.opt.BatchEvents || size+r.size > w.s.opt.BatchBytes) {
			w.held = r
			return true
		}
		if r.state.CompareAndSwap(queued, taken) {
			w.batch = append(w.batch, r)
			w.events += len(r.events)
			size += r.size
		}
		select {
		case r = <-w.s.queue: // nil when closed
		default:
			r = nil
			if len(w.batch) == 0 { // all were withdrawn
				r = w.next()
			}
		}
	}
	return len(w.batch) > 0
}

// next waits for a request and reopens the log meanwhile when asked to. It returns nil when the queue is closed and empty.
func (w *writer) next() *request {
	for {
		select {
		case r := <-w.s.queue:
			return r
		case q := <-w.s.reopens:
			q.done <- w.reopen(q.ctx)
		case <-w.shrink():
			w.checkpointAs(sqlite3.CHECKPOINT_TRUNCATE)
		}
	}
}

// write puts the batch into one transaction. Each request has its own position or refusal then, to be answered once this has returned nil;
// an error is the answer to all.
func (w *writer) write() error {
	w.changed = false
	clear(w.pending)
	if err := w.begin.Exec(); err != nil {
		if errors.Is(err, sqlite3.BUSY) {
			return fmt.Errorf("append: nothing was stored: another program has locked %s: end it and try again: %w", w.s.path, err)
		}
		return w.fail("begin a transaction", err, false)
	}
	before, besideBefore := w.last, w.side
	for _, r := range w.batch {
		if err := w.apply(r); err != nil {
			w.last, w.side = before, besideBefore
			return w.fail("write events", errors.Join(err, w.rollback.Exec()), false)
		}
	}
	w.changed = w.last != before || w.side != besideBefore
	end := w.commit
	if !w.changed {
		end = w.rollback
	}
	if err := end.Exec(); err != nil {
		w.last, w.side = before, besideBefore
		if !w.conn.GetAutocommit() {
			err = errors.Join(err, w.rollback.Exec())
		}
		return w.fail("commit", err, true)
	}
	return nil
}

// fail stops the engine until Reopen: what the disk holds after an I/O error is known only when the log has been opened again. unknown tells that
// the events of the batch may turn out to be in it.
func (w *writer) fail(doing string, cause error, unknown bool) error {
	advice := "see to the disk and reopen the log"
	cause = w.s.named(cause)
	if first := w.disk.cause(); first != nil {
		cause = fmt.Errorf("%w (%w)", first, cause)
	}
	if errors.Is(cause, sqlite3.FULL) {
		advice = "the disk is full: free some space and reopen the log"
	}
	err := fmt.Errorf("%s to %s: %w: %s: %w", doing, w.s.path, eventstore.ErrFailed, advice, cause)
	w.s.failed.CompareAndSwap(nil, &failure{err})
	if unknown {
		err = fmt.Errorf("%w: %w", eventstore.ErrUnknownOutcome, err)
	}
	return err
}

// publish makes what was committed visible, before anyone is answered.
func (w *writer) publish() {
	c := &w.s.count
	for _, r := range w.batch {
		switch {
		case r.err == nil:
			c.appends.Add(1)
		case errors.Is(r.err, eventstore.ErrConflict):
			c.conflicts.Add(1)
		default:
			c.exists.Add(1)
		}
	}
	if !w.changed {
		return
	}
	c.batches.Add(1)
	c.walPages.Store(uint64(w.walPages))
	c.events.Add(uint64(w.last) - w.s.tail.head.Load())
	for _, r := range w.batch {
		if r.added && r.position == w.last && !beside(r.stream) {
			w.newest = newest{r.position, r.stream, r.events[len(r.events)-1].ID}
		}
	}
	w.s.heads.merge(w.pending)
	if head := w.s.tail.head.Load(); uint64(w.last) > head {
		w.s.tail.publish(w.last, w.batch)
	}
}

// answer wakes the callers. They may use their requests for something else at once.
func (w *writer) answer(err error) {
	for _, r := range w.batch {
		if err != nil {
			r.position, r.err = 0, err
		}
		r.done <- struct{}{}
	}
}

// checkpoint copies the write-ahead log to the file when it has grown long. Readers on older pages may hold back a part of it, which the
// next one takes; only when it has become very long does the writer wait for them, and no longer than its own readers take: another program may read for hours.
func (w *writer) checkpoint() {
	limit := w.s.opt.CheckpointPages
	if w.walPages-w.checkpointedAt < limit {
		return
	}
	mode := sqlite3.CHECKPOINT_PASSIVE
	if w.long() {
		mode = sqlite3.CHECKPOINT_TRUNCATE
	}
	w.checkpointAs(mode)
}

// long tells that the write-ahead log has grown far beyond where it is copied to the file.
func (w *writer) long() bool { return w.walPages >= 8*w.s.opt.CheckpointPages }

func (w *writer) checkpointAs(mode sqlite3.CheckpointMode) {
	if err := w.conn.BusyTimeout(outsidePatience); err != nil {
		w.fail("checkpoint", err, false)
		return
	}
	_, _, err := w.conn.WALCheckpoint("main", mode)
	emptied := err == nil && mode == sqlite3.CHECKPOINT_TRUNCATE
	if err != nil && !errors.Is(err, sqlite3.BUSY) {
		w.fail("checkpoint", err, false)
	}
	if err := w.conn.BusyTimeout(busyTimeout); err != nil {
		w.fail("checkpoint", err, false)
	}
	if emptied {
		w.walPages = 0
		w.s.count.walPages.Store(0)
	}
	w.checkpointedAt = w.walPages
}

// shrinkEvery is how often a write-ahead log that has grown long is tried to be emptied while nobody appends.
const shrinkEvery = time.Second

// shrink returns what tells when to try to empty the write-ahead log; nil, which never tells, while it is short.
func (w *writer) shrink() <-chan time.Time {
	if !w.long() || w.s.failed.Load() != nil {
		return nil
	}
	return time.After(shrinkEvery)
}

// close ends the connection. After a failure the write-ahead log stays as it is, for the next Open to recover.
func (w *writer) close() error {
	if w.conn == nil { // it could not be reopened
		return nil
	}
	var err error
	if w.s.failed.Load() != nil {
		_, err = w.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	} else if e := checkpointNow(w.conn); e != nil {
		err = fmt.Errorf("checkpoint: %w", e)
	} else if e := checksum.SetAnew(w.conn); e != nil {
		err = fmt.Errorf("give pages that another program has written their checksums: %w", e)
	}
	err = errors.Join(err, closeConn(w.conn))
	w.disk.unregister()
	w.conn = nil
	return err
}

func closeConn(conn *sqlite3.Conn) error {
	for _, stmt := range slices.Collect(conn.Stmts()) {
		// The error would be that of the statement's last run, which its caller has had.
		_ = stmt.Close()
	}
	return conn.Close()
}
