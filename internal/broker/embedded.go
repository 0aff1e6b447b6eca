package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// Limits of the embedded server.
const (
	maxPayload    = 1 << 20
	maxConns      = 4096            // of people
	maxConnsEach  = 16              // of one person
	maxSubs       = 64              // of one connection
	maxPending    = 16 << 20        // bytes that may wait for one connection: a pull of 1,000 messages of 16 KiB
	writeDeadline = 5 * time.Second // who does not take what waits for so long is cut off, and not waited for
	authTimeout   = 5 * time.Second
	jsMaxMemory   = 64 << 20
	// maxConsumers of the feed, and of the bucket: everyone who may come again has a lasting one. NATS would stop at 1,000, and let nobody in who is new.
	maxConsumers  = 100_000
	startPatience = 30 * time.Second // a feed of some gigabytes is looked through at the start
)

// The accounts beside that of the feed.
const (
	systemAccount = "SYS"
	authAccount   = "AUTH"
)

// key is a user of the internal connections.
type key struct {
	pair   nkeys.KeyPair
	public string
}

func newKey(make func() (nkeys.KeyPair, error)) (key, error) {
	pair, err := make()
	if err != nil {
		return key{}, err
	}
	public, err := pair.PublicKey()
	return key{pair, public}, err
}

func (b *Broker) openEmbedded(ctx context.Context) error {
	issuer, err1 := newKey(nkeys.CreateAccount)
	feed, err2 := newKey(nkeys.CreateUser)
	auth, err3 := newKey(nkeys.CreateUser)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("make the keys of the internal connections: %w", err)
	}
	e := &embedded{b: b, issuer: issuer, feed: feed, auth: auth, address: b.cfg.Listen}
	if err := e.start(ctx); err != nil {
		return err
	}
	b.embedded = e
	b.url = "nats://" + e.reached
	var err error
	if b.feed, err = e.inside("feed", feed); err != nil {
		return err
	}
	if b.js, err = jetstream.New(b.feed, jetstream.WithDefaultTimeout(patience)); err != nil {
		return err
	}
	conn, err := e.inside("auth", auth)
	if err != nil {
		return err
	}
	b.cut = newCutter(b, e)
	if b.auth, err = serveAuth(b, conn, issuer.pair, e.account, 0); err != nil {
		conn.Close()
		return err
	}
	watching, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.watchDisk(watching)
	e.watchLeft(watching)
	e.watchStrangers(watching)
	return nil
}

// embedded is the server inside the process.
type embedded struct {
	b                  *Broker
	issuer, feed, auth key
	address, reached   string // host:port where it listens, after the first start with the port that was taken, and as this machine reaches it
	log                *logger
	cancel             context.CancelFunc
	watched            sync.WaitGroup

	mu       sync.Mutex // held while the server is started anew
	server   *server.Server
	accounts *ownAccounts
}

// start starts the server and waits until it takes connections.
func (e *embedded) start(ctx context.Context) (err error) {
	opts, err := e.b.options(e.address, e.issuer, e.feed, e.auth)
	if err != nil {
		return err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("set up the NATS server: %w", err)
	}
	e.log = &logger{log: e.b.log}
	s.SetLogger(e.log, false, false)
	s.Start()
	defer func() {
		if err != nil {
			s.Shutdown()
			s.WaitForShutdown()
		}
	}()
	for began := time.Now(); !s.ReadyForConnections(100 * time.Millisecond); {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !s.Running():
			return fmt.Errorf("the NATS server did not start in %s: see the log", e.b.cfg.Dir)
		case time.Since(began) > startPatience:
			return fmt.Errorf("the NATS server was not ready within %s", startPatience)
		}
	}
	address, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("the NATS server has no address")
	}
	accounts := &ownAccounts{server: s, made: map[string]*own{}}
	if accounts.feed, err = exportFeed(s); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(e.address)
	if err != nil {
		return err
	}
	e.address, e.reached = net.JoinHostPort(host, strconv.Itoa(address.Port)), address.String()
	if address.IP.IsUnspecified() {
		e.reached = net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port))
	}
	e.server, e.accounts = s, accounts
	return nil
}

// current is the server; it waits while it is started anew.
func (e *embedded) current() *server.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server
}

// InProcessConn is for nats.go, whenever it connects.
func (e *embedded) InProcessConn() (net.Conn, error) { return e.current().InProcessConn() }

// account is that of a person.
func (e *embedded) account(userID string, g Grant) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.accounts.of(userID, g)
}

func (e *embedded) cut(_ context.Context, userIDs []string) (map[string]int, error) {
	s, cut := e.current(), map[string]int{}
	for _, id := range userIDs {
		found, err := s.Connz(&server.ConnzOptions{Account: ownAccount(id), Limit: maxConns})
		if err != nil {
			return cut, err
		}
		for _, conn := range found.Conns {
			// One that has ended meanwhile is no error.
			_ = s.DisconnectClientByID(conn.Cid)
			cut[id]++
		}
	}
	return cut, nil
}

// stopPatience is how long the embedded server may take to stop: it waits some 10 ms for each consumer. What it has acknowledged is written by then, and what
// a consumer has delivered is written ten times a second; so one that is not waited for is like one that was killed: a message may come again.
const stopPatience = 10 * time.Second

func (e *embedded) stop(ctx context.Context) {
	if e.cancel != nil {
		e.cancel()
		e.watched.Wait()
	}
	stopped := make(chan struct{})
	go func(s *server.Server) {
		defer close(stopped)
		s.Shutdown()
		s.WaitForShutdown()
	}(e.current())
	select {
	case <-stopped:
		return
	case <-time.After(stopPatience): // others have to close too
	case <-ctx.Done():
	}
	e.b.log.Warn("the NATS server takes long to stop and is not waited for: consumers may be given their last messages again")
}

func (b *Broker) options(listen string, issuer, feed, auth key) (*server.Options, error) {
	host, portText, err := net.SplitHostPort(listen)
	port, badPort := strconv.Atoi(portText)
	if err = errors.Join(err, badPort); err != nil {
		return nil, &AddressError{listen, fmt.Errorf("%w: give host:port, such as 127.0.0.1:4222", err)}
	}
	if !b.cfg.AllowRemote && !loopback(host) {
		return nil, &AddressError{listen, errors.New("other machines could reach this address, and there is no TLS here: listen on 127.0.0.1, " +
			"or say --allow-remote if the network in between is your own")}
	}
	if err := probe(listen); err != nil {
		return nil, err
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if err := os.MkdirAll(b.cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the feed: %w", err)
	}
	if err := os.Chmod(b.cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep the folder of the feed from others: %w", err)
	}
	maxStore := b.cfg.MaxStore
	if maxStore == 0 {
		maxStore = DefaultMaxStore
	}
	opts := &server.Options{
		ServerName: "jejak", Host: host, Port: port, NoSigs: true, NoLog: true,
		MaxPayload: maxPayload, MaxConn: maxConns + strangersRoom, MaxSubs: maxSubs, MaxPending: maxPending, WriteDeadline: writeDeadline,
		AuthTimeout: authTimeout.Seconds(), PingInterval: time.Minute, MaxPingsOut: 2, DisableShortFirstPing: true,
		JetStream: true, StoreDir: b.cfg.Dir, JetStreamMaxStore: maxStore, JetStreamMaxMemory: jsMaxMemory,
		FeatureFlags:    b.cfg.flags,
		JetStreamLimits: server.JSLimitOpts{DefaultMaxConsumers: maxConsumers},
	}
	// Accounts with JetStream can be set up in the configuration's language only. Nothing of it is secret.
	text := fmt.Sprintf(`
		system_account: %[1]s
		accounts { %[1]s {}, %[2]s { users: [{ nkey: %[5]s }] }, %[3]s { jetstream: enabled, users: [{ nkey: %[6]s }] } }
		authorization { auth_callout { issuer: %[4]s, account: %[2]s, auth_users: [ %[5]s, %[6]s ] } }`,
		systemAccount, authAccount, Account, issuer.public, auth.public, feed.public)
	if err := opts.ProcessConfigString(text); err != nil {
		return nil, fmt.Errorf("set up the accounts: %w", err)
	}
	return opts, nil
}

// probe takes the address for a moment: the server itself tells only its log that an address is taken.
func probe(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return &AddressError{address, err}
	}
	return l.Close()
}

// loopback tells whether only this machine reaches a host as written.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// inside connects to the server without a network.
func (e *embedded) inside(name string, k key) (*nats.Conn, error) {
	conn, err := nats.Connect("", nats.InProcessServer(e), nats.Name("jejak "+name), nats.Nkey(k.public, k.pair.Sign),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.Timeout(startPatience), nats.ErrorHandler(e.b.asyncError))
	if err != nil {
		return nil, fmt.Errorf("connect the %s to the NATS server: %w", name, err)
	}
	return conn, nil
}

func (b *Broker) asyncError(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	b.log.Warn("internal connection to NATS", "error", err, "subject", strings.TrimSpace(subject))
}
