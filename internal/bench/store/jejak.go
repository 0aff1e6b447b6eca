package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
	"jejak/eventstore/sqlite"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

// The payload of every contender: about what a handoff of a station is.
var (
	data     = []byte(`{"shipment":"SHP-3578-000123","station":"3578010001001","boxes":["` + strings.Repeat(`3578010001001-PPWP","`, 20) + `"],"at":"2024-02-13T06:45:00+07:00"}`)
	metadata = []byte(`{"mode":"report","actor":"` + strings.Repeat("x", 36) + `","device":"` + strings.Repeat("y", 36) + `","occurred_at":"2024-02-13T06:45:00+07:00","hash":"` + strings.Repeat("0", 64) + `"}`)
)

func events(n int) []eventstore.Event {
	command := uuid.Must(uuid.NewV7())
	list := make([]eventstore.Event, n)
	for i := range list {
		list[i] = eventstore.Event{ID: uuid.NewSHA1(command, []byte{byte(i)}), Command: command, Type: "handoff.accepted", Schema: 1,
			RecordedAt: time.Now(), Data: data, Metadata: metadata}
	}
	return list
}

type jejak struct {
	s        *sqlite.Store
	versions []eventstore.Version
}

func openJejak(ctx context.Context, dir string, writers int) (appender, error) {
	s, err := sqlite.Open(ctx, filepath.Join(dir, "events.db"), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return &jejak{s, make([]eventstore.Version, writers)}, nil
}

func (j *jejak) append(ctx context.Context, w, n int) error {
	_, err := j.s.Append(ctx, fmt.Sprintf("ledger-%d", w), j.versions[w], events(n)...)
	j.versions[w] += eventstore.Version(n)
	return err
}

func (j *jejak) close() error { return j.s.Close() }

// raw writes and syncs.
type raw struct{ f *os.File }

func openRaw(_ context.Context, dir string, _ int) (appender, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	return &raw{f}, err
}

func (r *raw) append(_ context.Context, _, n int) error {
	for range n {
		if _, err := r.f.Write(record); err != nil {
			return err
		}
	}
	return datasync(r.f)
}

func (r *raw) close() error { return r.f.Close() }

var record = append(append([]byte(nil), data...), metadata...)

// ideal is the ceiling: bytes to a file, one sync for all who wait, and nothing else.
type ideal struct {
	f     *os.File
	queue chan wait
	done  sync.WaitGroup
}

type wait struct {
	n    int
	done chan error
}

func openIdeal(_ context.Context, dir string, _ int) (appender, error) {
	f, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	g := &ideal{f: f, queue: make(chan wait, 4096)}
	g.done.Go(g.run)
	return g, nil
}

func (g *ideal) run() {
	var batch []wait
	var bytes []byte
	for first := range g.queue {
		batch, bytes = append(batch[:0], first), bytes[:0]
		for more := true; more && len(batch) < 4096; {
			select {
			case next, ok := <-g.queue:
				if more = ok; ok {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		for _, b := range batch {
			for range b.n {
				bytes = append(bytes, record...)
			}
		}
		_, err := g.f.Write(bytes)
		err = errors.Join(err, datasync(g.f))
		for _, b := range batch {
			b.done <- err
		}
	}
}

func (g *ideal) append(_ context.Context, _, n int) error {
	done := make(chan error, 1)
	g.queue <- wait{n, done}
	return <-done
}

func (g *ideal) close() error {
	close(g.queue)
	g.done.Wait()
	return g.f.Close()
}

// plain is SQLite as it is mostly used: a transaction for each append.
type plain struct {
	mu       sync.Mutex
	conn     *sqlite3.Conn
	insert   *sqlite3.Stmt
	head     *sqlite3.Stmt
	versions []int64
}

func openPlain(_ context.Context, dir string, writers int) (appender, error) {
	conn, err := sqlite3.Open(filepath.Join(dir, "plain.db"))
	if err != nil {
		return nil, err
	}
	p := &plain{conn: conn, versions: make([]int64, writers)}
	err = conn.Exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
		CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, id TEXT NOT NULL, command TEXT, type TEXT NOT NULL,
			recorded_at INTEGER NOT NULL, data BLOB, metadata BLOB, UNIQUE (stream, version));
		CREATE INDEX command ON events (command)`)
	if err == nil {
		p.insert, _, err = conn.Prepare(`INSERT INTO events (stream, version, id, command, type, recorded_at, data, metadata) VALUES (?,?,?,?,?,?,?,?)`)
	}
	if err == nil {
		p.head, _, err = conn.Prepare(`SELECT coalesce(max(version), 0) FROM events WHERE stream = ?`)
	}
	return p, err
}

func (p *plain) append(_ context.Context, w, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	stream := fmt.Sprintf("ledger-%d", w)
	if err := p.conn.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := p.head.BindText(1, stream); err != nil {
		return err
	}
	if !p.head.Step() || p.head.ColumnInt64(0) != p.versions[w] {
		return fmt.Errorf("stream %s has another version: %w", stream, p.head.Err())
	}
	if err := p.head.Reset(); err != nil {
		return err
	}
	for _, e := range events(n) {
		p.versions[w]++
		err := errors.Join(p.insert.BindText(1, stream), p.insert.BindInt64(2, p.versions[w]), p.insert.BindText(3, e.ID.String()), p.insert.BindText(4, e.Command.String()),
			p.insert.BindText(5, e.Type), p.insert.BindInt64(6, e.RecordedAt.UnixMicro()), p.insert.BindBlob(7, e.Data), p.insert.BindBlob(8, e.Metadata))
		if err == nil {
			err = p.insert.Exec()
		}
		if err != nil {
			return err
		}
	}
	return p.conn.Exec("COMMIT")
}

func (p *plain) close() error {
	return errors.Join(p.insert.Close(), p.head.Close(), p.conn.Close())
}

// scanned reads a log from one end to the other.
func scanned(ctx context.Context, opt harness.Options, rounds int) (t report.Table, err error) {
	total := 512_000
	if opt.Quick {
		total = 51_200
	}
	t = report.Table{Title: fmt.Sprintf("Scan of %d events", total), Columns: []string{"who", "events/s", "MB/s"}}
	dir, err := os.MkdirTemp(opt.Dir, "jejak-bench-scan-")
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := sqlite.Open(ctx, filepath.Join(dir, "events.db"), sqlite.Options{})
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if opt.Progress != nil {
		opt.Progress(fmt.Sprintf("store: scan of %d events", total))
	}
	for v := 0; v < total; v += 512 {
		var list []eventstore.Event
		for range 8 {
			list = append(list, events(64)...)
		}
		if _, err := s.Append(ctx, "ledger-1", eventstore.Version(v), list...); err != nil {
			return t, err
		}
	}
	for _, c := range []struct {
		name string
		read func() error
	}{
		{"Jejak, ReadAll", func() error {
			n := 0
			for _, err := range s.ReadAll(ctx, 0, eventstore.Filter{}) {
				if err != nil {
					return err
				}
				n++
			}
			if n != total {
				return fmt.Errorf("%d of %d events were read", n, total)
			}
			return nil
		}},
		{"Jejak, Read of one stream", func() error {
			for _, err := range s.Read(ctx, "ledger-1", 0) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		var seen []float64
		for range rounds {
			began := time.Now()
			if err := c.read(); err != nil {
				return t, fmt.Errorf("%s: %w", c.name, err)
			}
			seen = append(seen, float64(total)/time.Since(began).Seconds())
		}
		m := harness.Median(seen)
		t.Rows = append(t.Rows, []string{c.name, fmt.Sprintf("%.0f", m), fmt.Sprintf("%.0f", m*float64(len(record))/1e6)})
	}
	return t, nil
}
