package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
)

// Bundle takes a bundle (GET /v1/bundle) and writes it, a zip file. Position is that of the last record under its checkpoint. Once begun it is not tried
// again: an error says that what was written is not whole.
func (c *Client) Bundle(ctx context.Context, token string, query url.Values, w io.Writer) (position uint64, err error) {
	resp, err := c.begin(ctx, token, "/v1/bundle", query)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err = io.Copy(w, resp.Body); errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("the bundle broke off: take it again (if it breaks off again, the server's log says why): %w", err)
	}
	if err != nil {
		return 0, fmt.Errorf("take a bundle: %w", err)
	}
	if position, err = strconv.ParseUint(resp.Header.Get("Jejak-Position"), 10, 64); err != nil {
		return 0, fmt.Errorf("take a bundle: %s is no server of Jejak: %w", c.base, err)
	}
	return position, nil
}
