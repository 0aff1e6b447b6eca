package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

func TestRefused(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--listen", "0.0.0.0:2113"},
		{"--listen", ":2113"},
		{"--listen", "192.168.1.1:2113"},
		{"--listen", "127.0.0.1:0", "--user", "u"},
		{"--listen", "127.0.0.1:0", "--user", "u", "--password-file", password},
		{"--listen", "127.0.0.1:0", "--password-file", password},
		{"--listen", "127.0.0.1:0", "--reset", "1.5"},
		{"--listen", "127.0.0.1:0", "--slow", "5"},
		{"--listen", "127.0.0.1:0", "--version", "24.10.0-prerelease"},
		{"--listen", "127.0.0.1:0", "--file", "/nowhere/log"},
		{"more"},
	} {
		if err := serve(context.Background(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}

func TestServe(t *testing.T) {
	folder := t.TempDir()
	password := filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"--listen", "127.0.0.1:0", "--json", "--tls", "--user", "jejak", "--password-file", password, "--file", filepath.Join(folder, "log"),
		"--slow", "1ms:1", "--seed", "7",
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	from, to := io.Pipe()
	result := make(chan error, 1)
	go func() {
		err := serve(ctx, args, to, io.Discard)
		_ = to.Close() // a pipe's end
		result <- err
	}()
	answers := json.NewDecoder(from)
	var begin started
	if err := answers.Decode(&begin); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(begin.Connection, "esdb://jejak:secret@127.0.0.1:") {
		t.Errorf("connection string is %s", begin.Connection)
	}
	config, err := esdb.ParseConnectionString(begin.Connection)
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.AppendToStream(ctx, "order-1", esdb.AppendToStreamOptions{}, esdb.EventData{EventID: uuid.New(), EventType: "Happened"})
	if err != nil {
		t.Error(err)
	}
	_ = client.Close()
	cancel()
	var end ended
	if err := answers.Decode(&end); err != nil {
		t.Fatal(err)
	}
	if end.Records != 1 || end.Faults["slow"] != 1 {
		t.Errorf("ended with %+v", end)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
}
