package verify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"jejak/domain"
	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/notary/bundle"
)

// Live finds what a server shows over HTTP. The token must be of somebody who reads the whole log, such as a province's auditor.
func Live(ctx context.Context, c *client.Client, token string) (*Found, error) {
	f := &Found{}
	var me api.User
	if _, err := c.Get(ctx, token, "/v1/me", nil, 0, &me); err != nil {
		return nil, err
	}
	if domain.Code(me.Scope).Level() != domain.Province {
		return nil, fmt.Errorf("the token is of %s %s, who does not read the whole log: it takes one of the province, such as an auditor's", me.Role, me.Scope)
	}
	if _, err := c.Get(ctx, "", "/checkpoint/keys", nil, 0, &f.Keys); err != nil {
		return nil, err
	}
	f.Source.Tiles = func(path string) ([]byte, error) {
		var data []byte
		_, err := c.Get(ctx, "", "/"+path, nil, 0, &data)
		var answered *client.StatusError
		if errors.As(err, &answered) && answered.Status == http.StatusNotFound {
			return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		return data, err
	}
	// The checkpoints come first: the log then has at least what they have.
	f.Source.Signed = func(do func([]byte, time.Time) error) error {
		for after, more := int64(0), true; more; {
			var page []byte
			if _, err := c.Get(ctx, "", "/checkpoint/history", url.Values{"after": {strconv.FormatInt(after, 10)}}, 0, &page); err != nil {
				return err
			}
			more = false
			err := eachCheckpoint(bytes.NewReader(page), func(note []byte, at time.Time) error {
				more = true
				if lines := bytes.SplitN(note, []byte("\n"), 3); len(lines) == 3 {
					after, _ = strconv.ParseInt(string(lines[1]), 10, 64) // what cannot be read does not hold either
				}
				return do(note, at)
			})
			if err != nil {
				return fmt.Errorf("read the history of checkpoints: %w", err)
			}
		}
		return nil
	}
	f.Source.Lines = func(yield func(bundle.Line, error) bool) {
		body, err := c.Stream(ctx, token, "/v1/events", url.Values{"attempts": {"true"}})
		if err != nil {
			yield(bundle.Line{}, err)
			return
		}
		defer body.Close()
		lines := bufio.NewReaderSize(body, 1<<20)
		for {
			line, err := lines.ReadBytes('\n') // a text of its own
			if len(line) > 0 && err == nil {
				if !yield(bundle.Line{Leaf: -1, Text: line}, nil) {
					return
				}
				continue
			}
			if !errors.Is(err, io.EOF) || len(line) > 0 {
				yield(bundle.Line{}, fmt.Errorf("the list of events broke off: %w", errors.Join(err, io.ErrUnexpectedEOF)))
			}
			return
		}
	}
	return f, nil
}
