package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/url"

	"jejak/internal/api"
)

// Events are the records of the log that the query of GET /v1/events chooses and the token may see, in order, as they come. An error ends them, never a
// short list: it is the last pair. Nothing is tried again once the first has come.
func (c *Client) Events(ctx context.Context, token string, query url.Values) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		body, err := c.Stream(ctx, token, "/v1/events", query)
		if err != nil {
			yield(api.Event{}, err)
			return
		}
		defer body.Close() // only read from; to drain it could mean the whole log
		for lines := json.NewDecoder(bufio.NewReaderSize(body, 1<<16)); ; {
			var e api.Event
			if err := lines.Decode(&e); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				err = fmt.Errorf("read the events of the server: %w", err)
				var broken *net.OpError
				if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken) { // it went away while it answered
					err = &UnreachableError{Base: c.base, Err: err}
				}
				yield(api.Event{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
