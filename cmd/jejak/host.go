package main

import (
	"context"
	"errors"
	"fmt"

	"jejak/internal/server"
)

// host is a server that runs in this process beside something else.
type host struct {
	server *server.Server
	cancel context.CancelFunc
	ended  chan struct{} // closed when the server has stopped serving
	err    error         // why; to be read after ended
}

// run lets an open server serve until stop, whatever becomes of ctx: those who use it stop first.
func run(ctx context.Context, s *server.Server) *host {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h := &host{server: s, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(h.ended)
		h.err = s.Run(ctx)
	}()
	return h
}

var errNotAsked = errors.New("nobody asked it to; what it answered is kept, and starting again goes on")

// with gives a context that ends with ctx, and with a server that stops by itself.
func (h *host) with(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-h.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// failed is why the server stopped by itself, nil while it serves.
func (h *host) failed() error {
	select {
	case <-h.ended:
		return fmt.Errorf("the server stopped by itself: %w", errors.Join(errNotAsked, h.err))
	default:
		return nil
	}
}

// stop answers what is under way and closes everything. Why a server stopped by itself is told by failed, not here again.
func (h *host) stop() error {
	told := h.failed() != nil
	h.cancel()
	<-h.ended
	if told {
		return h.server.Close()
	}
	return errors.Join(h.err, h.server.Close())
}
