package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of Serve.
const (
	idleTimeout = 2 * time.Minute
	maxHeader   = 32 << 10
	// closeTimeout is how long requests under way may take to end when the server stops.
	closeTimeout = 30 * time.Second
)

// patience is how long the server waits for others. Only tests have less of it.
type patience struct {
	header    time.Duration // for the head of a request
	read      time.Duration // for the body of an ordinary request
	write     time.Duration // for the answer to be taken
	line      time.Duration // for something to move in a batch
	position  time.Duration // of a read, for Jejak-Min-Position
	fold      time.Duration // of a read of the past, less than write: that it was too long must still be told
	heartbeat time.Duration // between signs of life on an event stream
}

func usual() patience {
	return patience{
		header: 10 * time.Second, read: 30 * time.Second, write: 60 * time.Second, line: 2 * time.Minute, position: 5 * time.Second,
		fold: 50 * time.Second, heartbeat: 15 * time.Second,
	}
}

// Serve serves on a listener until ctx ends, and then until everything under way is answered, but not longer than half a minute. It closes the
// listener. The ledgers must still work when it returns: they are what answers.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: s.patience.header, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog:    slog.NewLogLogger(s.cfg.Telemetry.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	s.shares.connections.account(server)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.shares.connections.listener(listener, s.trusted)) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.BeginClose()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return fmt.Errorf("stop serving HTTP: some requests were cut off: %w", errors.Join(err, server.Close()))
	}
	return nil
}
