package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	api "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

const (
	// graceful is how long Stop waits for calls under way.
	graceful = 3 * time.Second
	// rebind is how long Restart tries to get its address back.
	rebind = 5 * time.Second
)

// Server is a test server. Start makes one.
type Server struct {
	opt     Options
	address string
	cert    tls.Certificate
	ca      string
	faults  *FaultHooks

	mu  sync.Mutex
	log *memlog
	run *run // nil: not running
}

// run is the server from a start to its end.
type run struct {
	opt      *Options
	address  string
	faults   *FaultHooks
	log      *memlog
	listener *listener
	grpc     *grpc.Server
	ctx      context.Context // ends with the run
	cancel   context.CancelFunc
	served   chan struct{}
}

// Start starts a server. The caller stops it.
func Start(opt Options) (*Server, error) {
	if err := opt.complete(); err != nil {
		return nil, fmt.Errorf("start test server: %w", err)
	}
	s := &Server{opt: opt, faults: newFaultHooks(opt.Faults, opt.Seed)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(opt.Listen); err != nil {
		return nil, fmt.Errorf("start test server: %w", err)
	}
	return s, nil
}

// start runs the server. The caller holds mu.
func (s *Server) start(address string) error {
	if s.opt.TLS {
		var err error
		if s.ca == "" {
			s.cert, s.ca, err = certificate()
		}
		if err != nil {
			return err
		}
	}
	tcp, err := listen(address)
	if err != nil {
		return err
	}
	s.address = tcp.Addr().String()
	if err := s.openLog(); err != nil {
		_ = tcp.Close()
		return err
	}
	r := &run{
		opt: &s.opt, address: s.address, faults: s.faults, log: s.log,
		listener: &listener{Listener: tcp, conns: map[string]*connection{}}, served: make(chan struct{}),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	options := append(s.opt.interceptors(), grpc.MaxRecvMsgSize(maxMessage))
	if s.opt.TLS {
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&s.cert)))
	}
	r.grpc = grpc.NewServer(options...)
	api.RegisterStreamsServer(r.grpc, service{run: r})
	gossip.RegisterGossipServer(r.grpc, gossipService{run: r})
	serverfeatures.RegisterServerFeaturesServer(r.grpc, featureService{run: r})
	s.run = r
	go func() {
		defer close(r.served)
		_ = r.grpc.Serve(r.listener) // ends when the run does
	}()
	return nil
}

// listen waits a little for an address that was ours a moment ago.
func listen(address string) (net.Listener, error) {
	for end := time.Now().Add(rebind); ; {
		l, err := net.Listen("tcp", address)
		if err == nil || time.Now().After(end) {
			return l, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// openLog reads the log from its file, or makes one at the first start.
func (s *Server) openLog() error {
	switch {
	case s.opt.File != "":
		l, err := openFile(s.opt.File)
		if err != nil {
			return err
		}
		s.log = l
	case s.log != nil:
		return nil
	case s.opt.Cluster != nil:
		s.log = s.opt.Cluster.shared()
		return nil
	default:
		s.log = newMemlog()
	}
	if all, _ := s.log.view(); len(all) > 0 {
		return nil
	}
	s.log.writing.Lock()
	defer s.log.writing.Unlock()
	return s.log.begin(s.address)
}

// shared is the log for another node.
func (s *Server) shared() *memlog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log
}

// Address is where the server listens, host:port. It stays the same over Restart.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// CAFile is the PEM file with the certificate of a server with TLS, "" without.
func (s *Server) CAFile() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ca
}

// Faults returns the hooks for faults.
func (s *Server) Faults() *FaultHooks { return s.faults }

// ConnectionString is what a client connects with, password included.
func (s *Server) ConnectionString() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := url.URL{Scheme: "esdb", Host: s.address, RawQuery: "tls=false"}
	if s.opt.User != "" {
		u.User = url.UserPassword(s.opt.User, s.opt.Password)
	}
	if s.opt.TLS {
		u.RawQuery = "tls=true&tlsCaFile=" + s.ca
	}
	return u.String()
}

// ResetConnections cuts all connections. The server goes on.
func (s *Server) ResetConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		s.run.listener.cutAll()
	}
}

// Stop ends subscriptions, waits a little for calls under way and stops. Nothing happens when the server does not run.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return nil
	}
	r := s.run
	s.run = nil
	r.cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.grpc.GracefulStop()
	}()
	select {
	case <-done:
	case <-time.After(graceful):
		r.grpc.Stop()
		<-done
	}
	<-r.served
	err := s.log.close()
	if s.ca != "" {
		err = errors.Join(err, os.Remove(s.ca))
		s.ca = ""
	}
	return err
}

// Kill ends the server as a signal would: connections are cut, nothing is answered any more, what is in the file stays as it is.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return
	}
	r := s.run
	s.run = nil
	r.cancel()
	_ = r.listener.Close() // it may have been closed
	r.listener.cutAll()
	r.grpc.Stop()
	<-r.served
	_ = s.log.close() // after the last write
}

// Restart starts the server anew at the same address after Stop or Kill, with the log in the file, or the one in memory. The certificate of
// a server with TLS is the same after Kill, a new one (with a new CAFile) after Stop. Faults and their counts stay.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		return errors.New("restart test server: it is running: stop or kill it first")
	}
	if err := s.start(s.address); err != nil {
		return fmt.Errorf("restart test server: %w", err)
	}
	return nil
}
