package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"jejak/internal/server"
)

func parseNATS(t *testing.T, args string) (natsFlags, error) {
	t.Helper()
	var f natsFlags
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	f.flags(flags)
	if err := flags.Parse(strings.Fields(args)); err != nil {
		return f, err
	}
	return f, f.check()
}

func TestNATSFlags(t *testing.T) {
	for args, want := range map[string]server.NATS{
		"":           {Replicas: 1},
		"--nats off": {Off: true},
		"--nats-listen 127.0.0.1:0 --nats-max-bytes 500MiB --nats-max-age 36h": {Listen: "127.0.0.1:0", Replicas: 1, MaxBytes: 500 << 20, MaxAge: 36 * time.Hour},
		"--nats tls://h:4222,tls://i:4222 --nats-creds c --nats-issuer i --nats-system-creds s --nats-replicas 3 --nats-max-bytes 17000000 --nats-max-age 30d": {
			URL: "tls://h:4222,tls://i:4222", CredsFile: "c", IssuerFile: "i", SystemCredsFile: "s", Replicas: 3, MaxBytes: 17_000_000, MaxAge: 30 * 24 * time.Hour,
		},
	} {
		f, err := parseNATS(t, args)
		if got := f.config(); err != nil || got != want {
			t.Errorf("%q: %+v, %v", args, got, err)
		}
	}
	// What is wrong is told at once.
	for args, want := range map[string][]string{
		"--nats-replicas 2":                            {"it is 1, 3 or 5", "is for a cluster"},
		"--nats-replicas 3":                            {"--nats-replicas is for a cluster"},
		"--nats-max-bytes 1MiB --nats-max-age 5m":      {"at least 16MiB", "at least 1h"},
		"--nats-max-bytes 4GB":                         {"such as 1048576, 500MiB or 4GiB"},
		"--nats-max-bytes -1":                          {"such as 1048576, 500MiB or 4GiB"},
		"--nats-max-bytes 9999999999TiB":               {"such as 1048576, 500MiB or 4GiB"},
		"--nats-max-age forever":                       {"such as 30d or 36h"},
		"--nats-max-age 0d":                            {"such as 30d or 36h"},
		"--nats off --nats-max-age 30d":                {"--nats off excludes"},
		"--nats nats://h:4222,http://i --nats-creds c": {"several parted by commas"},
		"--nats-system-creds s":                        {"are for a cluster"},
		"--nats nats://u:secret@h --nats-listen x --nats-system-creds s --nats-replicas 4": {
			"has a user or password", "--nats-listen is for the embedded", "needs --nats-creds", "needs --nats-issuer", "it is 1, 3 or 5",
		},
	} {
		_, err := parseNATS(t, args)
		if err == nil || slices.ContainsFunc(want, func(text string) bool { return !strings.Contains(err.Error(), text) }) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}

func TestAmountsSayWhatTheyRead(t *testing.T) {
	for _, text := range []string{"4GiB", "500MiB", "1TiB", "17"} {
		var b byteSize
		if err := b.Set(text); err != nil || b.String() != text {
			t.Errorf("%s: %s, %v", text, &b, err)
		}
	}
	for text, want := range map[string]string{"30d": "30d", "36h": "36h0m0s", "48h": "2d"} {
		var a age
		if err := a.Set(text); err != nil || a.String() != want {
			t.Errorf("%s: %s, %v", text, &a, err)
		}
	}
}
