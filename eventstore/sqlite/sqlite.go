// Package sqlite is the event store on one machine: a single SQLite file that any SQLite tool can read.
//
// One goroutine writes. It takes all appends that wait, of whatever streams, puts them in one transaction, and answers each caller after the
// one fsync of its commit (group commit): the more callers, the cheaper each append. Readers have connections of their own and read page by
// page, each page a snapshot of its own, so that no reader holds back the write-ahead log. Only one process may have the file open for
// writing: callers take the lock of the data directory first (package lock).
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
)

// Options of a store; the zero Options are the defaults.
type Options struct {
	// VFS names a registered SQLite VFS to use in place of the operating system's (tests of faults).
	VFS string
	// Readers is the most connections that read at once. Default 4. Each takes a few MiB when used.
	Readers int
	// Queue is how many appends may wait before Append itself waits. Default 1,024.
	Queue int
	// BatchEvents and BatchBytes end a transaction. A single append is never split. Defaults 4,096 and 8 MiB.
	BatchEvents, BatchBytes int
	// CheckpointPages is the number of pages (4 KiB) in the write-ahead log after which they are copied to the file. Default 4,096.
	CheckpointPages int
	// Observe is told of every transaction after its callers have been answered: events and appends in it, and its time from begin to durable.
	// It is called by the writer, so it must be quick.
	Observe func(batchEvents, batchAppends int, d time.Duration)
	// Former vouches for the records of a log of format 2 in which another program has written pages. It is given all
	// of them in position order, once, before the log becomes one of the newer format, and returns nil when it knows
	// from elsewhere that they are those that were written: their form was looked at, their content was not. Its error
	// refuses the log with ErrDamaged. Without Former such a log is refused.
	Former func(ctx context.Context, records iter.Seq2[eventstore.Record, error]) error
}

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.Readers, 4)
	set(&o.Queue, 1024)
	set(&o.BatchEvents, 4096)
	set(&o.BatchBytes, 8<<20)
	set(&o.CheckpointPages, 4096)
	return o
}

// Store is the SQLite engine. Its positions are consecutive from 1.
type Store struct {
	path string
	opt  Options

	// entry is held for reading while an append enters the queue, and for writing while the queue is closed.
	entry   sync.RWMutex
	queue   chan *request
	reopens chan reopening
	closing chan struct{} // closed first thing in Close
	drained chan struct{} // closed when the writer has answered all

	checked *checksum.VFS
	writer  *writer
	readers *pool
	heads   heads
	known   *commandSet
	tail    tail
	failed  atomic.Pointer[failure]
	count   counters

	closeOnce sync.Once
	closeErr  error
}

var _ eventstore.Store = (*Store)(nil)

// ErrDamaged: the file is not what this engine has written. Open finds out a part of what Verify does.
var ErrDamaged = errors.New("the log is damaged, restore a backup")

// Open opens the log at path and creates it if there is none. What it finds is made durable and checked: that it is such a log, written by no
// newer version, and that no stream has a gap (Verify checks all of it).
func Open(ctx context.Context, path string, opt Options) (*Store, error) {
	opt = opt.withDefaults()
	s := &Store{
		path:    path,
		opt:     opt,
		queue:   make(chan *request, opt.Queue),
		reopens: make(chan reopening),
		closing: make(chan struct{}),
		drained: make(chan struct{}),
		known:   newCommandSet(),
	}
	var err error
	if s.checked, err = checksum.Register(opt.VFS); err != nil {
		return nil, fmt.Errorf("open event log %s: %w", path, err)
	}
	s.checked.JudgeBy(judgeBy(ctx, opt.Former))
	last, err := s.openWriter(ctx)
	if err != nil {
		if ended := ctx.Err(); ended != nil {
			err = ended // what was not looked at to its end is not damaged
		}
		s.checked.Unregister()
		return nil, fmt.Errorf("open event log %s: %w", path, s.named(err))
	}
	s.tail.head.Store(uint64(last))
	s.readers = newPool(path, s.checked, opt.Readers)
	s.learnCommands()
	go s.writer.run()
	return s, nil
}

// openWriter sets up the connection that writes, and returns the last position.
func (s *Store) openWriter(ctx context.Context) (eventstore.Position, error) {
	conn, disk, err := s.connectWriter(ctx)
	if err != nil {
		return 0, err
	}
	last, side, err := loadHeads(ctx, conn, &s.heads)
	if err == nil {
		s.writer = &writer{s: s, pending: map[string]head{}}
		err = s.writer.attach(conn, disk, last, side)
	}
	if err != nil {
		err = errors.Join(err, closeConn(conn))
		disk.unregister()
	}
	return last, err
}

// connectWriter opens the file as the one who writes to it. The caller closes the connection and then unregisters the disk.
func (s *Store) connectWriter(ctx context.Context) (*sqlite3.Conn, *disk, error) {
	disk, err := newDisk(s.checked.Name())
	if err != nil {
		return nil, nil, err
	}
	conn, err := openLog(ctx, s.path, disk, s.opt.VFS == "")
	if err != nil {
		disk.unregister()
		return nil, nil, errors.Join(err, disk.cause())
	}
	return conn, disk, nil
}

// Close is described at eventstore.Store. It leaves a single file, without a write-ahead log, unless the store has failed.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.entry.Lock()
		close(s.queue)
		s.entry.Unlock()
		<-s.drained
		err := s.readers.close()
		if err = errors.Join(err, s.writer.close()); err != nil {
			s.closeErr = fmt.Errorf("close event log %s: %w", s.path, err)
		}
		s.checked.Unregister()
	})
	return s.closeErr
}

// named says what was damaged, if that is why there is an error, and what mends it.
func named(sums *checksum.VFS, err error) error {
	var damaged *checksum.DamagedError
	if with := sums.Named(err); errors.As(with, &damaged) {
		return fmt.Errorf("%w: %w", ErrDamaged, with)
	}
	return err
}

func (s *Store) named(err error) error { return named(s.checked, err) }

// usable returns ErrClosed or ctx's error, if any.
func (s *Store) usable(ctx context.Context) error {
	select {
	case <-s.closing:
		return eventstore.ErrClosed
	default:
		return ctx.Err()
	}
}

// Head is described at eventstore.Store.
func (s *Store) Head(ctx context.Context) (eventstore.Position, error) {
	if err := s.usable(ctx); err != nil {
		return 0, err
	}
	return eventstore.Position(s.tail.head.Load()), nil
}

// StreamHead is described at eventstore.Store.
func (s *Store) StreamHead(ctx context.Context, stream string) (eventstore.Version, eventstore.Position, error) {
	if err := s.usable(ctx); err != nil {
		return 0, 0, err
	}
	h := s.heads.get(stream)
	return h.version, h.position, nil
}

// Stats are figures since Open, for metrics.
type Stats struct {
	Queue                    int    // appends that wait to be taken by the writer
	Batches, Appends, Events uint64 // committed (appends: also those that were retries)
	Conflicts, Exists        uint64 // appends refused
	WALPages                 int    // pages in the write-ahead log that are not yet in the file
	Head                     eventstore.Position
	Failed                   error // the reason of ErrFailed, nil while the store takes appends
}

type counters struct {
	batches, appends, events, conflicts, exists, walPages atomic.Uint64
}

// Stats returns the figures of now. It costs little and never waits.
func (s *Store) Stats() Stats {
	st := Stats{
		Queue:     len(s.queue),
		Batches:   s.count.batches.Load(),
		Appends:   s.count.appends.Load(),
		Events:    s.count.events.Load(),
		Conflicts: s.count.conflicts.Load(),
		Exists:    s.count.exists.Load(),
		WALPages:  int(s.count.walPages.Load()),
		Head:      eventstore.Position(s.tail.head.Load()),
	}
	if f := s.failed.Load(); f != nil {
		st.Failed = f.err
	}
	return st
}
