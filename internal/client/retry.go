package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// busyError is an answer that asks to come again later.
type busyError struct {
	err  error
	wait time.Duration
}

func (e *busyError) Error() string { return e.err.Error() }
func (e *busyError) Unwrap() error { return e.err }

const (
	firstWait = 50 * time.Millisecond
	longest   = 2 * time.Second
)

// retryAfter tells how long the server asks to wait, if it does.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	switch resp.StatusCode {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return firstWait, true
	}
	return time.Duration(seconds) * time.Second, true
}

// again tells whether an attempt may be repeated, and after how long at least.
func again(err error) (time.Duration, bool) {
	if busy, ok := errors.AsType[*busyError](err); ok {
		return busy.wait, true
	}
	if _, ok := errors.AsType[*StatusError](err); ok {
		return 0, false
	}
	_, network := errors.AsType[net.Error](err)
	return 0, network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EPIPE)
}

// retry repeats an attempt while the server is busy or away, each as long as the client is patient with it.
func (c *Client) retry(ctx context.Context, attempt func() error) error {
	var away, busySince time.Time // since when the server does not answer, or answers that it is busy
	backoff := firstWait
	for {
		err := attempt()
		if err == nil || ctx.Err() != nil {
			return err
		}
		wait, ok := again(err)
		if !ok {
			return err
		}
		if _, busy := errors.AsType[*busyError](err); busy {
			away = time.Time{}
			if busySince.IsZero() {
				busySince = time.Now()
			}
			if c.patience < 0 || c.busy > 0 && time.Since(busySince)+wait > c.busy {
				return err
			}
		} else {
			busySince = time.Time{}
			if away.IsZero() {
				away = time.Now()
			}
			if time.Since(away) >= c.patience {
				return &UnreachableError{Base: c.base, Err: err}
			}
		}
		wait = max(wait, backoff)
		backoff = min(backoff*2, longest)
		if c.onRetry != nil {
			c.onRetry(err, wait)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}
