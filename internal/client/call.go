package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Call sends one request as it is and returns the body of the answer, which must be a success: for the few routes that have no method of their
// own. contentType may be "" without a body.
func (c *Client) Call(ctx context.Context, token, method, path, contentType string, body []byte) ([]byte, error) {
	var answer []byte
	err := c.retry(ctx, func() error {
		resp, err := c.do(ctx, method, path, token, contentType, body, 0)
		if err != nil {
			return err
		}
		defer drain(resp)
		if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
			return statusError(resp)
		}
		if answer, err = io.ReadAll(resp.Body); err != nil {
			return fmt.Errorf("%s %s: read the answer: %w", method, path, err)
		}
		return nil
	})
	return answer, err
}
