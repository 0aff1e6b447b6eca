package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"jejak/internal/people"
	"jejak/internal/readlog"
)

const (
	authSubject = "$SYS.REQ.USER.AUTH"
	// authAtOnce is how many connections are judged at the same time; more wait for a moment.
	authAtOnce = 32
	// userPayload is the most bytes that a person may publish at once: requests for messages, and acknowledgements.
	userPayload = 4096
)

// authService answers NATS, which asks who somebody is for every connection that is not the program's own. While it does not answer, NATS
// lets nobody in.
type authService struct {
	b       *Broker
	conn    *nats.Conn
	issuer  nkeys.KeyPair
	account func(userID string, g Grant) (string, error) // where the person is put
	rights  time.Duration                                // how long they last without asking again; 0: as long as the connection

	places chan struct{}
	cancel context.CancelFunc
	ctx    context.Context
	work   sync.WaitGroup
}

// serveAuth begins to answer. The service closes the connection.
func serveAuth(b *Broker, conn *nats.Conn, issuer nkeys.KeyPair, account func(string, Grant) (string, error), rights time.Duration) (*authService, error) {
	a := &authService{b: b, conn: conn, issuer: issuer, account: account, rights: rights, places: make(chan struct{}, authAtOnce)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	// A queue: of several servers before one cluster one answers.
	if _, err := conn.QueueSubscribe(authSubject, "jejak", a.take); err != nil {
		a.cancel()
		return nil, fmt.Errorf("answer the NATS server's questions about users: %w", err)
	}
	if err := conn.FlushTimeout(patience); err != nil && conn.IsConnected() { // else it is told when the cluster answers
		a.cancel()
		return nil, fmt.Errorf("answer the NATS server's questions about users: %w", err)
	}
	return a, nil
}

func (a *authService) stop() {
	a.cancel()
	a.work.Wait()
	a.conn.Close()
}

// take lets several connections be judged at once; it waits while there are too many.
func (a *authService) take(msg *nats.Msg) {
	select {
	case a.places <- struct{}{}:
	case <-a.ctx.Done():
		return
	}
	a.work.Add(1)
	go func() {
		defer a.work.Done()
		defer func() { <-a.places }()
		a.answer(msg)
	}()
}

// answer answers one question. A question that cannot be read gets no answer, which is a refusal.
func (a *authService) answer(msg *nats.Msg) {
	req, err := jwt.DecodeAuthorizationRequestClaims(string(msg.Data))
	if err != nil {
		a.b.log.Error("a question about a user cannot be read", "error", err)
		return
	}
	if a.b.system != nil {
		a.b.system.heard(req.Server.ID, req.Server.Name)
	}
	reply := jwt.NewAuthorizationResponseClaims(req.UserNkey)
	reply.Audience = req.Server.ID
	rights, user, reason := a.judge(req)
	if !a.kept(user, reason) {
		rights, reason = "", "reads_not_recorded"
	}
	if reason != "" {
		a.b.cfg.Telemetry.Refused(reason)
		a.b.cfg.Telemetry.Security.Warn("token refused", "reason", reason, "user", user.ID, "from", req.ClientInformation.Host, "over", "nats")
		reply.Error = reason
	}
	reply.Jwt = rights
	text, err := reply.Encode(a.issuer)
	if err == nil {
		err = msg.Respond([]byte(text))
	}
	if err != nil {
		a.b.log.Error("a question about a user cannot be answered", "error", err)
	}
}

// kept keeps that somebody connects whose reads are kept, or tried to. It is false where that cannot be, and he is not to be let in. What he then hears is
// what his rights give him.
func (a *authService) kept(user people.User, reason string) bool {
	if a.b.cfg.Reads == nil || !readlog.Recorded(user.Role) {
		return true
	}
	read, err := a.b.cfg.Reads.Admit(readlog.Read{At: time.Now(), User: user.ID, Role: string(user.Role), Scope: user.Scope, Method: "NATS", Route: "NATS connect"})
	if err != nil {
		return false
	}
	status := http.StatusOK
	if reason != "" {
		status = http.StatusForbidden
	}
	read.Done(status, 0, 0)
	return true
}

// judge finds the user of a connection and what he may do, or the reason why he may not connect.
func (a *authService) judge(req *jwt.AuthorizationRequestClaims) (rights string, user people.User, reason string) {
	user, reason = a.who(req.ConnectOptions)
	if reason != "" {
		return "", user, reason
	}
	grant, refusal := Permissions(user, a.b.cfg.Province)
	if refusal != "" {
		return "", user, string(refusal)
	}
	ctx, cancel := context.WithTimeout(a.ctx, patience)
	defer cancel()
	a.b.cut.watch(user.ID)
	account, err := a.equip(ctx, user.ID, grant)
	if err == nil {
		rights, err = a.encode(req.UserNkey, user.ID, account, grant)
	}
	switch {
	case errors.Is(err, ErrNotReady):
		return "", user, "not_ready"
	case errors.Is(err, errTooManyConnections):
		return "", user, "too_many_connections"
	case err != nil:
		a.b.log.Error("a user cannot be let in", "user", user.ID, "error", err)
		return "", user, "unavailable"
	}
	// He may have been revoked meanwhile; the consumers would stay then.
	if _, reason = a.who(req.ConnectOptions); reason != "" {
		return "", user, reason
	}
	return rights, user, ""
}

// equip gives somebody his consumers and his account, which nobody takes back meanwhile.
func (a *authService) equip(ctx context.Context, id string, g Grant) (account string, err error) {
	a.b.coming.RLock()
	defer a.b.coming.RUnlock()
	if err := a.b.ensure(ctx, id, g); err != nil {
		return "", err
	}
	return a.account(id, g)
}

// who finds the user of a token that is still good. The token is the password or the auth_token; the user's name says nothing.
func (a *authService) who(o jwt.ConnectOptions) (people.User, string) {
	token := o.Password
	if token == "" {
		token = o.Token
	}
	if token == "" {
		return people.User{}, "no_token"
	}
	user, ok := a.b.cfg.People.ByToken(token)
	switch {
	case !ok:
		return people.User{}, "wrong_token"
	case !user.Revoked.IsZero():
		return user, "revoked_token"
	case !user.Active(a.b.cfg.People.Now()):
		return user, "expired_token"
	}
	return user, ""
}

// encode writes the rights down as NATS wants them.
func (a *authService) encode(nkey, id, account string, g Grant) (string, error) {
	claims := jwt.NewUserClaims(nkey)
	claims.Name, claims.Audience = id, account
	claims.Permissions = jwt.Permissions{Pub: jwt.Permission{Allow: g.Publish}, Sub: jwt.Permission{Allow: g.Subscribe}}
	claims.Limits.Payload = userPayload
	claims.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard)
	if a.rights > 0 {
		claims.Expires = time.Now().Add(a.rights).Unix()
	}
	text, err := claims.Encode(a.issuer)
	if err != nil {
		return "", fmt.Errorf("write the rights of %s: %w", id, err)
	}
	return text, nil
}
