package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// conn is one keep-alive connection of the lean HTTP client: requests are made by hand and of an answer only the status, the length and the
// body are looked at, so that the client is as small a part of the measurement as it can be.
type conn struct {
	net  net.Conn
	in   *bufio.Reader
	head []byte // of every request, up to the value of Content-Length
	out  []byte
	body []byte
}

// dial connects to host:port. Every request is a POST of JSON to path with the bearer token.
func dial(address, path, token string) (*conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect a client: %w", err)
	}
	head := "POST " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\nContent-Length: "
	return &conn{net: c, in: bufio.NewReaderSize(c, 4<<10), head: []byte(head)}, nil
}

// post sends a body and returns the status and the body of the answer, which is good until the next call.
func (c *conn) post(body []byte) (int, []byte, error) {
	c.out = append(c.out[:0], c.head...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if _, err := c.net.Write(c.out); err != nil {
		return 0, nil, fmt.Errorf("send a request: %w", err)
	}
	status, length, err := c.answerHead()
	if err != nil {
		return 0, nil, fmt.Errorf("read an answer: %w", err)
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return 0, nil, fmt.Errorf("read an answer: %w", err)
	}
	return status, c.body, nil
}

var (
	lengthHeader = []byte("content-length:")
	errNoLength  = errors.New("it has no Content-Length, which this client needs")
)

// answerHead reads up to the empty line.
func (c *conn) answerHead() (status, length int, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		switch {
		case first:
			if len(line) < len("HTTP/1.1 200") {
				return 0, 0, fmt.Errorf("%q is no HTTP answer", line)
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, 0, fmt.Errorf("%q is no HTTP answer", line)
			}
		case len(line) <= 2:
			if length < 0 {
				return 0, 0, errNoLength
			}
			return status, length, nil
		case len(line) > len(lengthHeader) && bytes.EqualFold(line[:len(lengthHeader)], lengthHeader):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthHeader):]))); err != nil {
				return 0, 0, fmt.Errorf("%q is no length", line)
			}
		}
	}
}

func (c *conn) Close() error { return c.net.Close() }
