package wire

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Options of Start. The zero Options are a server in memory, on a free port, without accounts and TLS.
type Options struct {
	// Listen is the address, host:port; "" is 127.0.0.1:0. Only loopback addresses are taken.
	Listen string
	// File holds the log; "" keeps it in memory, over Kill and Restart too.
	File string
	// User and Password are the only account, an administrator. Without User everybody may do everything.
	// The official client sends them over TLS only.
	User, Password string
	// TLS with a certificate made at start: CAFile has it.
	TLS bool
	// MaxAppendSize is the most bytes of an append (data, metadata, and twice the type); 0 is 1 MiB, the default up to EventStoreDB 25.0.
	MaxAppendSize int
	// Version that the server claims to be, three numbers; "" is 23.10.7.
	Version string
	// Faults at start. They are changed with Server.Faults.
	Faults Faults
	// Seed of the dice for faults.
	Seed uint64
	// Cluster is a Server in memory whose log this one shares, as another node of its cluster. nil: a log of its own.
	Cluster *Server
}

func (o *Options) complete() error {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.MaxAppendSize == 0 {
		o.MaxAppendSize = 1 << 20
	}
	if o.Version == "" {
		o.Version = "23.10.7"
	}
	var errs []error
	if err := loopback(o.Listen); err != nil {
		errs = append(errs, err)
	}
	if o.MaxAppendSize < 0 || o.MaxAppendSize > maxMessage {
		errs = append(errs, fmt.Errorf("the largest append must be from 1 to %d bytes, not %d", maxMessage, o.MaxAppendSize))
	}
	if strings.Contains(o.Version, "-") {
		errs = append(errs, fmt.Errorf("version %s: the client refuses versions with a suffix, use three numbers", o.Version))
	}
	if o.User == "" && o.Password != "" {
		errs = append(errs, errors.New("a password without a user: name the user too"))
	}
	if o.Cluster != nil && (o.File != "" || o.Cluster.opt.File != "") {
		errs = append(errs, errors.New("nodes of a cluster share a log in memory: give neither of them a file"))
	}
	errs = append(errs, o.Faults.check())
	return errors.Join(errs...)
}

// loopback refuses addresses that others could reach: the server has no protection worth the name.
func loopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address to listen on: %w: use 127.0.0.1:0", err)
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("address %s is not loopback: this server is for tests on one machine, use 127.0.0.1", address)
	}
	return nil
}
