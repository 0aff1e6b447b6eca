package views_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jejak/domain"
	"jejak/domain/ledger"
	"jejak/eventstore"
	"jejak/internal/command"
	"jejak/internal/views"
)

var units = []domain.Code{"35", "3501", "3509"}

// TestRowsFollowTheLog: whatever is recorded, by several at once, the rows are in the end what the ledgers give, in memory, in the file, and as told.
func TestRowsFollowTheLog(t *testing.T) {
	h := newHouse(t).published()
	h.follow()
	h.adopt(units...)
	for range 40 {
		for _, unit := range units {
			h.announce(unit)
		}
	}
	h.settled()
	h.checkRows(t)
	for _, unit := range units {
		row, _ := h.runner.Row(views.Regency, pemilu, unit)
		h.until("the last row is told", func() bool { last, _ := h.told.of(views.Regency, unit); return last.At.Position == row.At.Position })
		if last, _ := h.told.of(views.Regency, unit); string(last.Body) != string(row.Body) || h.told.back {
			t.Errorf("told %+v (back %t), kept %+v", last, h.told.back, row)
		}
	}
	kept, err := h.file.Rows()
	if err != nil || len(kept) != len(units)*len(views.All(true)) {
		t.Errorf("%d rows in the file, %v", len(kept), err)
	}
	var each []domain.Code
	h.runner.Each(views.Regency, func(row views.Row) { each = append(each, row.Unit) })
	if !slices.Equal(each, units) {
		t.Errorf("each: %v", each)
	}
	if trouble := h.runner.Trouble(); trouble != nil {
		t.Error(trouble)
	}
}

// checkRows compares every row with what its ledger gives.
func (h *house) checkRows(t *testing.T) {
	t.Helper()
	for _, v := range views.All(true) {
		for _, unit := range units {
			row, ok := h.runner.Row(v.Name, pemilu, unit)
			if diff := cmp.Diff(string(h.made(v, unit)), string(row.Body)); !ok || diff != "" {
				t.Errorf("%s of %s (-ledger +row):\n%s", v.Name, unit, diff)
			}
		}
	}
}

// counting counts the looks at ledgers.
type counting struct {
	command.Ledgers
	looks atomic.Int64
}

func (c *counting) View(ctx context.Context, e string, u domain.Code, at eventstore.Position, read func(*ledger.State, eventstore.Position)) error {
	c.looks.Add(1)
	return c.Ledgers.View(ctx, e, u, at, read)
}

// TestAStartLoadsNothing: what happened up to the stop is in the rows, and a start with such rows looks at no ledger; one that lacks some looks
// at those units alone.
func TestAStartLoadsNothing(t *testing.T) {
	h := newHouse(t).published()
	h.follow()
	h.adopt(units...)
	h.announce("3501")
	h.unfollow()
	ledgers := &counting{Ledgers: h.ledgers}
	again := func(want int64) {
		t.Helper()
		before := ledgers.looks.Load()
		h.followWith(views.Config{Ledgers: ledgers, Views: views.All(true)})
		if want == 0 { // all is there at once, not after a while
			for _, unit := range units {
				if row, ok := h.runner.Row(views.Regency, pemilu, unit); !ok || string(row.Body) != string(h.made(views.All(true)[0], unit)) {
					t.Errorf("%s: %t", unit, ok)
				}
			}
		}
		h.settled()
		h.unfollow()
		if looks := ledgers.looks.Load() - before; looks != want {
			t.Errorf("%d looks at ledgers, want %d", looks, want)
		}
	}
	again(0)
	h.announce("3509") // nobody follows
	again(1)
	again(0)
	h.must(os.Remove(h.path()))
	again(3)
	// A row that says it is at the end of another event is of another log.
	file, err := views.Open(h.path())
	h.must(err)
	rows, err := file.Rows()
	h.must(err)
	for i := range rows {
		if rows[i].Unit == "3509" {
			rows[i].At.Event[3]++
		}
	}
	h.must(file.Save(rows))
	h.must(file.Close())
	again(1)
	// Damage costs the rows, nothing else.
	text, err := os.ReadFile(h.path())
	h.must(err)
	for i := 5000; i < len(text); i += 512 {
		text[i] ^= 4
	}
	h.must(os.WriteFile(h.path(), text, 0o600))
	again(3)
	h.must(os.WriteFile(h.path(), []byte(strings.Repeat("no database ", 2000)), 0o600))
	again(3)
}

func TestAnEmptyLog(t *testing.T) {
	h := newHouse(t).open()
	h.follow()
	for _, lag := range h.runner.Lag() {
		if lag.Position != 0 || lag.Head != 0 || lag.Oldest != 0 || lag.Stopped != 0 || lag.Building {
			t.Errorf("%+v", lag)
		}
	}
	h.unfollow()
	done, err := views.Rebuild(t.Context(), views.Log{Store: h.store, Catalog: h.catalog}, views.All(true), nil)
	if err != nil || !reflect.DeepEqual(done, views.Rebuilt{}) {
		t.Errorf("%+v %v", done, err)
	}
}

// breaking is a view that cannot show some units while it is broken.
type breaking struct {
	mu     sync.Mutex
	broken map[domain.Code]string
}

func (b *breaking) set(unit domain.Code, how string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken[unit] = how
}

func (b *breaking) view(name string, version int) views.View {
	return views.View{Name: name, Version: version, Row: func(s *ledger.State, at eventstore.Position) ([]byte, error) {
		b.mu.Lock()
		how := b.broken[s.Unit]
		b.mu.Unlock()
		switch how {
		case "panic":
			panic("the view is broken")
		case "error":
			return nil, errors.New("the view is broken")
		}
		return fmt.Appendf(nil, "%s.%d %s %d %d", name, version, s.Unit, s.Version, at), nil
	}}
}

// TestAViewThatBreaksStandsStill: for that unit alone, with an alarm, and nothing is passed over: when it can again it goes on by itself.
func TestAViewThatBreaksStandsStill(t *testing.T) {
	for _, how := range []string{"panic", "error"} {
		t.Run(how, func(t *testing.T) {
			h := newHouse(t).published()
			h.adopt(units...)
			b := &breaking{broken: map[domain.Code]string{"3501": how}}
			h.follow(append(views.All(true), b.view("breaking", 1))...)
			for range 5 {
				h.announce("3501")
				h.announce("3509")
			}
			h.until("it is told that the view stands still", func() bool { return len(h.runner.Trouble()) > 0 })
			h.until("the others go on", func() bool {
				regency, _ := h.runner.Row(views.Regency, pemilu, "3501")
				other, _ := h.runner.Row("breaking", pemilu, "3509")
				return regency.Ledger == 6 && other.Ledger == 6
			})
			if row, ok := h.runner.Row("breaking", pemilu, "3501"); ok {
				t.Errorf("a row of the broken view: %s", row.Body)
			}
			if trouble := h.runner.Trouble(); len(trouble) != 1 || !strings.Contains(trouble[0], "breaking of 3501 of pemilu2024") || !strings.Contains(trouble[0], "the view is broken") {
				t.Errorf("%q", trouble)
			}
			for _, lag := range h.runner.Lag() {
				if broken := lag.View == "breaking"; broken != (lag.Stopped == 1) || broken != (lag.Oldest > 0) || broken != (lag.Position < lag.Head) {
					t.Errorf("%+v", lag)
				}
			}
			b.set("3501", "")
			h.until("it goes on by itself", func() bool {
				row, _ := h.runner.Row("breaking", pemilu, "3501")
				return row.Ledger == 6 && len(h.runner.Trouble()) == 0
			})
		})
	}
}

// TestANewVersionIsBuiltBesideTheOld: the old rows stay until the new ones are all there, and nobody is told of any before.
func TestANewVersionIsBuiltBesideTheOld(t *testing.T) {
	h := newHouse(t).published()
	h.adopt(units...)
	b := &breaking{broken: map[domain.Code]string{}}
	h.follow(b.view("breaking", 1))
	h.until("the first version is there", func() bool {
		_, ok := h.runner.Row("breaking", pemilu, "3509")
		_, n := h.told.of("", "")
		return ok && n == 3
	})
	h.unfollow()
	b.set("3509", "error")
	h.follow(b.view("breaking", 2))
	h.announce("3501")
	h.until("two units are built", func() bool {
		row, _ := h.runner.Row("breaking", pemilu, "3501")
		_, ok := h.runner.Row("breaking", pemilu, "35")
		return ok && row.Ledger == 2
	})
	versions := func() (list []int) {
		rows, err := h.file.Rows()
		h.must(err)
		for _, r := range rows {
			list = append(list, r.Version)
		}
		return list
	}
	if got := versions(); !slices.Equal(got, []int{1, 1, 1, 2, 2}) {
		t.Errorf("versions in the file %v", got)
	}
	if _, times := h.told.of("", ""); times != 3 || !h.runner.Lag()[0].Building {
		t.Errorf("told %d times, %+v", times, h.runner.Lag())
	}
	b.set("3509", "")
	h.until("the new version has taken over", func() bool { _, n := h.told.of("", ""); return !h.runner.Lag()[0].Building && n == 6 })
	if got := versions(); !slices.Equal(got, []int{2, 2, 2}) {
		t.Errorf("versions in the file %v", got)
	}
	if row, _ := h.told.of("breaking", "3501"); !strings.HasPrefix(string(row.Body), "breaking.2 3501 2 ") {
		t.Errorf("told %s", row.Body)
	}
}
