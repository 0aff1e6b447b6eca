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

	"jejak/domain"
	"jejak/eventstore/lock"
	"jejak/internal/api"
	"jejak/internal/client"
	"jejak/internal/exit"
	"jejak/internal/people"
	"jejak/internal/server"
)

// office is where accounts are changed: through the server that has the directory, or in people.db.
type office interface {
	add(ctx context.Context, users []api.NewUser) ([]api.User, error)
	revoke(ctx context.Context, id string) (api.User, error)
	forget(ctx context.Context, id string) (api.Forgotten, error)
	close() error
}

func addUsers(ctx context.Context, dir string, users []api.NewUser) (added []api.User, err error) {
	o, err := openOffice(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	return o.add(ctx, users)
}

func revokeUser(ctx context.Context, dir, id string) (revoked api.User, err error) {
	o, err := openOfficeOf(ctx, dir)
	if err != nil {
		return api.User{}, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	return o.revoke(ctx, id)
}

func forgetUser(ctx context.Context, dir, id string) (forgotten api.Forgotten, err error) {
	o, err := openOfficeOf(ctx, dir)
	if err != nil {
		return forgotten, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	return o.forget(ctx, id)
}

// openOfficeOf opens the office of a directory that has people: a name that was mistyped is not made into a new directory.
func openOfficeOf(ctx context.Context, dir string) (office, error) {
	if _, err := os.Stat(filepath.Join(dir, server.PeopleFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no data directory of a server: name it with --data", dir)
	}
	return openOffice(ctx, dir)
}

func openOffice(ctx context.Context, dir string) (office, error) {
	accounts, err := server.OpenAccounts(ctx, dir)
	var held *lock.HeldError
	switch {
	case err == nil:
		return here{accounts}, nil
	case !errors.As(err, &held):
		return nil, err
	}
	t, ok, err := askServer(dir, "")
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
	c, err := client.New(serving.HTTP, client.Options{Connections: 1, Patience: time.Second})
	return there{client: c, token: token}, err == nil, err
}

// inUse says that another process has the data directory.
func inUse(held *lock.HeldError) error {
	return &exit.Error{Code: exit.InUse, Holder: held.PID, Err: held}
}

// here changes people.db itself.
type here struct{ accounts *server.Accounts }

func (h here) add(ctx context.Context, users []api.NewUser) ([]api.User, error) {
	asked := make([]people.NewUser, len(users))
	var errs []error
	for i, u := range users {
		asked[i] = people.NewUser{Role: domain.Role(u.Role), Scope: u.Scope, Party: u.Party, Name: u.Name, Phone: u.Phone, ID: u.ID, TokenSHA256: u.TokenSHA256}
		if u.Expires != "" {
			t, err := domain.ParseTime(u.Expires)
			if err != nil {
				errs = append(errs, fmt.Errorf("user %d: expires: %q is no time such as 2024-02-20T00:00:00+07:00", i+1, u.Expires))
			}
			asked[i].Expires = t
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	added, err := h.accounts.AddMany(ctx, asked)
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

func (t there) add(ctx context.Context, users []api.NewUser) ([]api.User, error) {
	var lines bytes.Buffer
	enc := json.NewEncoder(&lines)
	for _, u := range users {
		if err := enc.Encode(u); err != nil {
			return nil, err
		}
	}
	answer, err := t.client.Call(ctx, t.token, http.MethodPost, "/v1/users", "application/x-ndjson", lines.Bytes())
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
