package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// Limits of the embedded server.
const (
	maxPayload    = 1 << 20
	maxConns      = 4096
	maxSubs       = 64              // of one connection
	maxPending    = 8 << 20         // bytes that may wait for one connection
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
	if err := b.startServer(ctx, issuer, feed, auth); err != nil {
		return err
	}
	var err error
	if b.feed, err = b.inside("feed", feed); err != nil {
		return err
	}
	if b.js, err = jetstream.New(b.feed, jetstream.WithDefaultTimeout(patience)); err != nil {
		return err
	}
	conn, err := b.inside("auth", auth)
	if err != nil {
		return err
	}
	accounts := &ownAccounts{server: b.server, made: map[string]error{}}
	if accounts.feed, err = exportFeed(b.server); err != nil {
		conn.Close()
		return err
	}
	b.cut = newCutter(b, embeddedConnections{b.server})
	if b.auth, err = serveAuth(b, conn, issuer.pair, accounts.of, 0); err != nil {
		conn.Close()
		return err
	}
	return nil
}

// startServer starts the server and waits until it takes connections.
func (b *Broker) startServer(ctx context.Context, issuer, feed, auth key) error {
	opts, err := b.options(issuer, feed, auth)
	if err != nil {
		return err
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("set up the NATS server: %w", err)
	}
	s.SetLogger(&logger{b.log}, false, false)
	b.server = s
	s.Start()
	for began := time.Now(); !s.ReadyForConnections(100 * time.Millisecond); {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !s.Running():
			return fmt.Errorf("the NATS server did not start in %s: see the log", b.cfg.Dir)
		case time.Since(began) > startPatience:
			return fmt.Errorf("the NATS server was not ready within %s", startPatience)
		}
	}
	address, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("the NATS server has no address")
	}
	host := address.IP.String()
	if address.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	b.url = "nats://" + net.JoinHostPort(host, strconv.Itoa(address.Port))
	return nil
}

func (b *Broker) options(issuer, feed, auth key) (*server.Options, error) {
	host, portText, err := net.SplitHostPort(b.cfg.Listen)
	port, badPort := strconv.Atoi(portText)
	if err = errors.Join(err, badPort); err != nil {
		return nil, &AddressError{b.cfg.Listen, fmt.Errorf("%w: give host:port, such as 127.0.0.1:4222", err)}
	}
	if !b.cfg.AllowRemote && !loopback(host) {
		return nil, &AddressError{b.cfg.Listen, errors.New("other machines could reach this address, and there is no TLS here: listen on 127.0.0.1, " +
			"or say --allow-remote if the network in between is your own")}
	}
	if err := probe(b.cfg.Listen); err != nil {
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
		MaxPayload: maxPayload, MaxConn: maxConns, MaxSubs: maxSubs, MaxPending: maxPending, WriteDeadline: writeDeadline,
		AuthTimeout: authTimeout.Seconds(), PingInterval: time.Minute, MaxPingsOut: 2, DisableShortFirstPing: true,
		JetStream: true, StoreDir: b.cfg.Dir, JetStreamMaxStore: maxStore, JetStreamMaxMemory: jsMaxMemory,
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

// inside connects to the embedded server without a network.
func (b *Broker) inside(name string, k key) (*nats.Conn, error) {
	conn, err := nats.Connect("", nats.InProcessServer(b.server), nats.Name("jejak "+name), nats.Nkey(k.public, k.pair.Sign),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.Timeout(startPatience), nats.ErrorHandler(b.asyncError))
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
