package main

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"jejak/internal/broker"
	"jejak/internal/exit"
	"jejak/internal/server"
)

const natsHelp = `The feed goes out over NATS, from a server inside the program at --nats-listen, with the same tokens. --nats nats://HOST uses a cluster
instead (--nats-creds, --nats-issuer, --nats-system-creds: see docs/operations.md), --nats off leaves it out.`

// natsFlags say how the feed goes out.
type natsFlags struct {
	nats, listen, creds, issuer, system string
	replicas                            int
	maxBytes                            byteSize
	maxAge                              age
}

// The values of --nats that are no address.
const (
	natsEmbedded = "embedded"
	natsOff      = "off"
)

// The least that is of use: what the publisher has under way must fit, and who follows must have time to.
const (
	leastFeedBytes = 16 << 20
	leastFeedAge   = time.Hour
)

func (f *natsFlags) flags(flags *pflag.FlagSet) {
	flags.StringVar(&f.nats, "nats", natsEmbedded, "embedded: a NATS server inside the program; nats://HOST:4222,...: the servers of a cluster; off: no feed")
	flags.StringVar(&f.listen, "nats-listen", "", "address of the embedded NATS server (default: the host of --listen, port 4222; a free port with port 0)")
	flags.StringVar(&f.creds, "nats-creds", "", "file with the credentials for the cluster, readable for its owner alone")
	flags.StringVar(&f.issuer, "nats-issuer", "", "file with the seed of the account key that the cluster's auth_callout trusts, likewise")
	flags.StringVar(&f.system, "nats-system-creds", "", "file with the credentials of a user of the cluster's system account, likewise: with it revoked people are cut at once")
	flags.IntVar(&f.replicas, "nats-replicas", 1, "servers of a cluster that keep the feed and the status: 1, 3 or 5")
	flags.Var(&f.maxBytes, "nats-max-bytes", "most bytes of the feed, such as 500MiB; the oldest events leave it first (default 4GiB)")
	flags.Var(&f.maxAge, "nats-max-age", "how long the feed keeps an event, such as 30d or 36h (default 90d)")
}

// check tells everything that is wrong with the flags. It does not repeat an address with a password.
func (f *natsFlags) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, exit.Errorf(exit.Usage, format, args...)) }
	if f.maxBytes != 0 && f.maxBytes < leastFeedBytes {
		fail("--nats-max-bytes %s: it is at least 16MiB", &f.maxBytes)
	}
	if f.maxAge != 0 && time.Duration(f.maxAge) < leastFeedAge {
		fail("--nats-max-age %s: it is at least 1h", &f.maxAge)
	}
	if f.replicas != 1 && f.replicas != 3 && f.replicas != 5 {
		fail("--nats-replicas %d: it is 1, 3 or 5", f.replicas)
	}
	if f.nats == natsEmbedded || f.nats == natsOff {
		if f.creds != "" || f.issuer != "" || f.system != "" {
			fail("--nats-creds, --nats-issuer and --nats-system-creds are for a cluster: name it with --nats nats://HOST:4222")
		}
		if f.replicas != 1 {
			fail("--nats-replicas is for a cluster: name it with --nats nats://HOST:4222")
		}
		if f.nats == natsOff && (f.listen != "" || f.maxBytes != 0 || f.maxAge != 0) {
			fail("--nats off excludes --nats-listen, --nats-max-bytes and --nats-max-age: there is no feed")
		}
		return errors.Join(errs...)
	}
	for address := range strings.SplitSeq(f.nats, ",") {
		u, err := url.Parse(address)
		switch {
		case err != nil || (u.Scheme != "nats" && u.Scheme != "tls") || u.Host == "":
			fail("--nats is no address of a NATS cluster: give nats://HOST:4222 or tls://HOST:4222, several parted by commas, or embedded, or off")
		case u.User != nil:
			fail("--nats has a user or password, which every user of this machine can see: put the credentials into a file and name it with --nats-creds")
		}
	}
	if f.listen != "" {
		fail("--nats-listen is for the embedded NATS server: with --nats %s it has no meaning", "URL")
	}
	if f.creds == "" {
		fail("--nats with a cluster needs --nats-creds FILE")
	}
	if f.system != "" && f.issuer == "" {
		fail("--nats-system-creds needs --nats-issuer: only people whose tokens are judged here are cut from here")
	}
	return errors.Join(errs...)
}

func (f *natsFlags) config() server.NATS {
	limits := server.NATS{Replicas: f.replicas, MaxBytes: int64(f.maxBytes), MaxAge: time.Duration(f.maxAge)}
	switch f.nats {
	case natsEmbedded:
		limits.Listen = f.listen
	case natsOff:
		return server.NATS{Off: true}
	default:
		limits.URL, limits.CredsFile, limits.IssuerFile, limits.SystemCredsFile = f.nats, f.creds, f.issuer, f.system
	}
	return limits
}

// natsAddress is the address that the embedded NATS server could not have.
func natsAddress(err error) (*broker.AddressError, bool) {
	var taken *broker.AddressError
	return taken, errors.As(err, &taken)
}
