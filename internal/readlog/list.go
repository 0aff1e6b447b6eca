package readlog

import (
	"context"
	"fmt"
	"time"

	"jejak/domain"
)

// timeForm sorts as the times do.
const timeForm = "2006-01-02T15:04:05.000000Z"

// Query chooses reads.
type Query struct {
	User     string    // "": of everybody
	Scope    string    // only of users whose scope lies in this region; "": of all
	From, To time.Time // that came at or after, and before; zero: no bound
	After    int64     // sequence number after which to go on
	Limit    int       // at most so many; at least 1
}

// List lists reads in the order in which they were written, the newest included.
func (l *Log) List(ctx context.Context, q Query) ([]Kept, error) {
	if err := l.Flush(ctx); err != nil {
		return nil, fmt.Errorf("list reads: write what waits: %w", err)
	}
	from, to := "", "9999"
	if !q.From.IsZero() {
		from = q.From.UTC().Format(timeForm)
	}
	if !q.To.IsZero() {
		to = q.To.UTC().Format(timeForm)
	}
	rows, err := l.db.QueryContext(ctx, `SELECT seq, request, part, at, user, role, scope, method, route, path, query, unit, status, bytes, position FROM reads
		WHERE seq > ? AND at >= ? AND at < ? AND (? = '' OR user = ?) AND substr(scope, 1, length(?)) = ? ORDER BY seq LIMIT ?`,
		q.After, from, to, q.User, q.User, q.Scope, q.Scope, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list reads: %w", err)
	}
	defer rows.Close()
	list := []Kept{}
	for rows.Next() {
		var k Kept
		var at string
		var position int64
		err := rows.Scan(&k.Seq, &k.Request, &k.Part, &at, &k.User, &k.Role, &k.Scope, &k.Method, &k.Route, &k.Path, &k.Query, &k.Unit, &k.Status, &k.Bytes, &position)
		if err == nil {
			k.Position = uint64(position)
			k.At, err = domain.StoredTime(at)
		}
		if err != nil {
			return nil, fmt.Errorf("list reads: %w", err)
		}
		list = append(list, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list reads: %w", err)
	}
	return list, nil
}
