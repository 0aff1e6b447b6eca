package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"jejak/eventstore/lock"
	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/people"
	"jejak/internal/server"
)

// office is where accounts are changed: through the server that has the directory, or in people.db.
type office interface {
	// add makes accounts, all or none. A key that is not "" is used once: a list that was imported under it is refused.
	add(ctx context.Context, key string, users []api.NewUser) ([]api.User, error)
	revoke(ctx context.Context, id string) (api.User, error)
	forget(ctx context.Context, id string) (api.Forgotten, error)
	close() error
}

// atOffice opens the office that reach leads to, does something in it and closes it.
func atOffice(ctx context.Context, r *reach, makes bool, do func(o office) error) (err error) {
	o, err := openOffice(ctx, r, makes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	return do(o)
}

// openOffice finds the office: the server at --url, the one that has the data directory, or people.db itself. makes says that a directory which is not there
// is made; otherwise a name that was mistyped is refused.
func openOffice(ctx context.Context, r *reach, makes bool) (office, error) {
	if r.url != "" {
		c, _, token, err := r.connect("jejak serve")
		if err != nil {
			return nil, fmt.Errorf("ask the server: %w", err)
		}
		return there{client: c, token: token}, nil
	}
	if _, err := os.Stat(filepath.Join(r.dir, server.PeopleFile)); !makes && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no data directory of a server: name it with --data, or a server with --url", r.dir)
	}
	accounts, err := server.OpenAccounts(ctx, r.dir)
	var held *lock.HeldError
	switch {
	case err == nil:
		return here{accounts}, nil
	case !errors.As(err, &held):
		return nil, err
	}
	t, ok, err := askServer(r.dir, r.tokenFile)
	if err != nil {
		return nil, err
	}
	if !ok { // not a server, or one that is still starting
		return nil, inUse(held)
	}
	return t, nil
}

// askServer finds the server that has a directory; ok is false when none says that it does. tokenFile is "" for the first admin's.
func askServer(dir, tokenFile string) (t there, ok bool, err error) {
	serving, ok, err := server.FindServing(dir)
	if err != nil || !ok {
		return there{}, false, err
	}
	if tokenFile == "" {
		tokenFile = filepath.Join(dir, people.AdminFile)
	}
	token, err := readToken(tokenFile)
	if err != nil {
		return there{}, false, fmt.Errorf("ask the running server: %w", err)
	}
	c, err := client.New(serving.HTTP, client.Options{Connections: 1, Patience: time.Second, Busy: busyPatience})
	return there{client: c, token: token}, err == nil, err
}

// inUse says that another process has the data directory.
func inUse(held *lock.HeldError) error {
	return &exit.Error{Code: exit.InUse, Holder: held.PID, Err: held}
}

// here changes people.db itself.
type here struct{ accounts *server.Accounts }

func (h here) add(ctx context.Context, key string, users []api.NewUser) ([]api.User, error) {
	asked := make([]people.NewUser, len(users))
	for i, u := range users {
		asked[i] = people.Asked(u)
	}
	added, err := h.accounts.AddOnce(ctx, key, asked)
	if err != nil {
		return nil, err
	}
	made := make([]api.User, len(added))
	for i, a := range added {
		made[i] = account(a.User)
		made[i].Token = a.Token
	}
	return made, nil
}

func (h here) revoke(ctx context.Context, id string) (api.User, error) {
	u, err := h.accounts.Revoke(ctx, id)
	return account(u), err
}

func (h here) forget(ctx context.Context, id string) (api.Forgotten, error) {
	u, already, err := h.accounts.Forget(ctx, id)
	return api.Forgotten{ID: u.ID, Role: string(u.Role), Scope: u.Scope, Forgotten: moment(u.Forgotten), Already: already}, err
}

func (h here) close() error { return h.accounts.Close() }

func account(u people.User) api.User {
	return api.User{ID: u.ID, Role: string(u.Role), Scope: u.Scope, Party: u.Party, Expires: moment(u.Expires), Revoked: moment(u.Revoked)}
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// there asks the server that has the directory.
type there struct {
	client *client.Client
	token  string
}

func (t there) add(ctx context.Context, key string, users []api.NewUser) ([]api.User, error) {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, u := range users {
		if err := enc.Encode(u); err != nil {
			return nil, err
		}
	}
	path := "/v1/users"
	if key != "" {
		path += "?" + url.Values{"import": {key}}.Encode()
	}
	answer, err := t.client.Call(ctx, t.token, http.MethodPost, path, "application/x-ndjson", lines.Bytes())
	if err != nil {
		return nil, reached(err)
	}
	var added []api.User
	for dec := json.NewDecoder(bytes.NewReader(answer)); ; {
		var u api.User
		if err := dec.Decode(&u); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the server's answer: %w", err)
		}
		added = append(added, u)
	}
	if len(added) != len(users) {
		return nil, fmt.Errorf("the server's answer broke off after %d of %d accounts: all were made, the other tokens are lost; revoke those accounts and add them again", len(added), len(users))
	}
	return added, nil
}

func (t there) revoke(ctx context.Context, id string) (api.User, error) {
	var u api.User
	answer, err := t.client.Call(ctx, t.token, http.MethodDelete, "/v1/users/"+url.PathEscape(id), "", nil)
	if err != nil {
		return u, reached(err)
	}
	if err := json.Unmarshal(answer, &u); err != nil {
		return u, fmt.Errorf("read the server's answer: %w", err)
	}
	return u, nil
}

func (t there) forget(ctx context.Context, id string) (f api.Forgotten, err error) {
	answer, err := t.client.Call(ctx, t.token, http.MethodPost, "/v1/users/"+url.PathEscape(id)+"/forget", "", nil)
	if err != nil {
		return f, reached(err)
	}
	if err := json.Unmarshal(answer, &f); err != nil {
		return f, fmt.Errorf("read the server's answer: %w", err)
	}
	return f, nil
}

func (t there) close() error {
	t.client.Close()
	return nil
}

// reached gives an error its exit code when it means that no server answered.
func reached(err error) error {
	var unreachable *client.UnreachableError
	if errors.As(err, &unreachable) {
		return exit.With(exit.Unreachable, err)
	}
	return err
}
