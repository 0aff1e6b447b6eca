package server

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"jejak/internal/broker"
)

// NATS says how the feed goes out. The zero value is a server inside the process.
type NATS struct {
	// Off leaves NATS out: there is no feed.
	Off bool
	// Listen is host:port of the server inside the process; "" for the host of the HTTP address with port 4222, and a free port where that has one.
	Listen string
	// URL is a cluster to use instead; see broker.Config for the files.
	URL, CredsFile, IssuerFile, SystemCredsFile string
	// Replicas are those of the stream and the bucket, MaxBytes and MaxAge those of the stream; 0 each for the defaults of package feed.
	Replicas int
	MaxBytes int64
	MaxAge   time.Duration
}

// natsFolder is the folder of the feed in the data directory: made from the log, disposable.
const natsFolder = "nats"

// besideFeed is how much the embedded server may keep beside the stream of the feed: the bucket.
const besideFeed = 1 << 30

// natsPort is where clients of NATS look for a server.
const natsPort = "4222"

func (s *Server) openBroker(ctx context.Context) error {
	if s.cfg.NATS.Off {
		return nil
	}
	listen := s.cfg.NATS.Listen
	if listen == "" {
		var err error
		if listen, err = besides(s.cfg.Listen); err != nil {
			return err
		}
	}
	b, err := broker.Open(ctx, broker.Config{
		Dir: filepath.Join(s.cfg.Dir, natsFolder), Listen: listen, AllowRemote: s.cfg.AllowRemote,
		URL: s.cfg.NATS.URL, CredsFile: s.cfg.NATS.CredsFile, IssuerFile: s.cfg.NATS.IssuerFile, SystemCredsFile: s.cfg.NATS.SystemCredsFile,
		MaxStore: max(broker.DefaultMaxStore, s.cfg.NATS.MaxBytes+besideFeed),
		Province: s.cfg.Province, People: s.people, Reads: s.reads, Telemetry: s.metrics,
	})
	if err != nil {
		return err
	}
	s.broker = b
	s.opened("NATS broker", b.Close)
	return nil
}

// besides is the address of NATS beside one of HTTP.
func besides(http string) (string, error) {
	host, port, err := net.SplitHostPort(http)
	if err != nil {
		return "", fmt.Errorf("listen on %q: %w: give host:port, such as 127.0.0.1:8080", http, err)
	}
	if port != "0" {
		port = natsPort
	}
	return net.JoinHostPort(host, port), nil
}

// NATS is where clients of the feed connect, "" where there is no feed.
func (s *Server) NATS() string {
	if s.broker == nil {
		return ""
	}
	return s.broker.URL()
}
