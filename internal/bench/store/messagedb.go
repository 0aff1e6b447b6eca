package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connections of the pool: more writers share them, as they would in an application; PostgreSQL takes 100 by default.
const connections = 90

// messageDB writes through message-db's write_message, which checks the expected version under a lock of the category.
type messageDB struct {
	server   *exec.Cmd
	pool     *pgxpool.Pool
	versions []int64
	writers  int
}

// openMessageDB makes a cluster of its own in dir, reached through a socket in it. It needs Debian's postgresql and npm; PostgreSQL does
// not run as root.
func openMessageDB(ctx context.Context, dir string, writers int) (_ appender, err error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	sql, err := messageDBFiles()
	if err != nil {
		return nil, err
	}
	run := func(env []string, name string, args ...string) error {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Env, cmd.Dir = append(os.Environ(), env...), dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out)
		}
		return nil
	}
	as, err := account(dir)
	if err != nil {
		return nil, err
	}
	cluster := filepath.Join(dir, "cluster")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", cluster, "-U", "postgres", "-A", "trust", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	m := &messageDB{versions: make([]int64, writers), writers: writers}
	m.server = exec.Command(filepath.Join(bin, "postgres"), "-D", cluster, "-c", "listen_addresses=", "-c", "unix_socket_directories="+dir,
		"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "max_connections=100", "-c", "max_wal_size=4GB", "-c", "shared_buffers=512MB")
	m.server.SysProcAttr, m.server.Dir = as, dir
	if err := m.server.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	env := []string{"PGHOST=" + dir, "PGUSER=postgres"}
	for range 100 {
		if err = run(env, filepath.Join(bin, "pg_isready"), "-q"); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err == nil {
		err = run(env, "bash", filepath.Join(sql, "install.sh"))
	}
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig("host=" + dir + " user=postgres dbname=message_store")
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(min(writers, connections))
	config.ConnConfig.RuntimeParams["search_path"] = "message_store,public"
	if m.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	for name, want := range map[string]string{"fsync": "on", "synchronous_commit": "on"} {
		var got string
		if err := m.pool.QueryRow(ctx, "SHOW "+name).Scan(&got); err != nil || got != want {
			return nil, fmt.Errorf("PostgreSQL's %s is %q, %w", name, got, err)
		}
	}
	for w := range m.versions {
		m.versions[w] = -1
	}
	return m, nil
}

const writeMessage = "SELECT write_message($1, $2, $3, $4::jsonb, $5::jsonb, $6)"

func (m *messageDB) append(ctx context.Context, w, n int) error {
	// One category each: message-db lets one writer at a time into a category.
	stream := fmt.Sprintf("ledger%d-1", w)
	args := func(i int) []any {
		return []any{uuid.NewString(), stream, "handoff.accepted", string(data), string(metadata), m.versions[w] + int64(i)}
	}
	if n == 1 {
		if _, err := m.pool.Exec(ctx, writeMessage, args(0)...); err != nil {
			return err
		}
		m.versions[w]++
		return nil
	}
	err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for i := range n {
			batch.Queue(writeMessage, args(i)...)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err == nil {
		m.versions[w] += int64(n)
	}
	return err
}

func (m *messageDB) close() error {
	if m.pool != nil {
		m.pool.Close()
	}
	err := m.server.Process.Signal(syscall.SIGINT) // fast shutdown
	return errors.Join(err, m.server.Wait())
}

// account is who PostgreSQL runs as: this user, or for root the user postgres, to whom dir is given.
func account(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, &absentError{"PostgreSQL does not run as root, and there is no user postgres"}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

func postgresBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", &absentError{"PostgreSQL is not installed (Debian: postgresql)"}
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// messageDBFiles gets message-db once a run.
var messageDBFiles = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "jejak-bench-message-db-")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("npm", "install", "--silent", "--prefix", dir, "@eventide/message-db@1.3.1").CombinedOutput(); err != nil {
		return "", &absentError{fmt.Sprintf("message-db cannot be had by npm: %v: %s", err, out)}
	}
	return filepath.Join(dir, "node_modules/@eventide/message-db/database"), nil
})
