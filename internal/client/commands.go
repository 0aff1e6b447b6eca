package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"jejak/internal/api"
)

// Send sends one command, as JSON, and returns its answer with Status set: what was rejected or is in error is an answer too, no error of
// Send. resent tells that it was sent more than once, so that a Duplicate may stand for its own first time.
func (c *Client) Send(ctx context.Context, token string, command []byte) (answer api.Answer, resent bool, err error) {
	attempts := 0
	err = c.retry(ctx, func() error {
		attempts++
		resp, err := c.do(ctx, http.MethodPost, "/v1/commands", token, typeJSON, command, 0)
		if err != nil {
			return err
		}
		defer drain(resp)
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusConflict && resp.StatusCode != http.StatusUnprocessableEntity &&
			resp.StatusCode != http.StatusForbidden {
			return statusError(resp)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		answer = api.Answer{}
		if err := json.Unmarshal(body, &answer); err != nil || answer.Result == "" {
			var problem Problem
			if json.Unmarshal(body, &problem) == nil && resp.StatusCode != http.StatusOK {
				return &StatusError{Status: resp.StatusCode, Method: http.MethodPost, Path: "/v1/commands", Problem: problem}
			}
			return fmt.Errorf("answer to a command is none: %w: %.200s", err, body)
		}
		answer.Status = resp.StatusCode
		return nil
	})
	return answer, attempts > 1, err
}

// maxAnswerLine is far above the longest answer: a rejection that lists a thousand boxes.
const maxAnswerLine = 8 << 20

// SendLines sends commands as NDJSON, one a line, each ended by a line feed, and calls each with every line's last answer in order: Line counts
// from 1. Lines that the server is too busy for are sent again, and so are all that were not answered when a connection broke. resent tells
// that the line was sent more than once. It returns an error when some were not answered in the end.
func (c *Client) SendLines(ctx context.Context, token string, lines []byte, each func(answer api.Answer, resent bool)) error {
	done, total := 0, bytes.Count(lines, []byte{'\n'})
	attempts := 0
	return c.retry(ctx, func() error {
		attempts++
		n, busy, err := c.sendOnce(ctx, token, lines, done, func(a api.Answer) {
			done++
			a.Line = done
			each(a, attempts > 1)
		})
		lines = lines[n:]
		switch {
		case done == total: // whatever became of the connection after the last answer
			return nil
		case err != nil:
			return err
		case busy != nil:
			return busy
		default:
			return fmt.Errorf("the server answered %d of %d lines: %w", done, total, io.ErrUnexpectedEOF)
		}
	})
}

// sendOnce sends the lines and hands over answers until one asks to come again. It returns how many bytes of the lines are answered for good.
func (c *Client) sendOnce(ctx context.Context, token string, lines []byte, before int, each func(api.Answer)) (n int, busy, err error) {
	resp, err := c.do(ctx, http.MethodPost, "/v1/commands", token, typeNDJSON, lines, 0)
	if err != nil {
		return 0, nil, err
	}
	defer drain(resp)
	if resp.StatusCode != http.StatusOK {
		return 0, nil, statusError(resp)
	}
	scanner := bufio.NewScanner(resp.Body)
	scanner.Buffer(make([]byte, 0, 64<<10), maxAnswerLine)
	for scanner.Scan() {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var a api.Answer
		if err := json.Unmarshal(scanner.Bytes(), &a); err != nil {
			return n, nil, fmt.Errorf("answer to line %d is no JSON: %w", before+1, err)
		}
		if wait, yes := comeAgain(a); yes {
			return n, &busyError{err: errors.New(a.Errors[0].MessageEN), wait: wait}, nil
		}
		end := bytes.IndexByte(lines[n:], '\n')
		if end < 0 {
			return n, nil, fmt.Errorf("the server answered more lines than were sent")
		}
		n += end + 1
		each(a)
	}
	if err := scanner.Err(); err != nil {
		return n, nil, err
	}
	return n, nil, nil
}

// comeAgain tells whether an answer within a batch asks for the command to be sent again: the ledger was full, or the server is closing.
func comeAgain(a api.Answer) (time.Duration, bool) {
	if a.Result != api.Error || len(a.Errors) == 0 {
		return 0, false
	}
	return firstWait, transient[a.Errors[0].Rule]
}

// transient are the errors that pass.
var transient = map[string]bool{"overloaded": true, "server_closing": true, "store_unavailable": true}
