package web

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"jejak/internal/server"
)

// Jejak twice: jejakName as `jejak serve --nats off` runs it, and jejakFeedName as `jejak serve` does, which publishes every event over NATS on the same
// processors.
const (
	jejakName     = "jejak"
	jejakFeedName = "jejak-feed"
)

func serveJejak(ctx context.Context, dir string) (served, error) {
	return serveWhole(ctx, dir, server.NATS{Off: true})
}

func serveJejakFeed(ctx context.Context, dir string) (served, error) {
	return serveWhole(ctx, dir, server.NATS{})
}

// serveWhole is the whole server with the whole of East Java in it.
func serveWhole(ctx context.Context, dir string, nats server.NATS) (served, error) {
	server.TuneMemory(ctx, 0)
	s, err := server.Open(ctx, server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real, Version: "bench", NATS: nats})
	if err != nil {
		return served{}, err
	}
	token, err := os.ReadFile(s.TokenFile())
	if err != nil {
		return served{}, errors.Join(fmt.Errorf("read the admin's token: %w", err), s.Close())
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running) }()
	return served{
		place: place{Address: strings.TrimPrefix(s.URL(), "http://"), Token: strings.TrimSpace(string(token))},
		stop: func() error {
			cancel()
			return errors.Join(<-ended, s.Close())
		},
	}, nil
}
