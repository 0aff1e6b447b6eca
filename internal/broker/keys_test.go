package broker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"
)

func TestClusterKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	keys, err := MakeClusterKeys(dir)
	if err != nil || !nkeys.IsValidPublicUserKey(keys.User) || !nkeys.IsValidPublicUserKey(keys.System) || !nkeys.IsValidPublicAccountKey(keys.Issuer) || keys.User == keys.System {
		t.Fatalf("%+v %v", keys, err)
	}
	for _, file := range []string{UserKeyFile, SystemKeyFile, IssuerKeyFile} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
	if _, err := credentials(filepath.Join(dir, UserKeyFile)); err != nil {
		t.Error(err)
	}
	if _, err := issuer(filepath.Join(dir, IssuerKeyFile)); err != nil {
		t.Error(err)
	}
	// What is there stays, what is missing is made.
	if err := os.Remove(filepath.Join(dir, SystemKeyFile)); err != nil {
		t.Fatal(err)
	}
	again, err := MakeClusterKeys(dir)
	if err != nil || again.User != keys.User || again.Issuer != keys.Issuer || again.System == keys.System {
		t.Errorf("%+v after %+v: %v", again, keys, err)
	}
	if err := os.Rename(filepath.Join(dir, UserKeyFile), filepath.Join(dir, IssuerKeyFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, SystemKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := MakeClusterKeys(dir); err == nil || !strings.Contains(err.Error(), "not of account") || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
}
