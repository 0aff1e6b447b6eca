package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
)

// Serving says where the server of a data directory answers: the content of server.json, so that commands on the same machine find it.
type Serving struct {
	HTTP string `json:"http"`
	NATS string `json:"nats"` // "" where there is none
	PID  int    `json:"pid"`
}

// FindServing reads where the server of dir answers. Whether it still runs is known from the lock of the directory alone: a server that was
// killed leaves its file behind. It is false when there is no file.
func FindServing(dir string) (Serving, bool, error) {
	data, err := os.ReadFile(filepath.Join(dir, ServingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Serving{}, false, nil
	}
	if err != nil {
		return Serving{}, false, fmt.Errorf("find the running server: %w", err)
	}
	var s Serving
	if err := json.Unmarshal(data, &s); err != nil {
		return Serving{}, false, fmt.Errorf("find the running server: %s: %w", filepath.Join(dir, ServingFile), err)
	}
	return s, true, nil
}

// announce writes server.json; the caller holds the lock of the directory, so that a file already there is of a dead server.
func announce(dir string, s Serving) error { return writeFile(filepath.Join(dir, ServingFile), s) }

func unannounce(dir string) error {
	if err := os.Remove(filepath.Join(dir, ServingFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the address of the server: %w", err)
	}
	return nil
}

// listen opens the address of the server. Without allowRemote it must be of this machine: the server speaks plain HTTP, and what carries
// tokens over a network in the clear gives them away.
func listen(address string, allowRemote bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w: give host:port, such as 127.0.0.1:8080", address, err)
	}
	if !allowRemote && !loopback(host) {
		return nil, fmt.Errorf("listen on %s: other machines could reach this address, and there is no TLS here: put a proxy with TLS in front "+
			"and listen on 127.0.0.1, or say --allow-remote if the network in between is your own", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// loopback tells whether only this machine reaches a host as written. A name other than localhost may mean anything tomorrow.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// baseURL is how a client on this machine reaches a listener.
func baseURL(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.To4() == nil {
			host = "::1"
		}
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}).String()
}
