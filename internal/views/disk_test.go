package views_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"syscall"
	"testing"

	"jejak/eventstore/faultvfs"
	"jejak/internal/views"
)

// broken are ways in which a disk fails until it is mended.
var broken = map[string]func(*faultvfs.Disk){
	"full":                failing(func(op faultvfs.Op) bool { return op.Kind == faultvfs.Write || op.Kind == faultvfs.Create }, syscall.ENOSPC),
	"full for what grows": failing(func(op faultvfs.Op) bool { return op.Kind == faultvfs.Write && op.Grows || op.Kind == faultvfs.Create }, syscall.ENOSPC),
	"read-only":           func(disk *faultvfs.Disk) { disk.SetReadOnly(true) },
	"writes fail":         failing(func(op faultvfs.Op) bool { return op.Kind == faultvfs.Write }, syscall.EIO),
	"everything fails":    failing(func(faultvfs.Op) bool { return true }, syscall.EIO),
}

func failing(which func(faultvfs.Op) bool, err error) func(*faultvfs.Disk) {
	return func(disk *faultvfs.Disk) {
		disk.SetPlan(func(op faultvfs.Op) (f faultvfs.Fault) {
			if which(op) {
				f.Err = err
			}
			return f
		})
	}
}

func mend(disk *faultvfs.Disk) {
	disk.SetPlan(nil)
	disk.SetReadOnly(false)
}

// TestADiskThatFails: while views.db cannot be written, commands are answered, the rows stand still and say so; when it can again they catch up by
// themselves, and the file has all of them, whether the server stops before or after.
func TestADiskThatFails(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		for _, stopped := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", stopped meanwhile"}[stopped], func(t *testing.T) { survives(t, broken[name], stopped) })
		}
	}
}

// TestADiskThatFailsTwice: the file turns out to be damaged, and while it is made anew the disk is full, after so many writes.
func TestADiskThatFailsTwice(t *testing.T) {
	for writes := 0; writes < 22; writes += 2 {
		t.Run(fmt.Sprint(writes), func(t *testing.T) {
			survives(t, func(disk *faultvfs.Disk) {
				left, anew := writes, false
				disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
					anew = anew || op.Kind == faultvfs.Delete
					switch {
					case op.Kind != faultvfs.Write:
						return faultvfs.Fault{}
					case !anew:
						return faultvfs.Fault{Err: syscall.EIO}
					case left == 0:
						return faultvfs.Fault{Err: syscall.ENOSPC}
					}
					left--
					return faultvfs.Fault{}
				})
			}, false)
		})
	}
}

func survives(t *testing.T, breaks func(*faultvfs.Disk), stopped bool) {
	disk, err := faultvfs.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	h := newHouse(t).published()
	h.disk = disk.Name()
	h.follow()
	h.adopt(units...)
	h.announce("3509")
	h.settled()
	before, _ := h.runner.Row(views.Regency, pemilu, "3501")

	breaks(disk)
	for range 3 {
		h.announce("3501") // is answered, or the test ends here
	}
	h.until("the alarm", func() bool { return len(h.runner.Trouble()) == len(views.All(true)) })
	for _, lag := range h.runner.Lag() {
		if lag.Stopped != 1 || lag.Oldest == 0 || lag.Position >= lag.Head {
			t.Errorf("%+v", lag)
		}
	}
	if row, ok := h.runner.Row(views.Regency, pemilu, "3501"); !ok || row.Ledger >= before.Ledger+3 {
		t.Errorf("a row that was not saved is given out: version %d", row.Ledger)
	}
	h.announce("3501")

	if stopped {
		h.must(h.runner.Close(context.Background()))
		_ = h.file.Close() // it may say what is wrong with the disk
		h.runner = nil
		mend(disk)
		h.follow()
	}
	mend(disk)
	h.settled()
	if trouble := h.runner.Trouble(); trouble != nil {
		t.Errorf("trouble afterwards: %q", trouble)
	}
	h.checkRows(t)
	h.unfollow()
	h.checkFile(t)
}

// checkFile compares every row of the file with what its ledger gives.
func (h *house) checkFile(t *testing.T) {
	t.Helper()
	file, err := views.OpenOn(h.disk, h.path())
	h.must(err)
	defer file.Close()
	rows, err := file.Rows()
	h.must(err)
	if want := len(units) * len(views.All(true)); len(rows) != want {
		t.Errorf("%d rows in the file, want %d", len(rows), want)
	}
	for _, row := range rows {
		v := views.All(true)[slices.IndexFunc(views.All(true), func(v views.View) bool { return v.Name == row.View })]
		if want := h.made(v, row.Unit); !bytes.Equal(row.Body, want) {
			t.Errorf("%s of %s in the file: %s, want %s", row.View, row.Unit, row.Body, want)
		}
	}
}
