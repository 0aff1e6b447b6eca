package web

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"jejak/internal/server"
)

const jejakName = "jejak"

// serveJejak is the whole server with the whole of East Java in it, as `jejak serve` runs it.
func serveJejak(ctx context.Context, dir string) (served, error) {
	s, err := server.Open(ctx, server.Config{Dir: dir, Listen: "127.0.0.1:0", Kind: server.Real, Version: "bench"})
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
