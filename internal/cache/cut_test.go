package cache

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/eventstore/faultvfs"
)

const simulated = "/ledger-cache.db"

// cacheOn opens a cache on a simulated disk, with a short write-ahead log.
func cacheOn(disk *faultvfs.Disk, indexed bool) (*Cache, error) {
	c, err := openOn(disk.Name(), simulated)
	if err != nil {
		return nil, err
	}
	if err := c.db.Exec("PRAGMA wal_autocheckpoint = 12"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if indexed {
		x := c.Index()
		if x.opened == nil {
			x.opened = x.writer.Exec("PRAGMA wal_autocheckpoint = 12")
		}
	}
	return c, nil
}

const saves = 25

func saved(n int) (*ledger.Data, Mark, []byte) {
	mark := Mark{Position: eventstore.Position(n), Event: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n))}
	return &ledger.Data{Version: uint64(n), Adopted: strings.Repeat(string(rune('a'+n%26)), 300+n*97%2500)}, mark, bytes.Repeat([]byte{byte(n)}, 100+n*31%900)
}

func placesOf(n int) []esdb.Entry {
	var entries []esdb.Entry
	for i := range 12 {
		entries = append(entries, esdb.Entry{ID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Append(nil, n, " ", i)), Place: esdb.Place{Stream: fmt.Sprint("ledger-", (n+i)%7), Version: eventstore.Version(n*100 + i)}})
	}
	return entries
}

// play saves until the disk breaks and returns how many saves of the index were answered, and begun. Errors of the rest cost time only.
func play(t *testing.T, disk *faultvfs.Disk, indexed bool) (answered, begun int) {
	c, err := cacheOn(disk, indexed)
	if err != nil {
		return 0, 0
	}
	defer func() { _ = c.Close() }()
	for n := 1; n <= saves && !disk.Off(); n++ {
		begun = n
		data, at, known := saved(n)
		err := c.SetCheckpoint("policy", known, at)
		if n%2 == 0 {
			err = errors.Join(err, c.Save(t.Context(), "ledger-a", data, at), c.Save(t.Context(), fmt.Sprint("ledger-", n), data, at))
		}
		if indexed {
			if err := c.index.Save(t.Context(), placesOf(n), esdb.Mark(at)); err != nil {
				return answered, begun
			}
			answered = n
		} else if err != nil {
			return answered, begun
		}
	}
	return answered, begun
}

// whatIsLeft opens the files that a disk has left with Open: each state, checkpoint and place in them belongs to its mark, or is not given out.
func whatIsLeft(t *testing.T, disk *faultvfs.Disk, begun, atLeast int) (indexedThrough int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger-cache.db")
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if content := disk.Content(simulated + suffix); content != nil {
			if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	belongs := func(what string, at Mark) int {
		n := int(at.Position)
		if _, want, _ := saved(n); n < 1 || n > begun || at != want {
			t.Fatalf("%s has mark %v, which was not saved", what, at)
		}
		return n
	}
	streams := []string{"ledger-a"}
	for n := 2; n <= saves; n += 2 {
		streams = append(streams, fmt.Sprint("ledger-", n))
	}
	for _, stream := range streams {
		if data, at, ok := c.Load(t.Context(), stream); ok {
			if n := belongs(stream, at); data.Version != uint64(n) {
				t.Fatalf("the state of %s at mark %d has version %d", stream, n, data.Version)
			}
		}
	}
	if known, at := c.Checkpoint("policy"); at != (Mark{}) {
		if _, _, want := saved(belongs("the checkpoint", at)); !bytes.Equal(known, want) {
			t.Fatalf("the checkpoint at mark %d is of another", at.Position)
		}
	}
	x := c.Index()
	through, err := x.Through(t.Context())
	if err == nil {
		last := 0
		if through != (esdb.Mark{}) {
			last = belongs("the index", Mark(through))
		}
		if last < atLeast {
			t.Errorf("the index goes to %d, but %d was answered", last, atLeast)
		}
		for n := 1; n <= begun; n++ {
			for _, want := range placesOf(n) {
				var place esdb.Place
				var found bool
				if place, found, err = x.Find(t.Context(), want.ID); err != nil {
					break
				}
				if found != (n <= last) || found && place != want.Place {
					t.Fatalf("the index goes to %d: place of an id of %d: %t, %v, want %v", last, n, found, place, want.Place)
				}
			}
		}
		indexedThrough = last
	}
	if err != nil { // found broken in use: the next start makes it anew
		t.Logf("%v", err)
		_ = c.Close()
		if c, err = Open(path); err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if through, err := c.Index().Through(t.Context()); err != nil || through != (esdb.Mark{}) {
			t.Fatalf("a broken index is not made anew: %v, %v", through, err)
		}
		return 0
	}
	// And it is of use: what is saved now is kept.
	data, at, _ := saved(saves + 1)
	if err := c.Save(t.Context(), "ledger-a", data, at); err != nil {
		t.Fatal(err)
	}
	if _, got, ok := c.Load(t.Context(), "ledger-a"); !ok || got != at {
		t.Fatalf("what was saved afterwards: %v, %t", got, ok)
	}
	return indexedThrough
}

func newDisk(t *testing.T) *faultvfs.Disk {
	t.Helper()
	disk, err := faultvfs.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := disk.Close(); err != nil {
			t.Error(err)
		}
	})
	return disk
}

// chosen is which of n operations a test cuts: all when JEJAK_FAULTS is "all", otherwise some by chance.
func chosen(t *testing.T, n, some int) []int {
	t.Helper()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	all := r.Perm(n)
	if os.Getenv("JEJAK_FAULTS") != "all" && some < n {
		t.Logf("seed %d", seed)
		all = all[:some]
	}
	slices.Sort(all)
	return all
}

// TestCut kills the process and cuts the power at every write and sync: what is opened afterwards never claims to know more of the log than it
// does. The index keeps even what it answered before a kill; what a loss of power takes from it is read from the log again.
func TestCut(t *testing.T) {
	for _, indexed := range []bool{false, true} {
		whole := newDisk(t)
		if _, begun := play(t, whole, indexed); begun != saves {
			t.Fatalf("without a fault: %d of %d", begun, saves)
		}
		for _, outcome := range []faultvfs.Outcome{faultvfs.Killed, faultvfs.LostNothing, faultvfs.LostAll, faultvfs.LostSome} {
			t.Run(fmt.Sprintf("indexed %t/%s", indexed, outcome), func(t *testing.T) {
				kept := 0
				for _, at := range chosen(t, whole.Changes(), 25) {
					t.Run(fmt.Sprint(at+1), func(t *testing.T) {
						disk := newDisk(t)
						disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
							return faultvfs.Fault{Cut: op.Kind >= faultvfs.Write && op.N == at+1}
						})
						answered, begun := play(t, disk, indexed)
						disk.SetPlan(nil)
						disk.Restart(outcome, uint64(at))
						atLeast := 0
						if outcome == faultvfs.Killed {
							atLeast = answered
						}
						kept = max(kept, whatIsLeft(t, disk, begun, atLeast))
					})
				}
				if indexed && kept == 0 {
					t.Error("no cut left anything of the index")
				}
			})
		}
	}
}

// TestBroken lets every operation of the disk fail once, done and not done, with an I/O error and with a full disk: whoever goes on with the same
// open cache, and whoever opens what is left, is given nothing that does not belong to its mark.
func TestBroken(t *testing.T) {
	for _, indexed := range []bool{false, true} {
		whole := newDisk(t)
		if _, begun := play(t, whole, indexed); begun != saves {
			t.Fatalf("without a fault: %d of %d", begun, saves)
		}
		for _, fault := range []faultvfs.Fault{{Err: syscall.EIO}, {Err: syscall.EIO, Done: true}, {Err: syscall.ENOSPC}} {
			for _, reading := range []bool{false, true} {
				if reading && !errors.Is(fault.Err, syscall.EIO) {
					continue
				}
				operations := whole.Changes()
				if reading {
					operations = whole.Reads()
				}
				t.Run(fmt.Sprintf("indexed %t/reading %t/%v done %t", indexed, reading, fault.Err, fault.Done), func(t *testing.T) {
					for _, at := range chosen(t, operations, 8) {
						t.Run(fmt.Sprint(at+1), func(t *testing.T) {
							disk := newDisk(t)
							disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
								if op.N == at+1 && (reading && op.Kind == faultvfs.Read || !reading && op.Kind >= faultvfs.Write) {
									return fault
								}
								return faultvfs.Fault{}
							})
							_, begun := play(t, disk, indexed)
							disk.SetPlan(nil)
							whatIsLeft(t, disk, begun, 0)
						})
					}
				})
			}
		}
	}
}

// TestFlipped changes a bit of the file, and of the write-ahead log that a kill has left: it is found, and what is given out belongs to its mark.
func TestFlipped(t *testing.T) {
	disk := newDisk(t)
	if _, begun := play(t, disk, true); begun != saves {
		t.Fatalf("%d of %d", begun, saves)
	}
	file := disk.Content(simulated)
	lost := 0
	for _, at := range chosen(t, len(file), 60) {
		disk.Put(simulated, file)
		disk.Flip(simulated, int64(at), byte(1<<(at%8)))
		if whatIsLeft(t, disk, saves, 0) < saves {
			lost++
		}
		if t.Failed() {
			t.Fatalf("byte %d", at)
		}
	}
	if lost == 0 {
		t.Error("no change was found")
	}
	t.Logf("%d changes cost the index, of a file of %d bytes", lost, len(file))

	killed, changes := newDisk(t), disk.Changes()
	killed.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
		return faultvfs.Fault{Cut: op.Kind == faultvfs.Write && op.N > changes*3/4}
	})
	play(t, killed, true)
	killed.SetPlan(nil)
	killed.Restart(faultvfs.Killed, 0)
	file, log := killed.Content(simulated), killed.Content(simulated+"-wal")
	if len(log) == 0 {
		t.Fatal("the kill has left no write-ahead log")
	}
	for _, at := range chosen(t, len(log), 60) {
		killed.Put(simulated, file)
		killed.Put(simulated+"-wal", log)
		killed.Flip(simulated+"-wal", int64(at), byte(1<<(at%8)))
		whatIsLeft(t, killed, saves, 0)
		if t.Failed() {
			t.Fatalf("byte %d of the write-ahead log", at)
		}
	}
}
