package invariant

import (
	"bytes"
	"errors"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// twice looks for ids that two events have, and for commands that go on after events of others. It reads the log again when hashes say so.
func (c *check) twice() error {
	ids, commands := repeated(c.ids), repeated(c.commands)
	c.ids, c.commands = nil, nil
	if len(ids)+len(commands) == 0 {
		return nil
	}
	idAt, commandAt := map[uuid.UUID]eventstore.Position{}, map[uuid.UUID]eventstore.Position{}
	var last eventstore.Record
	for r, err := range c.store.ReadAll(c.ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return c.broken(last, "read on after this", err)
		}
		if r.Position > c.report.Head {
			break
		}
		var errs []error
		if ids[c.hash(r.ID)] {
			if at := idAt[r.ID]; at != 0 {
				errs = append(errs, c.problem(r, "its id %s is that of the event at position %d too", r.ID, at))
			} else {
				idAt[r.ID] = r.Position
			}
		}
		if r.Command != uuid.Nil && r.Command != last.Command && commands[c.hash(r.Command)] {
			if at := commandAt[r.Command]; at != 0 {
				errs = append(errs, c.problem(r, "its command %s began at position %d, with events of others between", r.Command, at))
			} else {
				commandAt[r.Command] = r.Position
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		last = r
	}
	return nil
}

// byStream looks where each stream ends, and reads each by itself, or the index by which that is done: it must hold what the whole log does.
func (c *check) byStream() error {
	fits, before := false, len(c.report.Problems)
	if c.opt.Index != nil {
		var err error
		if fits, err = c.fits(c.opt.Index.Streams, c.placed, c.inStream); err != nil {
			return err
		}
		if !fits {
			if err := c.chains(); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.streams)) {
		want := c.streams[name]
		at := eventstore.Record{Stream: name}
		version, position, err := c.store.StreamHead(c.ctx, name)
		switch {
		case err != nil:
			if err := c.broken(at, "find its end", err); err != nil {
				return err
			}
		case version < want.version, version == want.version && position != want.position,
			version > want.version && position <= c.report.Head:
			if err := c.problem(at, "it ends with version %d at position %d, but the last in the log is version %d at position %d", version, position, want.version, want.position); err != nil {
				return err
			}
		}
		if fits {
			continue
		}
		if err := c.stream(at, want); err != nil {
			return err
		}
	}
	if c.opt.Index != nil && !fits {
		return c.told(before, "streams")
	}
	return nil
}

// chains makes the hashes of the streams of the whole log.
func (c *check) chains() error {
	for r, err := range c.store.ReadAll(c.ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return c.broken(r, "read the log again", err)
		}
		if r.Position > c.report.Head {
			break
		}
		if end := c.streams[r.Stream]; end != nil {
			end.sum = c.chain(end.sum, r)
		}
	}
	return nil
}

func (c *check) stream(at eventstore.Record, want *streamEnd) error {
	var got streamEnd
	for r, err := range c.store.Read(c.ctx, at.Stream, 0) {
		if err != nil {
			at.Version = got.version
			return c.broken(at, "read it", err)
		}
		if r.Position > c.report.Head {
			break
		}
		c.progress()
		if r.Stream != at.Stream {
			if err := c.problem(r, "it was read as one of stream %s", at.Stream); err != nil {
				return err
			}
		}
		got = streamEnd{r.Version, r.Position, c.chain(got.sum, r)}
	}
	if got != *want {
		return c.problem(at, "read by itself it has other records (up to version %d at position %d) than in the log (%d at %d)",
			got.version, got.position, want.version, want.position)
	}
	return nil
}

// byCommand looks commands up, or reads the index by which that is done: each must be found where it begins.
func (c *check) byCommand() error {
	if c.opt.Index == nil {
		return c.commandByCommand()
	}
	before := len(c.report.Problems)
	fits, err := c.fits(c.opt.Index.Commands, c.acted, c.ofCommand)
	if err != nil || fits {
		return err
	}
	if err := c.commandByCommand(); err != nil {
		return err
	}
	return c.told(before, "commands")
}

func (c *check) commandByCommand() error {
	var last eventstore.Record
	for r, err := range c.store.ReadAll(c.ctx, 0, eventstore.Filter{}) {
		if err != nil {
			return c.broken(last, "read on after this", err)
		}
		if r.Position > c.report.Head {
			return nil
		}
		if r.Command != uuid.Nil && r.Command != last.Command {
			c.progress()
			if err := c.lookUp(r); err != nil {
				return err
			}
		}
		last = r
	}
	return nil
}

func (c *check) lookUp(r eventstore.Record) error {
	found, ok, err := c.store.ByCommand(c.ctx, r.Command)
	switch {
	case err != nil:
		return c.broken(r, "look up its command "+r.Command.String(), err)
	case !ok:
		return c.problem(r, "its command %s is not found", r.Command)
	case found.Position != r.Position || found.ID != r.ID || found.Stream != r.Stream || found.Version != r.Version:
		return c.problem(r, "its command %s is found at position %d (%s, version %d) instead", r.Command, found.Position, found.Stream, found.Version)
	}
	return nil
}

// expected holds the log against what the callers know.
func (c *check) expected() error {
	for _, a := range c.opt.Acknowledged {
		there, err := c.there(a)
		if err == nil && there < len(a.Events) {
			err = c.problem(eventstore.Record{Stream: a.Stream, Version: a.Expected + 1, Position: a.Position},
				"an append of %d events after version %d was acknowledged, but %d of them are there", len(a.Events), a.Expected, there)
		}
		if err != nil {
			return err
		}
	}
	for _, a := range c.opt.Unknown {
		there, err := c.there(a)
		if err == nil && there != 0 && there != len(a.Events) {
			err = c.problem(eventstore.Record{Stream: a.Stream, Version: a.Expected + 1},
				"of an append of %d events after version %d, %d are there", len(a.Events), a.Expected, there)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// there counts the events of an append that are in its place, as they were sent.
func (c *check) there(a Append) (n int, err error) {
	for r, err := range c.store.Read(c.ctx, a.Stream, a.Expected) {
		if err != nil {
			return n, c.broken(eventstore.Record{Stream: a.Stream, Version: a.Expected}, "read on after this", err)
		}
		if n == len(a.Events) {
			break
		}
		if r.Version != a.Expected+eventstore.Version(n)+1 || !equal(r.Event, a.Events[n].Stored()) {
			break
		}
		n++
		if n == len(a.Events) && a.Position != 0 && r.Position != a.Position {
			return n, c.problem(r, "it was acknowledged at position %d", a.Position)
		}
	}
	return n, nil
}

func equal(a, b eventstore.Event) bool {
	return a.ID == b.ID && a.Command == b.Command && a.Type == b.Type && a.Schema == b.Schema && a.RecordedAt.Equal(b.RecordedAt) &&
		bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Metadata, b.Metadata)
}

func (c *check) hash(id uuid.UUID) uint64 { return maphash.Comparable(c.seed, id) }
