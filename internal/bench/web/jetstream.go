package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// jetStreamName is a NATS server with a JetStream on disk that syncs every message before it acknowledges it.
const jetStreamName = "jetstream"

func serveJetStream(ctx context.Context, dir string) (served, error) {
	words := passwords()
	users := make([]*server.User, len(words))
	for i, word := range words {
		users[i] = &server.User{Username: word, Password: word}
	}
	s, err := server.NewServer(&server.Options{
		Users: users,
		Host:  "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return served{}, fmt.Errorf("make the NATS server: %w", err)
	}
	s.Start()
	stop := func() error {
		s.Shutdown()
		s.WaitForShutdown()
		return nil
	}
	if !s.ReadyForConnections(10 * time.Second) {
		return served{}, errors.Join(errors.New("the NATS server does not start"), stop())
	}
	if err := addStream(ctx, s.ClientURL(), words[0]); err != nil {
		return served{}, errors.Join(err, stop())
	}
	return served{place: place{Address: strings.TrimPrefix(s.ClientURL(), "nats://"), Tokens: words}, stop: stop}, nil
}

func addStream(ctx context.Context, url, word string) error {
	nc, err := nats.Connect(url, nats.UserInfo(word, word))
	if err != nil {
		return fmt.Errorf("connect to the NATS server: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "COMMANDS", Subjects: []string{"commands.>"}, Storage: jetstream.FileStorage})
	if err != nil {
		return fmt.Errorf("make the stream: %w", err)
	}
	return nil
}

// publisher is one connection that speaks the NATS protocol by hand, as lean as the HTTP client: a publish, then its acknowledgement.
type publisher struct {
	net     net.Conn
	in      *bufio.Reader
	subject string
	out     []byte
	body    []byte
}

func dialPublisher(address, subject, word string) (*publisher, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect a publisher: %w", err)
	}
	p := &publisher{net: c, in: bufio.NewReaderSize(c, 8<<10), subject: subject}
	if _, err := fmt.Fprintf(c, "CONNECT {\"verbose\":false,\"pedantic\":false,\"user\":%q,\"pass\":%q}\r\nSUB ack.%s 1\r\nPING\r\n", word, word, subject); err != nil {
		return nil, errors.Join(fmt.Errorf("connect a publisher: %w", err), c.Close())
	}
	for {
		line, err := p.in.ReadSlice('\n')
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect a publisher: %w", err), c.Close())
		}
		if bytes.HasPrefix(line, []byte("PONG")) {
			return p, nil
		}
	}
}

// publish returns when the stream has acknowledged the message.
func (p *publisher) publish(body []byte) error {
	p.out = fmt.Appendf(p.out[:0], "PUB %s ack.%s %d\r\n", p.subject, p.subject, len(body))
	p.out = append(append(p.out, body...), "\r\n"...)
	if _, err := p.net.Write(p.out); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	for {
		line, err := p.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		switch {
		case bytes.HasPrefix(line, []byte("PING")):
			if _, err := io.WriteString(p.net, "PONG\r\n"); err != nil {
				return fmt.Errorf("publish: %w", err)
			}
		case bytes.HasPrefix(line, []byte("MSG ")):
			return p.acknowledged(line)
		case bytes.HasPrefix(line, []byte("-ERR")):
			return fmt.Errorf("publish: %s", bytes.TrimSpace(line))
		}
	}
}

func (p *publisher) acknowledged(line []byte) error {
	fields := bytes.Fields(line)
	n, err := strconv.Atoi(string(fields[len(fields)-1]))
	if err != nil {
		return fmt.Errorf("publish: %q is no message", line)
	}
	p.body = append(p.body[:0], make([]byte, n+2)...)
	if _, err := io.ReadFull(p.in, p.body); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if !bytes.Contains(p.body, []byte(`"seq"`)) || bytes.Contains(p.body, []byte(`"error"`)) {
		return fmt.Errorf("publish: the stream answers %s", bytes.TrimSpace(p.body))
	}
	return nil
}

func (p *publisher) Close() error { return p.net.Close() }
