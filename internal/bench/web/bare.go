package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"jejak/domain/incident"
	"jejak/internal/api"
)

// The yardsticks: the same HTTP server and clients, and as little else as there can be. bareName decodes the same command and writes it to a
// plain file, durably, all that wait with one fsync. echoName only reads the command and answers: what net/http and the clients cost.
const (
	bareName = "bare"
	echoName = "echo"
)

func serveBare(_ context.Context, dir string) (served, error) {
	log, err := openPlainLog(filepath.Join(dir, "plain.log"))
	if err != nil {
		return served{}, err
	}
	s, err := serveHTTP(func(body []byte) error {
		var c api.Command
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		var data incident.Raise
		if err := json.Unmarshal(c.Data, &data); err != nil {
			return err
		}
		return log.write(body)
	})
	if err != nil {
		return served{}, errors.Join(err, log.close())
	}
	stop := s.stop
	s.stop = func() error { return errors.Join(stop(), log.close()) }
	return s, nil
}

func serveEcho(context.Context, string) (served, error) {
	return serveHTTP(func([]byte) error { return nil })
}

// sameAnswer has the bytes of Jejak's answer to the command that is sent.
var sameAnswer = []byte(`{"id":"01932c07-209a-7001-8000-000000000001","result":"accepted_with_discrepancy","position":1234567,` +
	`"events":[{"id":"5f3c1e0a-6d0c-5c35-8d7f-4d3f0c8f1b2a","type":"incident.raised"}],` +
	`"discrepancies":[{"id":"DSC-3578-000001","kind":"accident","severity":"low","units":["SHP-3578-L1-0001"]}]}` + "\n")

// serveHTTP answers every POST with the same bytes after take has taken its body.
func serveHTTP(take func(body []byte) error) (served, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return served{}, fmt.Errorf("listen: %w", err)
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = take(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(sameAnswer) // a client that has gone hears nothing
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	return served{place: place{Address: l.Addr().String(), Tokens: passwords()}, stop: func() error {
		err := s.Close()
		if ended := <-ended; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}}, nil
}

// plainLog is a file of lines: one goroutine writes all that wait and syncs once.
type plainLog struct {
	file  *os.File
	queue chan plainLine
	ended chan struct{}
}

type plainLine struct {
	text []byte
	done chan error
}

func openPlainLog(name string) (*plainLog, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("make the plain log: %w", err)
	}
	l := &plainLog{file: file, queue: make(chan plainLine, 1024), ended: make(chan struct{})}
	go l.run()
	return l, nil
}

// write returns when the line is durable.
func (l *plainLog) write(text []byte) error {
	done := make(chan error, 1)
	l.queue <- plainLine{text, done}
	return <-done
}

func (l *plainLog) run() {
	defer close(l.ended)
	var waiting []chan error
	var lines []byte
	for line := range l.queue {
		waiting, lines = append(waiting[:0], line.done), append(append(lines[:0], line.text...), '\n')
		for more := len(l.queue); more > 0; more-- {
			line := <-l.queue
			waiting, lines = append(waiting, line.done), append(append(lines, line.text...), '\n')
		}
		_, err := l.file.Write(lines)
		if err == nil {
			err = l.file.Sync()
		}
		for _, done := range waiting {
			done <- err
		}
	}
}

// close is called when nobody writes any more.
func (l *plainLog) close() error {
	close(l.queue)
	<-l.ended
	return l.file.Close()
}
