package sqlite

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"jejak/eventstore"
)

// ByCommand is described at eventstore.Store. Of a command that is not in the log, which every new command asks for, it mostly knows so
// without a look at the file.
func (s *Store) ByCommand(ctx context.Context, command uuid.UUID) (eventstore.Record, bool, error) {
	if err := s.usable(ctx); err != nil {
		return eventstore.Record{}, false, err
	}
	if command == uuid.Nil || !s.known.may(command) {
		return eventstore.Record{}, false, nil
	}
	r, err := s.readers.get(ctx)
	if err != nil {
		return eventstore.Record{}, false, err
	}
	defer s.readers.put(r)
	stmt := r.byCommand
	if err := stmt.BindText(1, command.String()); err != nil {
		return eventstore.Record{}, false, err
	}
	var record eventstore.Record
	found := stmt.Step()
	err = stmt.Err()
	if found {
		err = r.decode(stmt, &record)
	}
	if err = errors.Join(err, stmt.Reset()); err != nil {
		return eventstore.Record{}, false, fmt.Errorf("look up command %s in event log %s: %w", command, s.path, s.named(err))
	}
	return record, found, nil
}

// learnCommands begins to fill the set of commands from the log, unless that is done or under way. Until it is done every look-up goes to the
// file.
func (s *Store) learnCommands() {
	if s.known.complete.Load() || !s.known.learning.CompareAndSwap(false, true) {
		return
	}
	s.readers.background.Go(func() {
		defer s.known.learning.Store(false)
		s.learnAllCommands()
	})
}

func (s *Store) learnAllCommands() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-s.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	after := ""
	for {
		r, err := s.readers.get(ctx)
		if err != nil {
			return
		}
		ids, last, err := r.commandsAfter(after, 4096)
		s.readers.put(r)
		if err != nil {
			return // The look-ups will meet the error themselves.
		}
		for _, id := range ids {
			s.known.add(id)
		}
		if len(ids) == 0 {
			s.known.complete.Store(true)
			return
		}
		after = last
	}
}

// commandSet is a set that may say yes wrongly (about once in 1,000), but never no: a blocked Bloom filter of 16 bits a command. Any
// goroutine may ask; it grows by a layer for every million commands.
type commandSet struct {
	seed     maphash.Seed
	complete atomic.Bool // false while what is in the log is still being added
	learning atomic.Bool // it is being added

	mu     sync.Mutex // held to add
	layers atomic.Pointer[[]*layer]
}

const (
	layerCommands = 1 << 20
	layerBlocks   = layerCommands * 16 / 512
)

// layer has blocks of a cache line; a command sets one bit in each word of its block.
type layer struct {
	commands int // guarded by commandSet.mu
	blocks   [layerBlocks][8]atomic.Uint64
}

func newCommandSet() *commandSet {
	c := &commandSet{seed: maphash.MakeSeed()}
	c.layers.Store(&[]*layer{{}})
	return c
}

// may tells whether the command may be in the log; false is certain.
func (c *commandSet) may(command uuid.UUID) bool {
	return !c.complete.Load() || c.has(maphash.Comparable(c.seed, command))
}

func (c *commandSet) has(hash uint64) bool {
	for _, l := range *c.layers.Load() {
		if l.has(hash) {
			return true
		}
	}
	return false
}

func (c *commandSet) add(command uuid.UUID) {
	hash := maphash.Comparable(c.seed, command)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has(hash) {
		return
	}
	layers := *c.layers.Load()
	l := layers[len(layers)-1]
	if l.commands == layerCommands {
		l = &layer{}
		grown := append(append([]*layer(nil), layers...), l)
		c.layers.Store(&grown)
	}
	l.commands++
	block, bits := place(hash)
	for i := range l.blocks[block] {
		l.blocks[block][i].Or(1 << (bits >> (6 * i) & 63))
	}
}

func (l *layer) has(hash uint64) bool {
	block, bits := place(hash)
	for i := range l.blocks[block] {
		if l.blocks[block][i].Load()&(1<<(bits>>(6*i)&63)) == 0 {
			return false
		}
	}
	return true
}

// place takes the block from the high bits of the hash and the bits within it from a product, so that they do not go together.
func place(hash uint64) (block, bits uint64) {
	return hash >> (64 - 15), (hash * 0x9E3779B97F4A7C15) >> 16
}

const _ = uint(layerBlocks-1<<15) + uint(1<<15-layerBlocks) // place takes 15 bits
