package readlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jejak/domain"
)

func opened(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func admit(t *testing.T, l *Log, r Read) *Request {
	t.Helper()
	q, err := l.Admit(r)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// beside counts the rows as another program sees them.
func beside(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT count(*) FROM reads`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWrittenByItselfAndAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.db")
	l := opened(t, path)
	at := time.Date(2024, 2, 13, 6, 45, 0, 123456000, time.FixedZone("WIB", 7*3600))
	want := Read{At: at, User: "usr-1", Role: "auditor", Scope: "35", Method: "GET", Route: "GET /v1/events", Path: "/v1/events", Query: "unit=3578", Unit: "3578"}
	admit(t, l, want).Done(200, 12345, 99)
	for beside(t, path) == 0 { // nobody asks for it to be written
		time.Sleep(10 * time.Millisecond)
	}
	lasting := admit(t, l, Read{At: time.Now().Add(-time.Minute), User: "usr-2", Scope: "35"})
	admit(t, l, Read{At: time.Now(), User: "usr-3", Scope: "3501"}).Done(403, 0, 0)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Admit(want); !errors.Is(err, ErrNotKept) {
		t.Errorf("after the end: %v", err)
	}
	lasting.Done(200, 1, 1) // too late; it does no harm
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	list, err := opened(t, path).List(t.Context(), Query{Limit: 10})
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	want.At, want.Status, want.Bytes, want.Position = at.UTC(), 200, 12345, 99
	if list[0].Read != want || list[0].Part != Whole {
		t.Errorf("kept %+v, want %+v", list[0], want)
	}
	parts := map[string]Part{list[1].User: list[1].Part, list[2].User: list[2].Part}
	if parts["usr-2"] != Begun || parts["usr-3"] != Whole {
		t.Errorf("at the end: %+v", list)
	}
}

func TestOnlyAdded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.db")
	l := opened(t, path)
	admit(t, l, Read{User: "usr-1"}).Done(200, 0, 0)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`UPDATE reads SET user = 'usr-2'`, `DELETE FROM reads`} {
		if _, err := l.db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "never") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestQueries(t *testing.T) {
	l := opened(t, filepath.Join(t.TempDir(), "access.db"))
	start := time.Date(2024, 2, 13, 0, 0, 0, 0, time.UTC)
	for i, scope := range []string{"35", "3578", "3501", "3578"} {
		admit(t, l, Read{At: start.Add(time.Duration(i) * time.Hour), User: fmt.Sprint("usr-", i%2), Scope: scope}).Done(200, 0, 0)
	}
	for name, c := range map[string]struct {
		q    Query
		want int
	}{
		"all": {Query{}, 4}, "of a person": {Query{User: "usr-1"}, 2}, "in a regency": {Query{Scope: "3578"}, 2}, "in the province": {Query{Scope: "35"}, 4},
		"from": {Query{From: start.Add(time.Hour)}, 3}, "to": {Query{To: start.Add(time.Hour)}, 1}, "after": {Query{After: 3}, 1},
		"nobody's": {Query{User: "usr-1' OR '1'='1"}, 0},
	} {
		c.q.Limit = 10
		if list, err := l.List(t.Context(), c.q); err != nil || len(list) != c.want {
			t.Errorf("%s: %d, want %d: %v", name, len(list), c.want, err)
		}
	}
}

// Too many that wait are not admitted, rather than kept in memory without end.
func TestNoMoreThanCanWait(t *testing.T) {
	l := opened(t, filepath.Join(t.TempDir(), "access.db"))
	l.writing.Lock() // the disk takes long
	admitted := 0
	for ; ; admitted++ {
		q, err := l.Admit(Read{User: "usr-1"})
		if err != nil {
			if !errors.Is(err, ErrNotKept) {
				t.Errorf("error %v", err)
			}
			break
		}
		q.Done(200, 0, 0)
	}
	l.writing.Unlock()
	if admitted != mostWaiting {
		t.Errorf("%d were admitted", admitted)
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	admit(t, l, Read{User: "usr-1"}).Done(200, 0, 0)
}

func TestMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.db")
	l := opened(t, path)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 200 {
				q, err := l.Admit(Read{At: time.Now(), User: fmt.Sprint("usr-", i)})
				if err != nil {
					t.Error(err)
					return
				}
				q.Done(200, 1, 1)
			}
		})
	}
	all.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if n := beside(t, path); n != 1600 {
		t.Errorf("%d rows", n)
	}
}

func TestWhoseReadsAreKept(t *testing.T) {
	for _, role := range []domain.Role{domain.RoleAdmin, domain.RoleProvince, domain.RoleOperator, domain.RoleEscort, domain.RoleStation, domain.RoleSimulator, domain.RoleSystem} {
		if Recorded(role) {
			t.Errorf("reads of %s are kept", role)
		}
	}
}

// BenchmarkRead is what keeping a read costs the request.
func BenchmarkRead(b *testing.B) {
	l, err := Open(context.Background(), filepath.Join(b.TempDir(), "access.db"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	r := Read{At: time.Now(), User: "usr-1", Role: "auditor", Scope: "35", Method: "GET", Route: "GET /v1/events", Path: "/v1/events"}
	for b.Loop() {
		q, err := l.Admit(r)
		if err != nil {
			_ = l.Flush(context.Background()) // faster than the disk
			continue
		}
		q.Done(200, 1, 1)
	}
}
