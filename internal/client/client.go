// Package client speaks Jejak's HTTP API: commands one by one and in NDJSON batches, queries, users and the driven clock. It waits and sends
// again when the server is overloaded, restarting or unreachable; since a command's id is its identity for life, sending again is harmless.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"jejak/internal/api"
	"jejak/internal/terminal"
)

// Options of New. The zero value is usable.
type Options struct {
	// Connections kept open to the server; 0 for 32.
	Connections int
	// Patience is how long a request is tried again while the server does not answer; 0 for 10 s, below 0 for not at all, nor when the server is busy.
	Patience time.Duration
	// Busy is how long a request is tried again while the server answers that it cannot take it now (503, 429): it is overloaded, or its disk is full;
	// 0 for a minute, below 0 for as long as the context lasts. The last answer is then the error.
	Busy time.Duration
	// Answer is how long an answer may take to begin; 0 for 2 min.
	Answer time.Duration
	// OnRetry is told of every wait, nil for nobody. It is called from several goroutines.
	OnRetry func(err error, wait time.Duration)
}

// Client of one server. It is safe for concurrent use.
type Client struct {
	base     string
	http     *http.Client
	patience time.Duration
	busy     time.Duration
	onRetry  func(error, time.Duration)
}

// New returns a client of the server at a base address such as http://127.0.0.1:8080. It does not call it yet.
func New(base string, o Options) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("server address %q: give one like http://127.0.0.1:8080", base)
	}
	if o.Connections <= 0 {
		o.Connections = 32
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Busy == 0 {
		o.Busy = time.Minute
	}
	if o.Answer == 0 {
		o.Answer = 2 * time.Minute
	}
	return &Client{
		base:     strings.TrimRight(base, "/"),
		patience: o.Patience,
		busy:     o.Busy,
		onRetry:  o.OnRetry,
		http: &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConns: o.Connections, MaxIdleConnsPerHost: o.Connections, IdleConnTimeout: 90 * time.Second,
			ResponseHeaderTimeout: o.Answer,
		}},
	}, nil
}

// Close lets go of the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// StatusError is an answer that is not what was asked for.
type StatusError struct {
	Status int
	Method string
	Path   string
	// Problem is the server's problem document (RFC 9457), with every error in it.
	Problem Problem
}

// Problem is a problem document as the server sends it.
type Problem struct {
	Title  string        `json:"title"`
	Detail string        `json:"detail"`
	Errors []api.Problem `json:"errors"`
}

// Error says first what is wrong and what would mend it, in both languages, and then what was asked, the status and the rules that say no.
func (e *StatusError) Error() string {
	text := e.Problem.Detail
	if text == "" {
		text = e.Problem.Title
	}
	if len(e.Problem.Errors) > 0 {
		text = strings.Join(e.Problem.Texts(), "; ")
	}
	why := fmt.Sprintf("%s %s: status %d", e.Method, e.Path, e.Status)
	for _, p := range e.Problem.Errors {
		why += ", " + strings.TrimSpace(p.Rule+" "+p.Path)
	}
	// In one line whatever the server says, which may repeat what anybody sent: a line of an error is one that the program has begun.
	return terminal.Clean(fmt.Sprintf("%s (%s)", text, why))
}

// Texts are the errors for people, one a text: what is wrong and what would mend it.
func (p *Problem) Texts() []string {
	texts := make([]string, len(p.Errors))
	for i, e := range p.Errors {
		texts[i] = both(e.MessageEN, e.Message)
		if remedy := both(e.RemedyEN, e.Remedy); remedy != "" {
			texts[i] += ": " + remedy
		}
	}
	return texts
}

// both are a text in English and the same in Indonesian behind it.
func both(en, id string) string {
	if en == id || id == "" {
		return en
	}
	return en + " / " + id
}

// UnreachableError says that the server did not answer for as long as the client is patient.
type UnreachableError struct {
	Base string
	Err  error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("server %s does not answer: %v", e.Base, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Reply is what stands around the body of an answer.
type Reply struct {
	Status   int
	ETag     string
	Position uint64 // up to which the answer counts, 0 where the server does not say
}

const (
	typeJSON   = "application/json"
	typeNDJSON = "application/x-ndjson"
)

// Get reads a document into a value. atLeast makes the read wait until the server's views have seen that position (0: as they are).
func (c *Client) Get(ctx context.Context, token, path string, query url.Values, atLeast uint64, into any) (Reply, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var reply Reply
	err := c.retry(ctx, func() error {
		resp, err := c.do(ctx, http.MethodGet, path, token, "", nil, atLeast)
		if err != nil {
			return err
		}
		defer drain(resp)
		if resp.StatusCode != http.StatusOK {
			return statusError(resp)
		}
		position, _ := strconv.ParseUint(resp.Header.Get("Jejak-Position"), 10, 64)
		reply = Reply{Status: resp.StatusCode, ETag: resp.Header.Get("ETag"), Position: position}
		if raw, ok := into.(*[]byte); ok {
			*raw, err = io.ReadAll(resp.Body)
			return err
		}
		return json.NewDecoder(resp.Body).Decode(into)
	})
	return reply, err
}

// Stream begins to read a long answer, which the caller closes. Once begun it is not tried again.
func (c *Client) Stream(ctx context.Context, token, path string, query url.Values) (body io.ReadCloser, err error) {
	resp, err := c.begin(ctx, token, path, query)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// begin asks until a success begins to come.
func (c *Client) begin(ctx context.Context, token, path string, query url.Values) (resp *http.Response, err error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	err = c.retry(ctx, func() (err error) {
		resp, err = c.do(ctx, http.MethodGet, path, token, "", nil, 0)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			defer drain(resp)
			return statusError(resp)
		}
		return nil
	})
	return resp, err
}

// Post sends a JSON value and reads the answer into a value, nil for none.
func (c *Client) Post(ctx context.Context, token, path string, body, into any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return c.retry(ctx, func() error {
		resp, err := c.do(ctx, http.MethodPost, path, token, typeJSON, payload, 0)
		if err != nil {
			return err
		}
		defer drain(resp)
		if resp.StatusCode < 200 || resp.StatusCode > 299 {
			return statusError(resp)
		}
		if into == nil {
			return nil
		}
		return json.NewDecoder(resp.Body).Decode(into)
	})
}

// do sends one request once.
func (c *Client) do(ctx context.Context, method, path, token, contentType string, body []byte, atLeast uint64) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if atLeast > 0 {
		req.Header.Set("Jejak-Min-Position", strconv.FormatUint(atLeast, 10))
	}
	return c.http.Do(req)
}

// statusError reads a problem document; what is none is kept as its detail.
func statusError(resp *http.Response) error {
	e := &StatusError{Status: resp.StatusCode, Method: resp.Request.Method, Path: resp.Request.URL.Path}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if jsonErr := json.Unmarshal(text, &e.Problem); err != nil || jsonErr != nil {
		e.Problem = Problem{Title: http.StatusText(resp.StatusCode), Detail: strings.TrimSpace(string(text[:min(len(text), 500)]))}
	}
	if wait, ok := retryAfter(resp); ok {
		return &busyError{err: e, wait: wait}
	}
	return e
}

// drain reads the rest of a body, so that its connection can be used again.
func drain(resp *http.Response) {
	_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = errors.Join(err, resp.Body.Close()) // a broken connection is simply not used again
}
