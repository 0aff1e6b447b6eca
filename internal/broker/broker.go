// Package broker is the way out for the feed: a NATS server inside the process, or a connection to a cluster, and the door to it.
//
// The feed itself (the stream JEJAK and the bucket jejak_status) is made and filled by the publisher. This package decides who may hear what:
// a connection shows the token of an account of people.db and gets the rights of its role and scope, nothing more. Nobody publishes to the feed
// but the publisher, and nobody makes consumers but the server: a consumer of one's own could deliver into other people's subjects.
//
// Every person gets an account of NATS to himself, into which the little that he may use is imported. NATS does not ask whether the sender of a
// request may publish to its reply subject; in a shared account the answer to a harmless request could be aimed at the feed, the bucket or another
// person. In an account of one's own it reaches nobody else.
//
// No secret lies on the disk: the keys of the internal connections and of the issuer of rights are made at every start, in memory.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/people"
	"jejak/internal/readlog"
	"jejak/internal/telemetry"
)

// The names that the outside sees.
const (
	Account      = "JEJAK"           // of the stream, the bucket and the publisher
	Stream       = "JEJAK"           // the feed
	Bucket       = "jejak_status"    // the latest row of each unit
	BucketStream = "KV_jejak_status" // the stream behind it

	NotaryBucket       = "jejak_notary"    // the newest checkpoint of each notary
	NotaryBucketStream = "KV_jejak_notary" // the stream behind it
)

// DefaultMaxStore is the most bytes that all streams of an embedded server may reserve on the disk.
const DefaultMaxStore = 16 << 30

// Config says what kind of broker is opened.
type Config struct {
	// Dir is the folder of the embedded server (DIR/nats); made, for its owner only, if it is not there.
	Dir string
	// Listen is host:port of the embedded server; port 0 takes a free one. It speaks plain NATS: without AllowRemote it must be of this machine.
	Listen      string
	AllowRemote bool
	// MaxStore is DefaultMaxStore where it is 0.
	MaxStore int64

	// URL is a cluster to use instead of a server of one's own, with CredsFile: a .creds file, or a seed of a user's nkey, readable for its owner
	// alone. IssuerFile has the seed of the account key that the cluster's auth_callout trusts; without it nobody's token is judged.
	// SystemCredsFile is of a user of the system account, likewise: with it people whose token is no longer good are cut at once.
	URL, CredsFile, IssuerFile, SystemCredsFile string
	rights                                      time.Duration // of a person in the cluster; clusterRights where it is 0

	flags   map[string]bool // feature flags of the embedded server that are not as NATS has them
	ackWait time.Duration   // of the feed's consumers; ackWait where it is 0

	// Province is the unit whose people see all: the feed has no other province.
	Province domain.Code
	People   *people.Store
	// Reads keep when those connect whose reads are kept; nil for nowhere.
	Reads *readlog.Log
	// Telemetry gets the log, the refusals and their number; nil for nowhere.
	Telemetry *telemetry.Telemetry
}

// Broker is open. It is safe for concurrent use.
type Broker struct {
	cfg Config
	log *slog.Logger
	url string

	embedded *embedded  // nil where a cluster is used
	feed     *nats.Conn // with all rights in the account JEJAK
	js       jetstream.JetStream
	auth     *authService // nil where the cluster judges tokens itself
	cut      *cutter
	slots    sync.Mutex   // one choice of a slot at a time
	coming   sync.RWMutex // read while somebody is let in, written while something is taken back from one who has left

	authConn   *nats.Conn // of a cluster, as the next
	systemConn *nats.Conn // nil without a user of the system account
	system     *system
}

// AddressError: the embedded server cannot have its address.
type AddressError struct {
	Address string
	Err     error
}

func (e *AddressError) Error() string {
	return "listen on " + e.Address + " for NATS: " + e.Err.Error()
}

// Unwrap gives the cause, such as syscall.EADDRINUSE.
func (e *AddressError) Unwrap() error { return e.Err }

// ErrNotReady: the stream or the bucket is not there yet.
var ErrNotReady = errors.New("the feed is not ready: its stream or bucket has not been made yet")

// Open starts the embedded server, or connects to the cluster, and begins to judge tokens. An address that it cannot have is an
// *AddressError.
// The caller closes it, after whatever publishes through it.
func Open(ctx context.Context, cfg Config) (*Broker, error) {
	if cfg.Telemetry == nil {
		cfg.Telemetry = telemetry.New(nil, "")
	}
	b := &Broker{cfg: cfg, log: cfg.Telemetry.Log.With("part", "nats")}
	open := b.openEmbedded
	if cfg.URL != "" {
		open = b.openCluster
	}
	if err := open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the NATS broker: %w", err), b.Close(ctx))
	}
	return b, nil
}

// URL is where clients connect.
func (b *Broker) URL() string { return b.url }

// JetStream has all rights in the account of the feed: it is for the publisher.
func (b *Broker) JetStream() jetstream.JetStream { return b.js }

// Close cuts every connection and stops the embedded server; what it holds is on the disk. Closing again does nothing.
func (b *Broker) Close(ctx context.Context) error {
	if b.auth != nil {
		b.auth.stop()
		b.auth = nil
	}
	if b.cut != nil {
		b.cut.stop()
		b.cut = nil
	}
	if b.systemConn != nil {
		b.systemConn.Close()
		b.systemConn = nil
	}
	if b.feed != nil {
		b.feed.Close()
		b.feed = nil
	}
	if b.embedded == nil {
		return nil
	}
	e := b.embedded
	b.embedded = nil
	e.stop(ctx)
	return nil
}

// patience is how long one question to JetStream may take.
const patience = 3 * time.Second
