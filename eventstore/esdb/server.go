package esdb

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	"jejak/eventstore"
)

// server is the way to EventStoreDB: one connection, to its only node or to the chosen one of a cluster. gRPC brings a broken connection
// back by itself; in a cluster another node is looked for.
type server struct {
	config *client.Configuration
	name   string // for messages, without the password
	dial   []grpc.DialOption
	opt    *Options

	ctx    context.Context // until close
	cancel context.CancelFunc

	mu     sync.Mutex
	node   *node
	search *search // under way
	closed bool
}

// node is a connection. It is closed when it has been given up and nobody uses it any more.
type node struct {
	address string
	conn    *grpc.ClientConn
	streams api.StreamsClient

	users   int
	givenUp bool
}

// search is a discovery that several callers wait for.
type search struct {
	done chan struct{}
	err  error
}

func newServer(connection string, opt *Options) (*server, error) {
	config, err := client.ParseConnectionString(connection)
	if err != nil {
		return nil, fmt.Errorf("connection string %s: %w", Redact(connection), hide(connection, err))
	}
	s := &server{config: config, name: config.Address, opt: opt}
	if s.name == "" {
		names := make([]string, len(config.GossipSeeds))
		for i, seed := range config.GossipSeeds {
			names[i] = seed.String()
		}
		s.name = strings.Join(names, ",")
	}
	if opt.Attempt <= 0 {
		opt.Attempt = 10 * time.Second
		if config.DefaultDeadline != nil && *config.DefaultDeadline > 0 {
			opt.Attempt = *config.DefaultDeadline
		}
	}
	if opt.Resolve <= 0 {
		opt.Resolve = 30 * time.Second
	}
	if s.dial, err = dialOptions(config); err != nil {
		return nil, fmt.Errorf("connection string %s: %w", Redact(connection), err)
	}
	if config.DisableTLS && config.Username != "" {
		opt.Logger.Warn("user and password of the connection string are not sent, because it says tls=false", "server", s.name)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Redact returns a connection string without its password, for messages.
func Redact(connection string) string {
	u, err := url.Parse(connection)
	if err != nil { // several hosts are no URL
		scheme, rest, found := strings.Cut(connection, "://")
		if _, host, ok := strings.Cut(rest, "@"); found && ok {
			return scheme + "://xxxxx@" + host
		}
		return connection
	}
	return u.Redacted()
}

// hide takes the password out of an error of the parser, which quotes what it was given.
func hide(connection string, err error) error {
	_, rest, _ := strings.Cut(connection, "://")
	account, _, found := strings.Cut(rest, "@")
	_, password, _ := strings.Cut(account, ":")
	if !found || password == "" || !strings.Contains(err.Error(), password) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), password, "xxxxx"))
}

// maxMessage is what the servers send at most, and a little.
const maxMessage = 17 << 20

func dialOptions(c *client.Configuration) ([]grpc.DialOption, error) {
	transport := insecure.NewCredentials()
	if !c.DisableTLS {
		t := &tls.Config{InsecureSkipVerify: c.SkipCertificateVerification, RootCAs: c.RootCAs}
		if c.UserCertFile != "" {
			cert, err := tls.LoadX509KeyPair(c.UserCertFile, c.UserKeyFile)
			if err != nil {
				return nil, fmt.Errorf("user certificate: %w", err)
			}
			t.Certificates = []tls.Certificate{cert}
		}
		transport = credentials.NewTLS(t)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithIdleTimeout(0), // the index follows the log all the time
	}
	if c.KeepAliveInterval >= 0 {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: max(c.KeepAliveInterval, 10*time.Second), Timeout: c.KeepAliveTimeout, PermitWithoutStream: true,
		}))
	}
	if c.Username != "" && !c.DisableTLS {
		options = append(options, grpc.WithPerRPCCredentials(account("Basic "+base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password)))))
	}
	return options, nil
}

// account is the Authorization of every call.
type account string

func (a account) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(a)}, nil
}

func (account) RequireTransportSecurity() bool { return true }

func (s *server) cluster() bool { return s.config.DnsDiscover || len(s.config.GossipSeeds) > 0 }

// get returns the node to ask. The caller gives it back with put.
func (s *server) get(ctx context.Context) (*node, error) {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil, eventstore.ErrClosed
		}
		if s.node != nil {
			s.node.users++
			n := s.node
			s.mu.Unlock()
			return n, nil
		}
		if !s.cluster() {
			n, err := s.connect(s.config.Address)
			if err == nil {
				s.node = n
			}
			s.mu.Unlock()
			if err != nil {
				return nil, err
			}
			continue
		}
		if s.search == nil {
			s.search = &search{done: make(chan struct{})}
			go s.discover(s.search)
		}
		found := s.search
		s.mu.Unlock()
		select {
		case <-found.done:
			if found.err != nil {
				return nil, found.err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *server) connect(address string) (*node, error) {
	conn, err := grpc.NewClient(address, s.dial...)
	if err != nil {
		return nil, fmt.Errorf("EventStoreDB at %s: %w", address, err)
	}
	return &node{address: address, conn: conn, streams: api.NewStreamsClient(conn)}, nil
}

// put gives a node back, with what came of the call.
func (s *server) put(n *node, err error) {
	var f *failure
	if err != nil && !errors.As(err, &f) {
		f = &failure{fault: other}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n.users--
	if f != nil && s.node == n {
		switch {
		case f.fault == notLeader && f.leader != "" && f.leader != n.address:
			if next, err := s.connect(f.leader); err == nil {
				s.opt.Logger.Info("EventStoreDB has another leader", "was", n.address, "is", f.leader)
				s.node, n.givenUp = next, true
			}
		case s.cluster() && (f.fault == notLeader || f.fault == unreachable || f.fault == unanswered),
			f.fault == unreachable && n.address != s.config.Address && !s.cluster():
			s.node, n.givenUp = nil, true
		}
	}
	if n.givenUp && n.users == 0 {
		_ = n.conn.Close() // it has nothing under way
	}
}

// outgoing is a call's context: reads and writes are the leader's, unless the connection string prefers others.
func (s *server) outgoing(ctx context.Context) context.Context {
	if s.config.NodePreference == client.NodePreferenceLeader {
		return metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
	}
	return ctx
}

func (s *server) close() {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	found := s.search
	if s.node != nil && s.node.users == 0 {
		_ = s.node.conn.Close()
	} else if s.node != nil {
		s.node.givenUp = true
	}
	s.node = nil
	s.mu.Unlock()
	if found != nil {
		<-found.done
	}
}
