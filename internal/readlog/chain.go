package readlog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Each row has the hash of itself and of the row before, so that who knows the newest finds any row that was changed, removed or inserted since. The notary signs the
// newest now and then (docs/notary.md); without it whoever changes a row makes all hashes after it fit.

// Head is the end of the chain of a file.
type Head struct {
	File string // random id of the file: another begins a chain of its own
	Rows int64
	Sum  string // base64 of the SHA-256 of the newest row, "" while there is none
}

// link is the hash of a row: of the hash before it and of its columns, each with its length.
func link(before string, seq int64, texts []string, numbers []int64) string {
	sum := sha256.New()
	put := func(n int64) { sum.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	text := func(s string) { put(int64(len(s))); sum.Write([]byte(s)) }
	text("jejak-read/v1")
	text(before)
	put(seq)
	for _, s := range texts {
		text(s)
	}
	for _, n := range numbers {
		put(n)
	}
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// columns of a row, as its hash has them.
const columns = `request, part, at, user, role, scope, method, route, path, query, unit, status, bytes, position`

func (k *Kept) columns() (texts []string, numbers []int64) {
	return []string{k.Request, string(k.Part), k.At.UTC().Format(timeForm), k.User, k.Role, k.Scope, k.Method, k.Route, k.Path, k.Query, k.Unit},
		[]int64{int64(k.Status), k.Bytes, int64(k.Position)}
}

// row is a row as it stands in the file.
type row struct {
	seq     int64
	texts   []string
	numbers []int64
	sum     string
}

// eachRow reads all rows in their order.
func eachRow(ctx context.Context, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, do func(*row) error) error {
	rows, err := db.QueryContext(ctx, `SELECT seq, `+columns+`, chain FROM reads ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r := row{texts: make([]string, 11), numbers: make([]int64, 3)}
		into := []any{&r.seq}
		for i := range r.texts {
			into = append(into, &r.texts[i])
		}
		for i := range r.numbers {
			into = append(into, &r.numbers[i])
		}
		if err := rows.Scan(append(into, &r.sum)...); err != nil {
			return err
		}
		if err := do(&r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// chained gives a file its id, and rows of before there was a chain their hashes, as they are.
func chained(ctx context.Context, db *sql.DB) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	var has int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM pragma_table_info('reads') WHERE name = 'chain'`).Scan(&has); err != nil {
		return err
	}
	if has == 0 {
		if err := chainOld(ctx, tx); err != nil {
			return err
		}
	}
	var id [8]byte
	rand.Read(id[:]) // never fails
	if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO file (one, id) VALUES (1, ?)`, hex.EncodeToString(id[:])); err != nil {
		return err
	}
	return tx.Commit()
}

func chainOld(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `DROP TRIGGER reads_no_update; ALTER TABLE reads ADD COLUMN chain TEXT NOT NULL DEFAULT ''`); err != nil {
		return err
	}
	var seqs []int64
	var sums []string
	before := ""
	err := eachRow(ctx, tx, func(r *row) error {
		before = link(before, r.seq, r.texts, r.numbers)
		seqs, sums = append(seqs, r.seq), append(sums, before)
		return nil
	})
	for i := range seqs {
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE reads SET chain = ? WHERE seq = ?`, sums[i], seqs[i])
		}
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, noUpdate)
	}
	return err
}

// readHead reads the end of the chain.
func readHead(ctx context.Context, db *sql.DB) (h Head, seq int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT id FROM file`).Scan(&h.File)
	if err == nil {
		err = db.QueryRowContext(ctx, `SELECT count(*), coalesce(max(seq), 0), coalesce((SELECT chain FROM reads ORDER BY seq DESC LIMIT 1), '') FROM reads`).Scan(&h.Rows, &seq, &h.Sum)
	}
	return h, seq, err
}

// Head is the end of the chain of what is on the disk.
func (l *Log) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Check holds a file that nobody has open against ends of its chain that were signed, the oldest first, and says what does not hold. Those of other files are passed over; other
// tells that there are some. A file of before there was a chain, and one that is not there, has nothing to be checked.
func Check(ctx context.Context, path string, signed []Head) (problems []string, other bool, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, len(signed) > 0, nil
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, false, err
	}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.ToSlash(full)}).EscapedPath()+"?mode=ro")
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var there int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'file'`).Scan(&there); err != nil {
		return []string{fmt.Sprintf("%s cannot be read: %v", filepath.Base(path), err)}, false, nil
	}
	if there == 0 {
		return nil, len(signed) > 0, nil
	}
	head, _, err := readHead(ctx, db)
	if err != nil {
		return []string{fmt.Sprintf("%s cannot be read: %v", filepath.Base(path), err)}, false, nil
	}
	want := map[int64]string{}
	most := int64(0)
	for _, s := range signed {
		if s.File != head.File {
			other = true
			continue
		}
		want[s.Rows], most = s.Sum, max(most, s.Rows)
	}
	return checkRows(ctx, db, want, most), other, nil
}

func checkRows(ctx context.Context, db *sql.DB, want map[int64]string, most int64) (problems []string) {
	n, before := int64(0), ""
	err := eachRow(ctx, db, func(r *row) error {
		n++
		sum := link(before, r.seq, r.texts, r.numbers)
		if sum != r.sum {
			problems = append(problems, fmt.Sprintf("read %d (%s by %s at %s) is not as it was written, or the one before it was removed", r.seq, r.texts[7], r.texts[3], r.texts[2]))
			return errEnough
		}
		if signed, known := want[n]; known && signed != sum {
			problems = append(problems, fmt.Sprintf("the first %d reads are not those that the notary has signed: one of them was changed, removed or inserted", n))
			return errEnough
		}
		before = sum
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
	case err != nil:
		problems = append(problems, fmt.Sprintf("the reads cannot be read to the end: %v", err))
	case n < most:
		problems = append(problems, fmt.Sprintf("there are %d reads, the notary has signed %d: the last %d were removed", n, most, most-n))
	}
	return problems
}

var errEnough = errors.New("enough")
