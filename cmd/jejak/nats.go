package main

import (
	"errors"
	"net/url"

	"github.com/spf13/pflag"

	"jejak/internal/broker"
	"jejak/internal/exit"
	"jejak/internal/server"
)

const natsHelp = `The feed goes out over NATS, from a server inside the program at --nats-listen, with the same tokens. --nats nats://HOST uses a cluster
instead (--nats-creds, --nats-issuer: see docs/operations.md), --nats off leaves it out.`

// natsFlags say how the feed goes out.
type natsFlags struct{ nats, listen, creds, issuer string }

// The values of --nats that are no address.
const (
	natsEmbedded = "embedded"
	natsOff      = "off"
)

func (f *natsFlags) flags(flags *pflag.FlagSet) {
	flags.StringVar(&f.nats, "nats", natsEmbedded, "embedded: a NATS server inside the program; nats://HOST:4222: a cluster; off: no feed")
	flags.StringVar(&f.listen, "nats-listen", "", "address of the embedded NATS server (default: the host of --listen, port 4222; a free port with port 0)")
	flags.StringVar(&f.creds, "nats-creds", "", "file with the credentials for the cluster, readable for its owner alone")
	flags.StringVar(&f.issuer, "nats-issuer", "", "file with the seed of the account key that the cluster's auth_callout trusts, likewise")
}

// check tells everything that is wrong with the flags. It does not repeat an address with a password.
func (f *natsFlags) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, exit.Errorf(exit.Usage, format, args...)) }
	if f.nats == natsEmbedded || f.nats == natsOff {
		if f.creds != "" || f.issuer != "" {
			fail("--nats-creds and --nats-issuer are for a cluster: name it with --nats nats://HOST:4222")
		}
		if f.nats == natsOff && f.listen != "" {
			fail("--nats off and --nats-listen exclude each other")
		}
		return errors.Join(errs...)
	}
	u, err := url.Parse(f.nats)
	switch {
	case err != nil || (u.Scheme != "nats" && u.Scheme != "tls") || u.Host == "":
		fail("--nats is no address of a NATS cluster: give nats://HOST:4222 or tls://HOST:4222, or embedded, or off")
	case u.User != nil:
		fail("--nats has a user or password, which every user of this machine can see: put the credentials into a file and name it with --nats-creds")
	}
	if f.listen != "" {
		fail("--nats-listen is for the embedded NATS server: with --nats %s it has no meaning", "URL")
	}
	if f.creds == "" {
		fail("--nats with a cluster needs --nats-creds FILE")
	}
	return errors.Join(errs...)
}

func (f *natsFlags) config() server.NATS {
	switch f.nats {
	case natsEmbedded:
		return server.NATS{Listen: f.listen}
	case natsOff:
		return server.NATS{Off: true}
	}
	return server.NATS{URL: f.nats, CredsFile: f.creds, IssuerFile: f.issuer}
}

// natsAddress is the address that the embedded NATS server could not have.
func natsAddress(err error) (*broker.AddressError, bool) {
	var taken *broker.AddressError
	return taken, errors.As(err, &taken)
}
