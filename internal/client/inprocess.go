package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// InProcess returns a client of a server's handler in this process: nothing goes over a network.
func InProcess(handler http.Handler) *Client {
	return &Client{base: "http://this.process", http: &http.Client{Transport: inProcess{handler}}, patience: -1 * time.Second}
}

// inProcess carries requests to a handler.
type inProcess struct{ handler http.Handler }

// RoundTrip returns when the handler has begun to answer; the body is read while it goes on.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	body, w := io.Pipe()
	a := &answering{header: http.Header{}, body: w, began: make(chan struct{})}
	go func() {
		defer cancel()
		defer func() {
			if v := recover(); v != nil {
				_ = w.CloseWithError(errors.New("the answer was broken off"))
			}
			a.WriteHeader(http.StatusOK)
			_ = w.Close() // it never fails
		}()
		p.handler.ServeHTTP(a, r.WithContext(ctx))
	}()
	select {
	case <-a.began:
	case <-ctx.Done():
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		<-a.began
	}
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.sent, Request: r, ContentLength: -1,
		Body: closing{body, cancel},
	}, nil
}

// closing ends the handler when the body is closed.
type closing struct {
	io.ReadCloser
	cancel func()
}

func (c closing) Close() error {
	c.cancel()
	return c.ReadCloser.Close()
}

// answering is the ResponseWriter of a handler.
type answering struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	once         sync.Once
	began        chan struct{}
}

func (a *answering) Header() http.Header { return a.header }

func (a *answering) WriteHeader(status int) {
	a.once.Do(func() {
		a.status, a.sent = status, a.header.Clone()
		close(a.began)
	})
}

func (a *answering) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// Flush has nothing to do: what is written is read at once.
func (a *answering) Flush() {}
