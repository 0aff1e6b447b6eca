package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"jejak/domain"
	"jejak/eventstore/lock"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/history"
	"jejak/internal/notary"
	"jejak/internal/people"
	"jejak/internal/server"
	"jejak/internal/terminal"
)

// past is who answers questions about history: a server, or the data directory itself. The answers are the same.
type past struct {
	asked  bool   // it is known of which history positions are
	epoch  string // "" for the first
	client *client.Client
	token  string
	close  func() error
}

const pastHelp = `The data directory is read as it lies there when no server has it (an auditor's copy); while one does, that server is asked. --url asks another server.`

// openPast finds who answers: the server at --url, the server of --data, or the directory. store is where its log is.
func (r *reach) openPast(ctx context.Context, store string) (*past, error) {
	if r.url != "" {
		return r.servedPast("")
	}
	if err := checkStore(store); err != nil {
		return nil, err
	}
	p, err := server.OpenPast(ctx, r.dir, store)
	var held *lock.HeldError
	switch {
	case err == nil:
		server.TuneMemory(ctx, 0)
		return &past{client: client.InProcess(p.Handler), close: p.Close}, nil
	case !errors.As(err, &held):
		return nil, storeAway(err)
	}
	serving, ok, err := server.FindServing(r.dir)
	if err != nil {
		return nil, err
	}
	if !ok { // not a server, or one that is still starting
		return nil, inUse(held)
	}
	return r.servedPast(serving.HTTP)
}

func (r *reach) servedPast(address string) (*past, error) {
	if address == "" {
		address = r.url
	}
	name := r.tokenFile
	if name == "" {
		name = filepath.Join(r.dir, people.AdminFile)
	}
	token, err := readToken(name)
	if err != nil {
		return nil, err
	}
	c, err := client.New(address, client.Options{Connections: 2, Patience: firstPatience, Answer: longestAnswer})
	if err != nil {
		return nil, exit.With(exit.Usage, err)
	}
	return &past{client: c, token: token, close: func() error { c.Close(); return nil }}, nil
}

// longestAnswer is how long a whole province may be worked out: the server itself gives up when there is no progress.
const longestAnswer = 15 * time.Minute

// get asks one question and returns the answer's JSON. A question that is put wrongly has the exit code of wrong usage.
func (p *past) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	for name := range query {
		if query.Get(name) == "" {
			query.Del(name)
		}
	}
	var body []byte
	_, err := p.client.Get(ctx, p.token, path, query, 0, &body)
	if err != nil {
		return nil, refused(err)
	}
	return body, nil
}

// cursor is a position as the server reads it, which after a restore wants to be told of which history it is.
func (p *past) cursor(ctx context.Context, position string) string {
	if !p.asked {
		p.asked = true
		var keys []notary.Key
		if _, err := p.client.Get(ctx, "", "/checkpoint/keys", nil, 0, &keys); err == nil && len(keys) > 0 {
			origin, _, _ := strings.Cut(keys[len(keys)-1].Verifier, "+")
			p.epoch = strings.TrimPrefix(strings.TrimPrefix(origin, notary.BaseOrigin(origin)), "/")
		}
	}
	if p.epoch == "" {
		return position
	}
	return p.epoch + ":" + position
}

// refused gives an answer that is none its words and its exit code: a question that is put wrongly that of wrong usage. Which parameter is wrong stands
// before it, by the flag that it comes from.
func refused(err error) error {
	var answered *client.StatusError
	if !errors.As(err, &answered) || len(answered.Problem.Errors) == 0 || answered.Status == http.StatusUnauthorized {
		return statusError(err)
	}
	texts := answered.Problem.Texts()
	for i, e := range answered.Problem.Errors {
		name := strings.TrimPrefix(e.Path, "/query/")
		if name == "as_of" {
			name = "at"
		}
		if name != e.Path {
			texts[i] = "--" + name + ": " + texts[i]
		}
	}
	code := exit.Failed
	if answered.Status == http.StatusUnprocessableEntity {
		code = exit.Usage
	}
	return exit.Errorf(code, "%s", strings.Join(texts, "\n"))
}

// mostOfPage is how many elements of a list the API gives at once.
const mostOfPage = 1000

// whole asks as get does, and for the pages of a list until the last: what is not shown looks to who checks as if it were not there.
func (p *past) whole(ctx context.Context, path string, query url.Values) ([]byte, error) {
	var all []json.RawMessage
	for {
		body, err := p.get(ctx, path, query)
		if err != nil || !query.Has("limit") {
			return body, err
		}
		var list []json.RawMessage
		if err := json.Unmarshal(body, &list); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		all = append(all, list...)
		if len(list) < mostOfPage {
			return append(append([]byte{'['}, bytes.Join(raw(all), []byte{','})...), ']'), nil
		}
		var last struct{ ID string }
		if err := json.Unmarshal(list[len(list)-1], &last); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		query.Set("after", last.ID)
	}
}

func raw(list []json.RawMessage) [][]byte {
	texts := make([][]byte, len(list))
	for i, text := range list {
		texts[i] = text
	}
	return texts
}

// wrongUsage are faults of flags, all at once. names are the flags of fields that have another name.
func wrongUsage(faults []*history.Fault, names map[string]string) error {
	var texts []string
	for _, f := range faults {
		name := f.Field
		if other, ok := names[name]; ok {
			name = other
		}
		text := "--" + name + ": " + f.EN + " / " + f.ID
		if f.Fix != "" {
			text += ": " + f.Fix + " / " + f.FixID
		}
		texts = append(texts, text)
	}
	return exit.Errorf(exit.Usage, "%s", strings.Join(texts, "\n"))
}

// folded is a text in lines that fit on w, where that is a terminal.
func folded(w io.Writer, text terminal.Text) terminal.Text {
	return terminal.Fold(text, terminal.Width(w))
}

// wib is how moments are shown: East Java's time, whatever the machine's.
var wib = time.FixedZone("WIB", 7*3600)

// shown is a moment as people read it.
func shown(stamp string) string {
	t, err := domain.StoredTime(stamp)
	if err != nil {
		return stamp
	}
	return t.In(wib).Format("2006-01-02 15:04:05 MST")
}
