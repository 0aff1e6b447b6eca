package web

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"jejak/internal/server"
)

// Jejak three times: jejakName as `jejak serve --nats off` runs it, jejakFeedName as `jejak serve` does, which publishes every event over NATS on the same
// processors, and jejakUnsignedName as the first, but with a notary that signs nothing while it is measured.
const (
	jejakName         = "jejak"
	jejakFeedName     = "jejak-feed"
	jejakUnsignedName = "jejak-unsigned"
)

func serveJejak(ctx context.Context, dir string) (served, error) {
	return serveWhole(ctx, dir, server.NATS{Off: true}, server.Notary{})
}

func serveJejakFeed(ctx context.Context, dir string) (served, error) {
	return serveWhole(ctx, dir, server.NATS{}, server.Notary{})
}

func serveJejakUnsigned(ctx context.Context, dir string) (served, error) {
	return serveWhole(ctx, dir, server.NATS{Off: true}, server.Notary{Every: 24 * time.Hour})
}

// serveWhole is the whole server with the whole of East Java in it.
func serveWhole(ctx context.Context, dir string, nats server.NATS, notary server.Notary) (served, error) {
	server.TuneMemory(ctx, 0)
	s, err := server.Open(ctx, server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real, Version: "bench", NATS: nats, Notary: notary})
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
	stop := func() error {
		cancel()
		return errors.Join(<-ended, s.Close())
	}
	err = waitFor(ctx, s.URL())
	var tokens []string
	if err == nil {
		tokens, err = enlist(ctx, s.URL(), strings.TrimSpace(string(token)))
	}
	if err != nil {
		return served{}, errors.Join(err, stop())
	}
	return served{place: place{Address: strings.TrimPrefix(s.URL(), "http://"), Tokens: tokens}, stop: stop}, nil
}
