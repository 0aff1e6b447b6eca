package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jejak/eventstore"
	"jejak/eventstore/checksum"
	"jejak/eventstore/faultvfs"
)

// count vouches for whatever it is given, and counts how often it was asked and for how many records.
type count struct{ asked, records int }

func (c *count) vouch(_ context.Context, records iter.Seq2[eventstore.Record, error]) error {
	c.asked++
	c.records = 0
	for _, err := range records {
		if err != nil {
			return err
		}
		c.records++
	}
	return nil
}

// TestFormat2OfOthers: whatever another program has done to a log of the format before that changes no row, the log is
// refused as long as nobody vouches for its records; when somebody does it is taken once, has sums, and goes on as any
// log.
func TestFormat2OfOthers(t *testing.T) {
	others(t, func(t *testing.T, o other) {
		for name, sql := range harmless {
			t.Run(name, func(t *testing.T) {
				path := format2(t, "killed")
				o.run(t, path, sql)
				adopt(t, path)
			})
		}
		t.Run("copy", func(t *testing.T) {
			path := format2(t, "killed")
			to := filepath.Join(t.TempDir(), "events.db")
			o.copy(t, path, to)
			adopt(t, to)
		})
		t.Run("copy by vacuum", func(t *testing.T) {
			path := format2(t, "killed")
			to := filepath.Join(t.TempDir(), "events.db")
			o.run(t, path, `VACUUM INTO '`+to+`'`)
			adopt(t, to)
		})
		t.Run("checkpoint beside a reader", func(t *testing.T) {
			path := format2(t, "killed")
			release := o.hold(t, path)
			defer release()
			o.run(t, path, `PRAGMA wal_checkpoint(PASSIVE)`)
			adopt(t, path)
		})
	})
}

// adopt opens a log of format 2 in which another program has written pages.
func adopt(t *testing.T, path string) {
	t.Helper()
	if pages, err := unfitting(path); err != nil || len(pages) == 0 {
		t.Fatalf("no page is of another program, %v", err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "format 2") {
		t.Fatalf("with nobody who vouches for it: %v", err)
	}
	refusal := errors.New("position 7 is not as it was")
	refuse := func(context.Context, iter.Seq2[eventstore.Record, error]) error { return refusal }
	_, err := Open(t.Context(), path, Options{Former: refuse})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), refusal.Error()) {
		t.Fatalf("when it was not vouched for: %v", err)
	}
	var c count
	s, err := Open(t.Context(), path, Options{Former: c.vouch})
	if err != nil || c != (count{1, 150}) {
		t.Fatalf("vouched for: %+v, %v", c, err)
	}
	d := &diary{t: t, path: path, store: s}
	for r, err := range s.ReadAll(t.Context(), 0, eventstore.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		d.acked = append(d.acked, r.Event)
	}
	e := newEvent(0)
	if _, err := s.Append(t.Context(), "new", 0, e); err != nil {
		t.Fatal(err)
	}
	d.acked = append(d.acked, e)
	d.check()
	d.close()
	d.open() // nobody has to vouch for it again
	d.check()
	d.close()
}

// TestFormat2Form: what the file itself shows to be wrong is refused whoever vouches for it.
func TestFormat2Form(t *testing.T) {
	change := func(sql string) string {
		return `DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete; ` + sql + `; ` +
			objects[4].sql + `; ` + objects[5].sql
	}
	for name, c := range map[string]struct{ sql, want string }{
		"a row is missing":       {change(`DELETE FROM events WHERE position = 70`), "positions 70 to 70 are missing"},
		"a version is missing":   {change(`UPDATE events SET version = version + 500 WHERE position > 140`), "position 141: stream"},
		"an id":                  {change(`UPDATE events SET id = 'x' WHERE position = 33`), "position 33"},
		"a time":                 {change(`UPDATE events SET recorded_at = '2024-02-30' WHERE position = 34`), "position 34"},
		"data are no JSON":       {change(`UPDATE events SET data = '{' WHERE position = 35`), "position 35: data is not JSON"},
		"a trigger is of others": {`CREATE TRIGGER x AFTER INSERT ON events BEGIN SELECT 1; END`, "trigger x"},
	} {
		t.Run(name, func(t *testing.T) {
			path := format2(t, "stopped")
			within{}.run(t, path, c.sql+`; VACUUM`)
			var asked count
			_, err := Open(t.Context(), path, Options{Former: asked.vouch})
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) || asked.asked > 0 {
				t.Fatalf("Open = %v, asked %d times; want %q", err, asked.asked, c.want)
			}
		})
	}
}

// TestFormat2FlippedOfOthers: a page of which one byte was changed is damage also where another program has written
// others, before anybody is asked.
func TestFormat2FlippedOfOthers(t *testing.T) {
	path := format2(t, "stopped")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(whole), "number 51 of an old")
	whole[at] ^= 4
	copy(whole[pageSize-checksum.Reserved:], "another") // on page 1, as another program leaves it
	if err := os.WriteFile(path, whole, 0o600); err != nil || at < 0 {
		t.Fatal(err, at)
	}
	var asked count
	_, err = Open(t.Context(), path, Options{Former: asked.vouch})
	want := fmt.Sprintf("page %d of", at/pageSize+1)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), want) || asked.asked > 0 {
		t.Fatalf("Open = %v, want %q", err, want)
	}
}

// TestFormat2Ended: who ends the judging has not found damage, and the log can be judged again.
func TestFormat2Ended(t *testing.T) {
	path := format2(t, "killed")
	within{}.run(t, path, `SELECT count(*) FROM events`)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Open(ctx, path, Options{Former: func(_ context.Context, records iter.Seq2[eventstore.Record, error]) error {
		for _, err := range records {
			if cancel(); err != nil {
				return err
			}
		}
		return nil
	}})
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrDamaged) {
		t.Fatalf("Open = %v", err)
	}
	adopt(t, path)
}

// TestFormat2Cut: the program is killed, or the power lost, at each write while it takes such a log. The next start
// takes it, and nothing is lost.
func TestFormat2Cut(t *testing.T) {
	source := format2(t, "killed")
	within{}.run(t, source, `SELECT count(*) FROM events`)
	content, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	for outcome := faultvfs.Killed; outcome <= faultvfs.LostSome; outcome++ {
		t.Run(outcome.String(), func(t *testing.T) {
			asked, cut := 0, true
			for at := 1; cut; at++ {
				cut = cutAt(t, content, outcome, at, &asked)
			}
			if asked == 0 {
				t.Error("nobody was asked again after any cut")
			}
		})
	}
}

// cutAt cuts at the change of that number, starts again, and tells whether there were so many changes.
func cutAt(t *testing.T, content []byte, outcome faultvfs.Outcome, at int, asked *int) (cut bool) {
	t.Helper()
	disk, err := faultvfs.New()
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	path := filepath.Join(t.TempDir(), "events.db")
	disk.Put(path, content)
	off := false
	disk.SetPlan(func(op faultvfs.Op) faultvfs.Fault {
		switch {
		case off:
			return faultvfs.Fault{Err: faultvfs.ErrOff}
		case op.Kind < faultvfs.Write || op.N != at:
			return faultvfs.Fault{}
		case op.Kind == faultvfs.Write && op.Len == checksum.Reserved:
			off = true // a checksum alone lies in one sector, so it is written whole or not at all
			return faultvfs.Fault{Err: faultvfs.ErrOff}
		}
		return faultvfs.Fault{Cut: true}
	})
	var c count
	s, err := Open(t.Context(), path, Options{VFS: disk.Name(), Former: c.vouch})
	if cut = off || disk.Off(); !cut && err != nil {
		t.Fatalf("cut %d did not come: %v", at, err)
	}
	if s != nil {
		_ = s.Close() // of a machine that is off
		cut = cut || off || disk.Off()
	}
	disk.SetPlan(nil)
	disk.Restart(outcome, uint64(at))
	c = count{}
	s, err = Open(t.Context(), path, Options{VFS: disk.Name(), Former: c.vouch})
	if err != nil {
		t.Fatalf("after cut %d: %v", at, err)
	}
	*asked += c.asked
	err = s.Verify(t.Context())
	head, err2 := s.Head(t.Context())
	if err := errors.Join(err, err2, s.Close()); err != nil || head != 150 {
		t.Fatalf("after cut %d: %d records, %v", at, head, err)
	}
	return cut
}
