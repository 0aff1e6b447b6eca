package main

import (
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/people"
	"jejak/internal/server"
)

// reach says which server a command talks to, and as whom: the one that serves a data directory with its admin's token, or another with a token
// from a file, since arguments are seen by every user of the machine.
type reach struct {
	dir, url, tokenFile string
}

func (r *reach) flags(flags *pflag.FlagSet) {
	dataFlag(flags, &r.dir)
	flags.StringVar(&r.url, "url", "", "address of the server (default: the one that serves --data)")
	flags.StringVar(&r.tokenFile, "token-file", "", "file with a token (default: admin.token in --data)")
}

// find gives the address of the server and the token. serve is how a server of the directory would be started.
func (r *reach) find(serve string) (url, token string, err error) {
	url = r.url
	if url == "" {
		serving, ok, err := server.FindServing(r.dir)
		if err != nil {
			return "", "", err
		}
		if !ok {
			return "", "", exit.Errorf(exit.Unreachable, "no server runs on %s: start one with  %s --data %s", r.dir, serve, r.dir)
		}
		url = serving.HTTP
	}
	name := r.tokenFile
	if name == "" {
		name = filepath.Join(r.dir, people.AdminFile)
	}
	token, err = readToken(name)
	return url, token, err
}

// firstPatience is how long a server that does not answer at all is waited for.
const firstPatience = 3 * time.Second

// busyPatience is how long a command of a person asks again when the server answers that it cannot now: long enough for what passes by itself, and short
// enough for who watches a silent screen.
const busyPatience = 5 * time.Second

// connect finds the server, as find does. The caller closes the client.
func (r *reach) connect(serve string) (c *client.Client, url, token string, err error) {
	url, token, err = r.find(serve)
	if err != nil {
		return nil, "", "", err
	}
	c, err = client.New(url, client.Options{Connections: 2, Patience: firstPatience, Busy: busyPatience})
	if err != nil {
		return nil, "", "", exit.With(exit.Usage, err)
	}
	return c, url, token, nil
}
