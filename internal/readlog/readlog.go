// Package readlog keeps access.db: who of those who only look on has read what. It has ids, never names, and no tokens.
//
// What is read is told when the answer is out, and written in batches beside the requests: it is on the disk within a second, and when the log is closed. A
// request that lasts longer is on the disk while it lasts. While nothing can be written, Admit refuses, and those who must be recorded are not served: see
// docs/decisions/017-auditors-reads.md.
package readlog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // the engine behind database/sql's name sqlite3

	"jejak/domain"
)

// Recorded tells whether reads of a role are kept: of those who look on from outside and act upon nothing that they see. What staff, committees and
// police do is in the event log itself.
func Recorded(role domain.Role) bool {
	return role == domain.RoleAuditor || role == domain.RoleSupervisor || role == domain.RoleObserver
}

// Read is one request.
type Read struct {
	At     time.Time // when it came, by the machine's clock, also where the server's is driven
	User   string
	Role   string
	Scope  string
	Method string
	Route  string // pattern, such as GET /v1/elections/{election}/boxes/{box}; "none" for a path that there is not
	Path   string
	Query  string // of the parameters that the route has, by name
	Unit   string // regency or province that the path or query is about, "" where it names none
	Status int    // 0 while it lasts
	Bytes  int64  // of the body
	// Position up to which the answer counted, 0 where it did not say.
	Position uint64
}

// Kept is a read in the log.
type Kept struct {
	Seq     int64
	Request string // a random id: a request that lasted has several rows
	Part    Part
	Read
}

// Part says what a row is of a request.
type Part string

const (
	Whole Part = "whole" // its only row
	Begun Part = "begun" // it still lasted when the row was written
	Ended Part = "ended" // its end; an earlier row has its beginning
)

const (
	// writeEvery is how long what was told waits at most until it is written.
	writeEvery = 250 * time.Millisecond
	// mostWaiting is how many reads may wait to be written; more are not admitted.
	mostWaiting = 10_000
)

const noUpdate = `CREATE TRIGGER IF NOT EXISTS reads_no_update BEFORE UPDATE ON reads BEGIN SELECT raise(ABORT, 'a read is never changed'); END;`

const schema = `
CREATE TABLE IF NOT EXISTS reads (
  -- Reads of auditors, supervisors and observers. Rows are only ever added. A request has one row (part whole), or, if it lasted, one when it had
  -- begun (begun) and one at its end (ended).
  seq      INTEGER PRIMARY KEY,
  request  TEXT    NOT NULL,  -- random id of the request
  part     TEXT    NOT NULL CHECK (part IN ('whole', 'begun', 'ended')),
  at       TEXT    NOT NULL,  -- when it came, the machine's clock: RFC 3339 in UTC to the microsecond
  user     TEXT    NOT NULL,  -- id; the name is in people.db, unless the person was forgotten
  role     TEXT    NOT NULL,
  scope    TEXT    NOT NULL,
  method   TEXT    NOT NULL,
  route    TEXT    NOT NULL,
  path     TEXT    NOT NULL,
  query    TEXT    NOT NULL,
  unit     TEXT    NOT NULL,
  status   INTEGER NOT NULL,  -- HTTP status, 0 of begun
  bytes    INTEGER NOT NULL,  -- of the answer's body
  position INTEGER NOT NULL,  -- of the log, up to which the answer counted; 0: it did not say
  chain    TEXT    NOT NULL DEFAULT '' -- SHA-256 of this row and of the chain of the row before, base64
) STRICT;
CREATE TABLE IF NOT EXISTS file (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id  TEXT    NOT NULL  -- random: which file a signed end of the chain is of
) STRICT;
CREATE INDEX IF NOT EXISTS reads_at ON reads (at);
` + noUpdate + `
CREATE TRIGGER IF NOT EXISTS reads_no_delete BEFORE DELETE ON reads BEGIN SELECT raise(ABORT, 'a read is never deleted: see docs/operations.md for rotation'); END;`

// Log is an open access.db. It is safe for concurrent use; one process at a time may open a file.
type Log struct {
	db  *sql.DB
	log *slog.Logger

	mu      sync.Mutex
	waiting []Kept
	lasting map[*Request]bool
	failed  error // why the last batch could not be written, nil when it was
	closed  bool
	head    Head  // end of the chain on the disk
	seq     int64 // of the newest row

	writing sync.Mutex // one batch at a time
	cancel  context.CancelFunc
	ended   chan struct{}
}

// ErrNotKept: reads cannot be kept at present, so nothing is to be read by those whose reads must be.
var ErrNotKept = errors.New("reads cannot be recorded at present")

// Open opens or makes access.db, for its owner only. The caller closes it. log gets why nothing can be written, nil for nowhere.
func Open(ctx context.Context, path string, log *slog.Logger) (*Log, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l, err := open(ctx, path, log)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	go l.run(running)
	return l, nil
}

func open(ctx context.Context, path string, log *slog.Logger) (*Log, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = errors.Join(file.Chmod(0o600), file.Close())
	}
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", "file:"+path+"?_pragma=busy_timeout(1000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("make its table: %w", err), db.Close())
	}
	l := &Log{db: db, log: log, lasting: map[*Request]bool{}, ended: make(chan struct{})}
	if err := chained(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("chain its rows: %w", err), db.Close())
	}
	if l.head, l.seq, err = readHead(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("find the end of its chain: %w", err), db.Close())
	}
	return l, nil
}

// Request is a read under way.
type Request struct {
	l     *Log
	id    string
	begun bool // a row of its beginning is written or waits
	read  Read
}

// Admit begins a read, or refuses it (ErrNotKept) while reads cannot be kept. The caller serves it and then calls Done.
func (l *Log) Admit(r Read) (*Request, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, fmt.Errorf("%w: the log of reads is closed", ErrNotKept)
	case l.failed != nil:
		return nil, fmt.Errorf("%w: %w", ErrNotKept, l.failed)
	case len(l.waiting)+len(l.lasting) >= mostWaiting:
		return nil, fmt.Errorf("%w: %d wait to be written", ErrNotKept, len(l.waiting))
	}
	var id [8]byte
	rand.Read(id[:]) // never fails
	q := &Request{l: l, id: hex.EncodeToString(id[:]), read: r}
	l.lasting[q] = true
	return q, nil
}

// Done says what became of the read.
func (q *Request) Done(status int, bytes int64, position uint64) {
	q.l.mu.Lock()
	defer q.l.mu.Unlock()
	delete(q.l.lasting, q)
	part := Whole
	if q.begun {
		part = Ended
	}
	q.read.Status, q.read.Bytes, q.read.Position = status, bytes, position
	q.l.waiting = append(q.l.waiting, Kept{Request: q.id, Part: part, Read: q.read})
}

// run writes what waits until ctx ends.
func (l *Log) run(ctx context.Context) {
	defer close(l.ended)
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = l.Flush(ctx) // it has been logged
		}
	}
}

// Flush writes what waits, and the beginnings of what lasts, and returns when it is on the disk.
func (l *Log) Flush(ctx context.Context) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	for q := range l.lasting {
		if !q.begun && time.Since(q.read.At) > writeEvery {
			q.begun = true
			l.waiting = append(l.waiting, Kept{Request: q.id, Part: Begun, Read: q.read})
		}
	}
	batch := slices.Clip(l.waiting)
	l.mu.Unlock()
	if len(batch) == 0 { // also says that nothing has failed: what could not be written still waits
		return nil
	}
	err := l.write(ctx, batch)
	l.mu.Lock()
	before := l.failed
	if l.failed = err; err == nil {
		l.waiting = append([]Kept(nil), l.waiting[len(batch):]...)
	}
	l.mu.Unlock()
	switch {
	case err != nil && before == nil:
		l.log.Error("reads of auditors cannot be recorded: they are refused until they can", "cause", err)
	case err == nil && before != nil:
		l.log.Info("reads of auditors are recorded again")
	}
	return err
}

// write puts a batch into one transaction.
func (l *Log) write(ctx context.Context, batch []Kept) (err error) {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	put, err := tx.PrepareContext(ctx, `INSERT INTO reads (seq, `+columns+`, chain) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return err
	}
	defer put.Close()
	head, seq := l.head, l.seq // only written here, by one at a time
	for _, k := range batch {
		seq++
		texts, numbers := k.columns()
		head.Rows, head.Sum = head.Rows+1, link(head.Sum, seq, texts, numbers)
		values := []any{seq}
		for _, text := range texts {
			values = append(values, text)
		}
		for _, number := range numbers {
			values = append(values, number)
		}
		if _, err := put.ExecContext(ctx, append(values, head.Sum)...); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head, l.seq = head, seq
	return nil
}

// Close writes what waits and closes the file. What still lasts is written as begun.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	<-l.ended
	if err := errors.Join(l.Flush(context.Background()), l.db.Close()); err != nil {
		return fmt.Errorf("close the log of reads: %w", err)
	}
	return nil
}
