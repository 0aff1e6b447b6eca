package broker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// PeopleAccount is where people are put in a cluster, whose accounts stand in its configuration. It imports from Account what the program's own
// server imports for each person: see docs/operations.md.
const PeopleAccount = "JEJAK_PEOPLE"

// clusterRights is how long a person's rights last in a cluster. NATS ends the connection then, the client connects again and is judged anew.
const clusterRights = time.Minute

// pingEvery is how often a server must answer: one that is silent three times is left for another.
const pingEvery = 5 * time.Second

// openCluster connects. A cluster that does not answer is no error: what needs it waits, and commands go on.
func (b *Broker) openCluster(context.Context) error {
	b.url = b.cfg.URL
	var err error
	if b.feed, err = b.outside("feed", b.cfg.CredsFile, "_INBOX"); err != nil {
		return err
	}
	if b.js, err = jetstream.New(b.feed, jetstream.WithDefaultTimeout(patience)); err != nil {
		return err
	}
	if !b.feed.IsConnected() {
		b.log.Warn("the NATS cluster does not answer; it is tried again", "url", b.cfg.URL)
	}
	if b.cfg.IssuerFile == "" {
		b.log.Warn("tokens of people are not judged in the NATS cluster: there is no issuer (--nats-issuer)")
		return nil
	}
	issuer, err := issuer(b.cfg.IssuerFile)
	if err != nil {
		return err
	}
	rights := cmp.Or(b.cfg.rights, clusterRights)
	conn, err := b.outside("auth", b.cfg.CredsFile, "_INBOX")
	if err != nil {
		return err
	}
	b.authConn = conn
	if err := b.openCut(rights); err != nil {
		conn.Close()
		return err
	}
	people := func(string, Grant) (string, error) { return PeopleAccount, nil }
	if b.auth, err = serveAuth(b, conn, issuer, people, rights); err != nil {
		conn.Close()
	}
	return err
}

// openCut begins to cut people whose token is no longer good: at once with a user of the system account, else when their rights end.
func (b *Broker) openCut(rights time.Duration) error {
	if b.cfg.SystemCredsFile == "" {
		b.log.Warn("a token that is revoked or has expired may be used in the NATS cluster until its rights are asked for again: "+
			"there is no user of the system account (--nats-system-creds)", "at_most", rights)
		b.cut = newCutter(b, expiring{})
		return nil
	}
	var err error
	if b.systemConn, err = b.outside("system", b.cfg.SystemCredsFile, systemInbox); err != nil {
		return err
	}
	if b.system, err = newSystem(b.systemConn, b.log, b.cfg.Telemetry, rights, b.leave); err != nil {
		return err
	}
	b.cut = newCutter(b, b.system)
	b.cut.surveyed(b.system)
	return nil
}

// leave connects elsewhere what is connected to servers that are silent.
func (b *Broker) leave(silent func(serverID string) bool) {
	for _, conn := range []*nats.Conn{b.systemConn, b.authConn, b.feed} {
		if !conn.IsConnected() || len(conn.Servers()) < 2 || !silent(conn.ConnectedServerId()) {
			continue
		}
		b.log.Warn("a server of the NATS cluster is silent, or cut off from the others: another is tried", "connection", conn.Opts.Name, "server", conn.ConnectedServerName())
		if err := conn.ForceReconnect(); err != nil {
			b.log.Error("another server of the NATS cluster cannot be tried", "connection", conn.Opts.Name, "error", err)
		}
	}
}

// outside connects to the cluster, now or when it answers.
func (b *Broker) outside(name, credsFile, inbox string) (*nats.Conn, error) {
	credentials, err := credentials(credsFile)
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect(b.cfg.URL, credentials, nats.Name("jejak "+name), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		nats.RetryOnFailedConnect(true), nats.Timeout(patience), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2), nats.CustomInboxPrefix(inbox), nats.ErrorHandler(b.asyncError))
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS cluster: %w", err)
	}
	return conn, nil
}

// expiring are connections that NATS ends by itself when the rights end.
type expiring struct{}

func (expiring) cut(context.Context, []string) (map[string]int, error) { return nil, nil }

// secret reads a file that its owner alone may read.
func secret(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %o, others may read it: chmod 600 %s", name, mode, name)
	}
	return os.ReadFile(name)
}

// credentials takes a .creds file, or the seed of a user's nkey.
func credentials(name string) (nats.Option, error) {
	if name == "" {
		return nil, errors.New("a NATS cluster needs a file with credentials: name it with --nats-creds")
	}
	text, err := secret(name)
	if err != nil {
		return nil, fmt.Errorf("read the credentials for NATS: %w", err)
	}
	if bytes.Contains(text, []byte("BEGIN NATS USER JWT")) {
		return nats.UserCredentials(name), nil
	}
	option, err := nats.NkeyOptionFromSeed(name)
	if err != nil {
		return nil, fmt.Errorf("read the credentials for NATS: %s is no .creds file and no seed of a user's nkey: %w", name, err)
	}
	return option, nil
}

// issuer takes the seed of an account's nkey.
func issuer(name string) (nkeys.KeyPair, error) {
	text, err := secret(name)
	if err != nil {
		return nil, fmt.Errorf("read the issuer of rights: %w", err)
	}
	pair, err := nkeys.FromSeed(bytes.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("read the issuer of rights: %s has no seed: %w", name, err)
	}
	if public, err := pair.PublicKey(); err != nil || !nkeys.IsValidPublicAccountKey(public) {
		return nil, fmt.Errorf("read the issuer of rights: the seed in %s is not that of an account (it begins with SA): nk -gen account", name)
	}
	return pair, nil
}
