package backup_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jejak/eventstore"
	"jejak/eventstore/memory"
	"jejak/eventstore/sqlite"
	"jejak/internal/backup"
	"jejak/internal/outside"
)

// logOf makes a log with some streams, commands of several events, and payloads of all kinds.
func logOf(t *rapid.T) eventstore.Store {
	store := memory.New()
	versions := map[string]eventstore.Version{}
	streams := []string{"ledger-pemilu2024.3578", "ledger-pemilu2024.3501", "attempts-pemilu2024.3578", "election-pemilu2024", `odd"name\`}
	payload := rapid.SampledFrom([]string{"", `{}`, `{"a": "b\nc"}`, "{\n \"spaced\" : 1.0 }", `"` + strings.Repeat("x", 9_000) + `"`, `{"n":"é\u0000"}`})
	for range rapid.IntRange(0, 60).Draw(t, "appends") {
		stream := rapid.SampledFrom(streams).Draw(t, "stream")
		command := uuid.Nil
		if rapid.Bool().Draw(t, "of a command") {
			command = uuid.New()
		}
		var events []eventstore.Event
		for i := range rapid.IntRange(1, 3).Draw(t, "events") {
			id := uuid.New()
			if command != uuid.Nil {
				id = uuid.NewSHA1(command, []byte{byte(i)})
			}
			events = append(events, eventstore.Event{
				ID: id, Command: command, Type: "a.b", Schema: i, RecordedAt: time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(t, "time")),
				Data: []byte(payload.Draw(t, "data")), Metadata: []byte(payload.Draw(t, "metadata")),
			})
		}
		if _, err := store.Append(context.Background(), stream, versions[stream], events...); err != nil {
			t.Fatal(err)
		}
		versions[stream] += eventstore.Version(len(events))
	}
	return store
}

func records(ctx context.Context, t interface{ Fatal(...any) }, store eventstore.Store) (all []eventstore.Record) {
	for rec, err := range store.ReadAll(ctx, 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		rec.Event = rec.Stored()
		all = append(all, rec)
	}
	return all
}

func write(t interface{ Fatal(...any) }, store eventstore.Store, files ...backup.File) []byte {
	head, err := store.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := backup.Write(context.Background(), &out, backup.Source{
		Program: "test", Kind: "real", Began: time.Now(), Log: store, Head: head, Engine: "sqlite", Files: files,
	}, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(b []byte, to backup.Target) (backup.Manifest, error) {
	return backup.Read(context.Background(), bytes.NewReader(b), int64(len(b)), to, nil)
}

// What was in the log is in the backup, and in the log that is made of it, to the byte.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	for n := range 6 { // each waits for the disk several times
		store := rapid.Custom(logOf).Example(n)
		ctx := t.Context()
		want := records(ctx, t, store)
		path := filepath.Join(dir, fmt.Sprint(n, ".db"))
		list, err := read(write(t, store), backup.Target{Log: func(all iter.Seq2[eventstore.Record, error]) error { return sqlite.Load(ctx, path, all) }})
		if err != nil {
			t.Fatal(err)
		}
		if list.Log.Events != uint64(len(want)) || list.Log.Position != uint64(len(want)) {
			t.Errorf("%+v for %d events", list.Log, len(want))
		}
		loaded, err := sqlite.Open(ctx, path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := loaded.Verify(ctx); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, records(ctx, t, loaded)); diff != "" {
			t.Errorf("restored (-was +is):\n%s", diff)
		}
		if err := errors.Join(loaded.Close(), os.Remove(path)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsInIt(t *testing.T) {
	store := memory.New()
	for i, stream := range []string{"ledger-pemilu2024.35", "ledger-pemilu2024.3578", "ledger-pilkada2024.35", "attempts-pemilu2024.3501", "election-pemilu2024"} {
		_, err := store.Append(t.Context(), stream, 0, eventstore.Event{ID: uuid.New(), Type: "a.b", RecordedAt: time.Unix(int64(i), 0), Data: []byte(`{}`)})
		if err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "people.db")
	if err := os.WriteFile(name, bytes.Repeat([]byte("people"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := write(t, store, backup.File{Name: "people.db", Path: name})
	list, err := backup.ReadManifest(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	if want := []backup.Election{{Election: "pemilu2024", Units: 2}, {Election: "pilkada2024", Units: 1}}; !cmp.Equal(want, list.Elections) {
		t.Errorf("elections %+v", list.Elections)
	}
	if list.Log.Streams != 5 || len(list.Parts) != 2 || list.Parts[0].Size != 600_000 || !list.Log.Last.Equal(time.Unix(4, 0)) {
		t.Errorf("%+v", list)
	}
	got := ""
	if _, err := read(whole, backup.Target{File: func(name string, body io.Reader) error {
		b, err := io.ReadAll(body)
		got = fmt.Sprint(name, " ", len(b))
		return err
	}}); err != nil || got != "people.db 600000" {
		t.Errorf("%s, %v", got, err)
	}
}

// The archive opens with stock tools.
func TestStockTools(t *testing.T) {
	for _, tool := range []string{"zstd", "tar"} {
		outside.Program(t, tool)
	}
	store := memory.New()
	if _, err := store.Append(t.Context(), "s", 0, eventstore.Event{ID: uuid.New(), Type: "a.b", RecordedAt: time.Unix(1, 0), Data: []byte(`{"kind":"wet"}`)}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b"), write(t, store), 0o600); err != nil {
		t.Fatal(err)
	}
	tar := exec.CommandContext(t.Context(), "tar", "--zstd", "-xf", "b")
	tar.Dir = dir
	if out, err := tar.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "log", "000001")); err != nil || !strings.Contains(string(text), "\n{\"kind\":\"wet\"}\n\n") {
		t.Errorf("%s, %v", text, err)
	}
}

// Whatever byte is changed, and wherever the file is cut off or goes on, it is refused.
func TestTampering(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := write(t, logOf(t))
		changed := bytes.Clone(whole)
		switch rapid.SampledFrom([]string{"change", "cut", "add", "take out"}).Draw(t, "how") {
		case "change":
			at := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
			changed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		case "cut":
			changed = changed[:rapid.IntRange(0, len(changed)-1).Draw(t, "to")]
		case "add":
			changed = append(changed, rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "what")...)
		case "take out":
			at := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
			changed = append(changed[:at], changed[at+1:]...)
		}
		_, err := read(changed, backup.Target{})
		var damaged *backup.DamagedError
		var newer *backup.NewerError
		if !errors.As(err, &damaged) && !errors.As(err, &newer) {
			t.Errorf("error %v", err)
		}
	})
}

func TestANewerFormat(t *testing.T) {
	whole := write(t, memory.New())
	newer := bytes.Replace(whole, fmt.Appendf(nil, "jejak-backup %d", backup.Format), []byte("jejak-backup 9"), 1)
	for name, c := range map[string]struct{ file, by []byte }{
		"whose manifest is read":     {newer, []byte(`, written by "test"`)},
		"whose manifest is not read": {newer[:len(newer)-1], nil},
	} {
		_, err := read(c.file, backup.Target{})
		want := fmt.Sprintf("the backup has format 9%s, this program knows up to %d: use the program that wrote it, or a newer one", c.by, backup.Format)
		var is *backup.NewerError
		if !errors.As(err, &is) || err.Error() != want {
			t.Errorf("one %s: %v", name, err)
		}
	}
}

// A backup that fits its own sums but holds no whole log: made by a program that is wrong.
func TestALogWithAHole(t *testing.T) {
	store := memory.New()
	for i := range 3 {
		if _, err := store.Append(t.Context(), "s", eventstore.Version(i), eventstore.Event{ID: uuid.New(), Type: "a.b", RecordedAt: time.Unix(1, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	_, err := backup.Write(t.Context(), &out, backup.Source{Log: holed{store}, Head: 3, Engine: "sqlite"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(out.Bytes(), backup.Target{}); err == nil || !strings.Contains(err.Error(), "position 3 comes after 1") {
		t.Errorf("error %v", err)
	}
}

// holed leaves out the second record.
type holed struct{ eventstore.Store }

func (h holed) ReadAll(ctx context.Context, after eventstore.Position, f eventstore.Filter) iter.Seq2[eventstore.Record, error] {
	return func(yield func(eventstore.Record, error) bool) {
		for rec, err := range h.Store.ReadAll(ctx, after, f) {
			if rec.Position != 2 && !yield(rec, err) {
				return
			}
		}
	}
}

// fullDisk takes some bytes.
type fullDisk struct{ room int }

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

func TestDiskFull(t *testing.T) {
	store := memory.New()
	if _, err := store.Append(t.Context(), "s", 0, eventstore.Event{ID: uuid.New(), Type: "a.b", RecordedAt: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	size := len(write(t, store))
	for room := 0; room < size; room += 1 + room/20 {
		if _, err := backup.Write(t.Context(), &fullDisk{room}, backup.Source{Log: store, Head: 1}, nil); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("room for %d of %d bytes: %v", room, size, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(write(f, memory.New()))
	f.Add(binary.LittleEndian.AppendUint32(nil, 0x184D2A5A))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := read(b, backup.Target{}); err != nil {
			return
		}
		if _, err := backup.ReadManifest(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Errorf("read, but its manifest is not: %v", err)
		}
	})
}
