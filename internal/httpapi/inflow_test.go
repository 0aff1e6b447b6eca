package httpapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// once gives a byte, and nothing when it is asked again.
type once struct {
	t    *testing.T
	read bool
}

func (o *once) Read(p []byte) (int, error) {
	if o.read {
		o.t.Error("the body is read after it was stopped")
		select {} // as a client who says nothing more
	}
	o.read = true
	return copy(p, "x"), nil
}

// A body that is stopped in the moment in which something has come is not waited for again.
func TestABodyThatIsStoppedIsNotWaitedFor(t *testing.T) {
	var room spoolRoom
	come, goOn := make(chan bool), make(chan bool)
	in := begin(&once{t: t}, &room, func() { close(come); <-goOn })
	<-come
	stopped := make(chan bool)
	go func() {
		in.stop(http.NewResponseController(httptest.NewRecorder()))
		close(stopped)
	}()
	for deadline := time.Now().Add(20 * time.Second); !in.over.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is not stopped")
		}
	}
	close(goOn)
	select {
	case <-stopped:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

// A disk that takes no more ends the batch as a full spool does; what is in memory is still read, and nothing stays counted.
func TestASpoolWithoutADisk(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere"))
	var room spoolRoom
	room.most.Store(1 << 30)
	s := newSpool(&room)
	defer s.discard()
	part := []byte(strings.Repeat("x", spoolMemory))
	if _, err := s.Write(part); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(part); !errors.Is(err, errSpoolFull) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	n := 0
	for into := make([]byte, 64<<10); ; {
		got, err := s.Read(into)
		if n += got; err != nil {
			break
		}
	}
	if n != spoolMemory || room.taken.Load() != 0 {
		t.Errorf("%d bytes were read, %d are counted", n, room.taken.Load())
	}
}
