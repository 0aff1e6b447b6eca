package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// Pages begin small, for those who read a few records, and grow.
const (
	firstPageRows = 64
	pageRows      = 2048
	pageBytes     = 1 << 20
)

// page is a piece of the log that was read in one snapshot.
type page struct {
	records []eventstore.Record
	last    uint64 // position (of a stream: version) of the last row looked at, chosen or not
	end     bool   // nothing is left
}

var pages = sync.Pool{New: func() any { return new(page) }}

// release gives back a page whose records have been handed on.
func (p *page) release() {
	clear(p.records)
	pages.Put(p)
}

// source is what a reader reads: all streams, or one.
type source struct {
	stream string // "" all
	upTo   uint64 // position, or version
	filter eventstore.Filter
	few    bool // the streams that the filter chooses have few events: they are looked up instead of all being looked at
}

// A filter chooses few events when they are less than one of so many, and no more than so many: each page looks all of them up.
const (
	fewOf   = 16
	fewMost = 16_384
)

// page reads rows after a position (of a stream: version) into a page, at most rows.
func (s *Store) page(ctx context.Context, src *source, after uint64, rows int) (*page, error) {
	r, err := s.readers.get(ctx)
	if err != nil {
		return nil, err
	}
	defer s.readers.put(r)
	stmt := r.all
	switch {
	case src.stream != "":
		stmt = r.stream
		err = stmt.BindText(3, src.stream)
	case src.few:
		stmt = r.few
		err = errors.Join(stmt.BindText(3, src.filter.StreamPrefix), stmt.BindText(4, src.filter.StreamPrefix+"\x7f")) // names are printable ASCII
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(stmt.BindInt64(1, int64(after)), stmt.BindInt64(2, int64(src.upTo))); err != nil {
		return nil, err
	}
	p := pages.Get().(*page)
	p.last, p.end = after, false
	p.records, err = r.fill(stmt, src, p, rows)
	if err = errors.Join(err, stmt.Reset()); err != nil {
		place := fmt.Sprint("position ", p.last)
		if src.stream != "" {
			place = fmt.Sprintf("version %d of stream %s", p.last, src.stream)
		}
		p.release()
		return nil, fmt.Errorf("read event log %s after %s: %w", s.path, place, s.named(err))
	}
	return p, nil
}

func (r *reader) fill(stmt *sqlite3.Stmt, src *source, p *page, rows int) ([]eventstore.Record, error) {
	key := 0
	if src.stream != "" {
		key = 2
	}
	records := p.records[:0]
	all := src.filter.StreamPrefix == "" && len(src.filter.Types) == 0
	for size := 0; rows > 0 && size < pageBytes; rows-- {
		if !stmt.Step() {
			p.end = true
			return records, stmt.Err()
		}
		p.last = uint64(stmt.ColumnInt64(key))
		if !all && !src.filter.Match(r.name(stmt.ColumnRawBlob(1)), r.name(stmt.ColumnRawBlob(3))) {
			continue
		}
		records = slices.Grow(records, 1)[:len(records)+1]
		record := &records[len(records)-1]
		if err := r.decode(stmt, record); err != nil {
			return records, err
		}
		size += len(record.Data) + len(record.Metadata)
	}
	p.end = p.last >= src.upTo
	return records, nil
}

// Read is described at eventstore.Store.
func (s *Store) Read(ctx context.Context, stream string, after eventstore.Version) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		s.read(ctx, source{stream: stream, upTo: uint64(s.heads.get(stream).version)}, uint64(after), yield)
	}
}

// ReadAll is described at eventstore.Store.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	filter.Types = slices.Clone(filter.Types)
	return func(yield func(eventstore.Record, error) bool) {
		src := source{upTo: s.tail.head.Load(), filter: filter}
		if prefix := filter.StreamPrefix; prefix != "" && uint64(after) < src.upTo {
			events := s.heads.events(prefix)
			src.few = events <= fewMost && events*fewOf < src.upTo-uint64(after)
		}
		s.read(ctx, src, uint64(after), yield)
	}
}

// fetched is the outcome of reading a page ahead.
type fetched struct {
	page *page
	err  error
}

// read yields the source's records after a point. The first page is read by the caller's goroutine; of a longer source, the next pages are
// read by others while the caller handles this one.
func (s *Store) read(ctx context.Context, src source, after uint64, yield func(eventstore.Record, error) bool) {
	err := s.usable(ctx)
	if err == nil && after >= min(src.upTo, math.MaxInt64) {
		return
	}
	var p *page
	if err == nil {
		p, err = s.page(ctx, &src, after, firstPageRows)
	}
	if err != nil {
		yield(eventstore.Record{}, err)
		return
	}
	after, end := p.last, p.end
	if !s.handOn(ctx, p, yield) || end {
		return
	}
	if src.few {
		p, err := s.page(ctx, &src, after, pageRows)
		s.readOn(ctx, &src, fetched{p, err}, yield)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts := make(chan part)
	go s.readAhead(ctx, src, after, parts)
	for part := range parts {
		if !s.readOn(ctx, &part.src, <-part.first, yield) {
			return
		}
	}
	if err := ctx.Err(); err != nil {
		yield(eventstore.Record{}, err)
	}
}

// part is a piece of a source whose first page, mostly all of it, is being read.
type part struct {
	src   source
	first chan fetched
}

// readAhead cuts the source after a point into parts and begins to read each before the one before it has been taken, so that two are read at
// once: positions, and versions of a stream, have no gaps.
func (s *Store) readAhead(ctx context.Context, src source, after uint64, parts chan<- part) {
	defer close(parts)
	upTo := src.upTo
	for rows := uint64(firstPageRows); after < upTo; {
		rows = min(rows*4, pageRows)
		src.upTo = min(after+rows, upTo)
		next := part{src, make(chan fetched, 1)}
		go func(after uint64) {
			p, err := s.page(ctx, &next.src, after, pageRows)
			next.first <- fetched{p, err}
		}(after)
		select {
		case parts <- next:
		case <-ctx.Done():
			return
		}
		after = src.upTo
	}
}

// readOn yields the records of a source from a page on that was read. It returns false when the reading is over.
func (s *Store) readOn(ctx context.Context, src *source, f fetched, yield func(eventstore.Record, error) bool) bool {
	for {
		if f.err != nil {
			yield(eventstore.Record{}, f.err)
			return false
		}
		after, end := f.page.last, f.page.end
		if !s.handOn(ctx, f.page, yield) {
			return false
		}
		if end {
			return true
		}
		f.page, f.err = s.page(ctx, src, after, pageRows) // it was cut short by its bytes
	}
}

// handOn yields the records of a page and releases it. It returns false when the reading is over.
func (s *Store) handOn(ctx context.Context, p *page, yield func(eventstore.Record, error) bool) bool {
	defer p.release()
	for i := range p.records {
		if err := s.usable(ctx); err != nil {
			yield(eventstore.Record{}, err)
			return false
		}
		if !yield(p.records[i], nil) {
			return false
		}
	}
	return true
}
