package broker

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"jejak/domain"
	"jejak/internal/outside"
)

// smallDisk makes the folder of the feed a disk of its own, of some bytes.
func (d *door) smallDisk(size string) {
	d.t.Helper()
	dir := filepath.Join(d.dir, "nats")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size="+size); err != nil {
		outside.Lacking(d.t, "a disk of its own: "+err.Error(), "run it as root")
	}
	d.t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			d.t.Error(err)
		}
	})
}

// TestDiskFull: nothing more goes onto the disk of the feed. When there is room again the feed goes on by itself, with all that was acknowledged.
func TestDiskFull(t *testing.T) {
	d := bareDoor(t)
	d.close()
	d.smallDisk("24M")
	d.open()
	t.Cleanup(d.close) // before the disk goes
	d.makeFeed()
	escort := d.user(domain.RoleEscort, "P3578A")
	d.connect(escort)
	body := []byte(strings.Repeat("x", 64<<10))
	publish := func() error {
		_, err := d.js.PublishMsg(t.Context(), &nats.Msg{Subject: "jejak.pemilu2024.P3578A.shipment.SHP-1.delayed", Data: body})
		return err
	}
	acknowledged := uint64(0)
	for range 64 {
		if err := publish(); err != nil {
			t.Fatal(err)
		}
		acknowledged++
	}
	ballast := filepath.Join(d.dir, "nats", "ballast")
	full, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = full.Write(body)
	}
	_ = full.Close() // it is full
	for err = nil; err == nil; {
		if err = publish(); err == nil {
			acknowledged++
		}
	}
	until(t, "it says so", func() bool { return strings.Contains(d.log.String(), "cannot write: the feed waits") })
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	until(t, "it goes on", func() bool { return publish() == nil })
	stream, err := d.js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	if state := stream.CachedInfo().State; state.Msgs < 64 || state.NumDeleted != 0 {
		t.Errorf("%+v after %d that were acknowledged", state, acknowledged)
	}
	d.connect(escort)
}
