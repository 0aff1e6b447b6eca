package faultvfs

import "math/rand/v2"

// Outcome is what a cut leaves of that which was not synced.
type Outcome int

// The outcomes.
const (
	Killed      Outcome = iota // the process alone: everything that was written
	LostNothing                // the power, but the disk had written everything; the write under way is torn
	LostAll                    // the power, with everything unsynced
	LostSome                   // the power, with any part of what was unsynced, in any order, in pieces
)

func (o Outcome) String() string {
	return [...]string{"killed", "power lost, all written", "power lost, nothing unsynced written", "power lost, some of it written"}[o]
}

// sector is what a disk writes whole or not at all, mostly.
const sector = 512

// Restart starts the machine after a cut, or cuts it between two operations and starts it again. seed decides what LostSome leaves, and where the write under
// way is torn. Whoever had files open closes them before, as after it he would do to the new machine what was meant for the old.
func (d *Disk) Restart(o Outcome, seed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := rand.New(rand.NewPCG(seed, 1))
	if c := d.inFlight; c != nil && !c.truncate {
		torn := change{tear(c.data, r), c.off, false}
		c.file.seen = torn.apply(c.file.seen)
		c.file.pending = append(c.file.pending, torn)
	}
	if o == Killed {
		d.renew()
	} else {
		d.losePower(o, r)
	}
	d.off, d.inFlight = false, nil
	d.generation++
}

// renew gives every file a new inode with the same content, so that who had it open does not reach it.
func (d *Disk) renew() {
	renewed := map[*inode]*inode{}
	again := func(f *inode) *inode {
		if f != nil && renewed[f] == nil {
			renewed[f] = &inode{seen: f.seen, synced: f.synced, pending: f.pending}
		}
		return renewed[f]
	}
	for _, names := range []map[string]*inode{d.files, d.onDisk} {
		for name, f := range names {
			names[name] = again(f)
		}
	}
	for i := range d.renames {
		d.renames[i].file = again(d.renames[i].file)
	}
}

// losePower decides what is on the disk and makes that what is seen.
func (d *Disk) losePower(o Outcome, r *rand.Rand) {
	names := map[string]*inode{}
	for name, f := range d.onDisk {
		names[name] = f
	}
	lost := map[string]bool{} // names of which a change was lost: those after it are too
	for _, c := range d.renames {
		if lost[c.name] || o == LostAll || o == LostSome && r.IntN(2) == 0 {
			lost[c.name] = true
			continue
		}
		if c.file == nil {
			delete(names, c.name)
		} else {
			names[c.name] = c.file
		}
	}
	d.files, d.onDisk, d.renames = map[string]*inode{}, map[string]*inode{}, nil
	done := map[*inode]*inode{}
	for name, f := range names {
		if done[f] == nil {
			content := f.left(o, r)
			done[f] = &inode{seen: content, synced: append([]byte{}, content...)}
		}
		d.files[name], d.onDisk[name] = done[f], done[f]
	}
}

// left returns the content that a loss of power leaves.
func (f *inode) left(o Outcome, r *rand.Rand) []byte {
	content := append([]byte{}, f.synced...)
	pending := append([]change{}, f.pending...)
	switch o {
	case Killed, LostNothing:
	case LostAll:
		return content
	case LostSome:
		var pieces []change
		for _, c := range pending {
			switch r.IntN(4) {
			case 0: // lost
			case 1: // some of its sectors
				pieces = append(pieces, sectors(c, r)...)
			default:
				pieces = append(pieces, c)
			}
		}
		if r.IntN(2) == 0 {
			r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		}
		pending = pieces
	}
	for _, c := range pending {
		content = c.apply(content)
	}
	return content
}

func sectors(c change, r *rand.Rand) (some []change) {
	if c.truncate {
		return []change{c}
	}
	for at := 0; at < len(c.data); {
		end := min(len(c.data), at+sector-int((c.off+int64(at))%sector))
		if r.IntN(2) == 0 {
			some = append(some, change{c.data[at:end], c.off + int64(at), false})
		}
		at = end
	}
	return some
}

// tear leaves a part of the beginning of a write, to a sector or to a byte.
func tear(data []byte, r *rand.Rand) []byte {
	n := r.IntN(len(data) + 1)
	if r.IntN(2) == 0 {
		n -= n % sector
	}
	return data[:n]
}

func (c change) apply(content []byte) []byte {
	if c.truncate {
		if c.off < int64(len(content)) {
			return content[:c.off]
		}
		return append(content, make([]byte, c.off-int64(len(content)))...)
	}
	if len(c.data) == 0 {
		return content
	}
	if end := c.off + int64(len(c.data)); end > int64(len(content)) {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	copy(content[c.off:], c.data)
	return content
}
