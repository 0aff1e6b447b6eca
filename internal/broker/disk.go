package broker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// mendEvery is how often it is looked whether the server can still write.
	mendEvery = time.Second
	// mendPause is how long the server is left alone after it was started anew: everybody has to connect again.
	mendPause = 10 * time.Second
	// mendRoom are the bytes that the disk must take before the server is started anew: more than the publisher has under way.
	mendRoom = 8 << 20
)

// watchDisk starts the server anew when it could not write and now could. What NATS could not write once it does not try again: a stream
// whose disk was full takes nothing until the server is started again.
func (e *embedded) watchDisk(ctx context.Context) {
	var said, mended time.Time
	e.watched.Go(func() {
		every(ctx, mendEvery, func(ctx context.Context) {
			if e.writes() || time.Since(mended) < mendPause {
				return
			}
			err := e.room()
			if err == nil {
				err = e.restart(ctx)
				mended = time.Now()
			}
			switch {
			case ctx.Err() != nil:
			case err == nil:
				said = time.Time{}
				e.b.log.Info("the NATS server can write again and was started anew")
			case time.Since(said) >= sayEvery:
				said = time.Now()
				e.b.log.Error("the NATS server cannot write: the feed waits, commands go on; it is started anew when there is room", "folder", e.b.cfg.Dir, "error", err)
			}
		})
	})
}

// writes tells whether nothing has been heard of a failed write since the start.
func (e *embedded) writes() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.log.broken.Load() && e.server.Running() && e.server.JetStreamEnabled()
}

// room tries whether the disk takes a file of mendRoom bytes.
func (e *embedded) room() (err error) {
	f, err := os.OpenFile(filepath.Join(e.b.cfg.Dir, "room"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 1<<20)
	for n := 0; n < mendRoom; n += len(block) {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	return f.Sync()
}

// restart starts the server anew at the same address. Everybody connects again, the program too.
func (e *embedded) restart(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server.Shutdown()
	e.server.WaitForShutdown()
	if err := e.start(ctx); err != nil {
		return fmt.Errorf("start the NATS server anew: %w", err)
	}
	return nil
}
