package broker

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nkeys"
)

// The files of the keys for a cluster, in a folder of their own.
const (
	UserKeyFile   = "nats-user.seed"   // --nats-creds
	SystemKeyFile = "nats-system.seed" // --nats-system-creds
	IssuerKeyFile = "nats-issuer.seed" // --nats-issuer
)

// ClusterKeys are the public keys that the configuration of a cluster names (deploy/nats.conf), by the variable that it reads.
type ClusterKeys struct {
	User   string `json:"JEJAK_NATS_USER_KEY"`
	System string `json:"JEJAK_NATS_SYSTEM_KEY"`
	Issuer string `json:"JEJAK_NATS_ISSUER_KEY"`
}

// MakeClusterKeys makes the secret keys that are not in the folder yet, readable for their owner alone, and tells the public ones of all. What is
// there it never changes.
func MakeClusterKeys(dir string) (ClusterKeys, error) {
	var keys ClusterKeys
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return keys, fmt.Errorf("make the folder of the keys for NATS: %w", err)
	}
	var errs []error
	for _, k := range []struct {
		file   string
		prefix nkeys.PrefixByte
		make   func() (nkeys.KeyPair, error)
		public *string
	}{
		{UserKeyFile, nkeys.PrefixByteUser, nkeys.CreateUser, &keys.User},
		{SystemKeyFile, nkeys.PrefixByteUser, nkeys.CreateUser, &keys.System},
		{IssuerKeyFile, nkeys.PrefixByteAccount, nkeys.CreateAccount, &keys.Issuer},
	} {
		public, err := makeKey(filepath.Join(dir, k.file), k.prefix, k.make)
		if err != nil {
			errs = append(errs, err)
		}
		*k.public = public
	}
	return keys, errors.Join(errs...)
}

func makeKey(name string, prefix nkeys.PrefixByte, create func() (nkeys.KeyPair, error)) (public string, err error) {
	seed, err := secret(name)
	if errors.Is(err, fs.ErrNotExist) {
		seed, err = newSeed(name, create)
	}
	if err != nil {
		return "", fmt.Errorf("make the key %s: %w", name, err)
	}
	pair, err := nkeys.FromSeed(bytes.TrimSpace(seed))
	if err != nil {
		return "", fmt.Errorf("read the key %s: %w: move it away to have a new one made", name, err)
	}
	if public, err = pair.PublicKey(); err != nil {
		return "", fmt.Errorf("read the key %s: %w", name, err)
	}
	if nkeys.Prefix(public) != prefix {
		return "", fmt.Errorf("read the key %s: it is one of %s, not of %s: move it away to have a new one made", name, nkeys.Prefix(public), prefix)
	}
	return public, nil
}

// newSeed writes a new secret key. It is on the disk, or not at all.
func newSeed(name string, create func() (nkeys.KeyPair, error)) (seed []byte, err error) {
	pair, err := create()
	if err != nil {
		return nil, err
	}
	if seed, err = pair.Seed(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(append(seed, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(name))
	}
	return seed, nil
}
