package sqlite

import (
	"bytes"
	"errors"

	"github.com/google/uuid"
	"github.com/ncruces/go-sqlite3"

	"jejak/eventstore"
)

// apply puts one request into the transaction under way. All that could refuse it is checked before its first row, so that a refused request
// leaves nothing behind. A refusal is left in r.err; an error that is returned breaks the transaction.
func (w *writer) apply(r *request) error {
	h, ok := w.pending[r.stream]
	if !ok {
		h = w.s.heads.get(r.stream)
	}
	if h.version != r.expected {
		again, err := w.again(r, h)
		if err == nil && !again {
			r.err = &eventstore.ConflictError{Stream: r.stream, Expected: r.expected, Actual: h.version}
		}
		return err
	}
	for i := range r.events {
		known, err := w.knows(r, i)
		if err != nil {
			return err
		}
		if known {
			r.err = &eventstore.ExistsError{Stream: r.stream, Event: r.events[i].ID, Command: r.events[i].Command}
			return nil
		}
	}
	for i := range r.events {
		if err := w.add(r, i); err != nil {
			if errors.Is(err, sqlite3.CONSTRAINT) {
				err = errors.Join(errors.New("another program writes to the log: it must not"), err)
			}
			return err
		}
	}
	r.position, r.added = w.last, true
	if beside(r.stream) {
		r.position = w.side
	}
	w.pending[r.stream] = head{h.version + eventstore.Version(len(r.events)), r.position}
	return nil
}

// again tells whether the events are already in the stream where they would have been put, and sets the position if so.
func (w *writer) again(r *request, h head) (bool, error) {
	if r.expected > h.version || h.version-r.expected < eventstore.Version(len(r.events)) {
		return false, nil
	}
	s := w.storedIDs
	err := errors.Join(s.BindText(1, r.stream), s.BindInt64(2, int64(r.expected)), s.BindInt64(3, int64(len(r.events))))
	if err != nil {
		return false, err
	}
	same := 0
	var position eventstore.Position
	for same < len(r.events) && s.Step() && bytes.Equal(s.ColumnRawBlob(0), r.id(same)) {
		position = placeOf(s.ColumnInt64(1))
		same++
	}
	if err := errors.Join(s.Err(), s.Reset()); err != nil {
		return false, err
	}
	if same < len(r.events) {
		return false, nil
	}
	r.position = position
	return true, nil
}

// knows tells whether event i, or the command that it is part of, is in the log.
func (w *writer) knows(r *request, i int) (bool, error) {
	command := r.events[i].Command
	if command == uuid.Nil {
		return found(w.idKnown, r.id(i))
	}
	if i > 0 && command == r.events[i-1].Command || !w.s.known.may(command) {
		return false, nil
	}
	return found(w.commandKnown, r.command(i))
}

func found(s *sqlite3.Stmt, id []byte) (bool, error) {
	if err := s.BindRawText(1, id); err != nil {
		return false, err
	}
	row := s.Step()
	return row, errors.Join(s.Err(), s.Reset())
}

// add inserts event i of the request at the next position. What is bound stays bound, so the columns that repeat are bound when they change.
func (w *writer) add(r *request, i int) error {
	e := &r.events[i]
	s := w.insert
	if w.boundStream != r.stream {
		if err := s.BindText(2, r.stream); err != nil {
			return err
		}
		w.boundStream = r.stream
	}
	if w.boundType != e.Type {
		if err := s.BindText(6, e.Type); err != nil {
			return err
		}
		w.boundType = e.Type
	}
	row := int64(w.last + 1)
	if beside(r.stream) {
		row = rowBeside(w.side + 1)
	}
	for _, err := range [...]error{
		s.BindInt64(1, row),
		s.BindInt64(3, int64(r.expected)+int64(i)+1),
		s.BindBlob(4, r.id(i)),
		s.BindBlob(5, r.commandOrNil(i)),
		s.BindInt64(7, int64(e.Schema)),
		s.BindBlob(8, r.time(i)),
		bindJSON(s, 9, e.Data),
		bindJSON(s, 10, e.Metadata),
		s.BindInt64(11, int64(withPosition(r.sums[i], row))),
	} {
		if err != nil {
			return err
		}
	}
	if err := s.Exec(); err != nil {
		return err
	}
	if e.Command != uuid.Nil {
		w.s.known.add(e.Command)
	}
	if row < 0 {
		w.side++
	} else {
		w.last++
	}
	return nil
}

func bindJSON(s *sqlite3.Stmt, param int, b []byte) error {
	if len(b) == 0 {
		return s.BindNull(param)
	}
	return s.BindBlob(param, b)
}
