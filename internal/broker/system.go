package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"jejak/internal/telemetry"
)

// What a user of the system account asks the servers of a cluster. Every server answers askAll for itself.
const (
	askAll         = "$SYS.REQ.SERVER.PING.CONNZ"
	askOne         = "$SYS.REQ.SERVER.%s.CONNZ"
	kick           = "$SYS.REQ.SERVER.%s.KICK"
	shutdownEvents = "$SYS.SERVER.*.SHUTDOWN"
	// systemInbox is where the answers come, so that the user needs no right to hear anything else of the system account.
	systemInbox = "_INBOX.jejak-system"
)

const (
	// answerWithin is how long servers have for one round of questions.
	answerWithin = 2 * time.Second
	// surveyEvery is how often it is asked who is connected at all: who was let in before the program's start is found so.
	surveyEvery = 10 * time.Second
	// moveEvery is how often at most other servers are tried.
	moveEvery = 10 * time.Second
	// connsPage is how many connections one answer lists.
	connsPage = 256
	// goneAfter is how long after the end of all rights that a server can know of it is taken for gone.
	goneAfter = 15 * time.Second
)

// system cuts connections in a cluster: it asks every server who is connected, and has the server kick whom it should. A server that has once been
// heard of must answer. Only when it says that it ends, or is silent for longer than rights last, is it no longer asked for: then nobody's rights
// are good there, and nobody new is let in.
type system struct {
	conn      *nats.Conn
	log       *slog.Logger
	telemetry *telemetry.Telemetry
	rights    time.Duration
	elsewhere func(silent func(serverID string) bool) // leaves servers for others

	mu      sync.Mutex
	servers map[string]*clusterServer // by id, which a server chooses anew at every start
	moved   time.Time                 // when other servers were tried last
}

type clusterServer struct {
	name   string
	heard  time.Time
	silent bool // it did not answer the last time
}

func newSystem(conn *nats.Conn, log *slog.Logger, t *telemetry.Telemetry, rights time.Duration, elsewhere func(silent func(serverID string) bool)) (*system, error) {
	s := &system{conn: conn, log: log, telemetry: t, rights: rights, elsewhere: elsewhere, servers: map[string]*clusterServer{}}
	_, err := conn.Subscribe(shutdownEvents, func(m *nats.Msg) {
		if tokens := strings.Split(m.Subject, "."); len(tokens) == 4 {
			s.ended(tokens[2])
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listen for servers of the NATS cluster that end: %w", err)
	}
	return s, nil
}

// heard: a server lives. It is asked from now on. Names are unique in a cluster: a former server of the same name has ended.
func (s *system) heard(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.servers[id] == nil {
		maps.DeleteFunc(s.servers, func(_ string, former *clusterServer) bool { return former.name == name })
		s.servers[id] = &clusterServer{name: name}
	}
	s.servers[id].heard = time.Now()
}

// ended: a server has said that it ends, and with it every connection to it.
func (s *system) ended(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.servers, id)
}

func (s *system) cut(ctx context.Context, userIDs []string) (map[string]int, error) {
	user := "" // one is asked for by name; of several all connections are looked through
	if len(userIDs) == 1 {
		user = userIDs[0]
	}
	cut := map[string]int{}
	err := s.ask(ctx, user, false, func(id string) bool {
		if !slices.Contains(userIDs, id) {
			return false
		}
		cut[id]++
		return true
	})
	return cut, err
}

// survey tells watch of everybody who is connected, and finds servers that nothing was heard of.
func (s *system) survey(ctx context.Context, watch func(userID string)) error {
	return s.ask(ctx, "", true, func(id string) bool {
		watch(id)
		return false
	})
}

// connz is one server's answer.
type connz struct {
	Server struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"server"`
	Error *struct {
		Description string `json:"description"`
	} `json:"error"`
	Data *struct {
		Offset int `json:"offset"`
		Conns  []struct {
			CID  uint64 `json:"cid"`
			User string `json:"authorized_user"`
		} `json:"connections"`
	} `json:"data"`
}

// ask has every server list the connections of a user ("": of everybody), and kicks those that bad says. When all have answered that are known
// it ends, unless it is to wait for those that are not. An error: not all servers have told all, or have confirmed.
func (s *system) ask(ctx context.Context, user string, wait bool, bad func(userID string) bool) error {
	if !s.conn.IsConnected() {
		return fmt.Errorf("the system account is not connected (%s)", s.conn.Status())
	}
	began := time.Now()
	inbox := s.conn.NewInbox()
	answers := make(chan *nats.Msg, 1024)
	sub, err := s.conn.ChanSubscribe(inbox+".*", answers)
	if err != nil {
		return fmt.Errorf("ask the servers of the cluster: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only with the connection, which ends it too
	question := func(subject string, offset int) error {
		body, err := json.Marshal(map[string]any{"auth": true, "acc": PeopleAccount, "user": user, "offset": offset, "limit": connsPage})
		if err != nil {
			return err
		}
		return s.conn.PublishRequest(subject, inbox+".conns", body)
	}
	if err := question(askAll, 0); err != nil {
		return fmt.Errorf("ask the servers of the cluster: %w", err)
	}
	answered, kicks := map[string]bool{}, 0 // servers that have told all; kicks that are not confirmed
	var failed []error
	take := func(m *nats.Msg) error {
		var a connz
		if err := json.Unmarshal(m.Data, &a); err != nil {
			return fmt.Errorf("an answer of the cluster cannot be read: %w", err)
		}
		s.heard(a.Server.ID, a.Server.Name)
		if strings.HasSuffix(m.Subject, ".kick") {
			kicks-- // one that it no longer has is told as an error, and is as good
			return nil
		}
		if a.Error != nil || a.Data == nil {
			return fmt.Errorf("server %s does not say who is connected: %+v", a.Server.Name, a.Error)
		}
		more := len(a.Data.Conns) == connsPage
		if more { // before the kicks, which would shift what comes
			if err := question(fmt.Sprintf(askOne, a.Server.ID), a.Data.Offset+connsPage); err != nil {
				return err
			}
		}
		answered[a.Server.ID] = !more
		for _, conn := range a.Data.Conns {
			if !bad(conn.User) {
				continue
			}
			if err := s.conn.PublishRequest(fmt.Sprintf(kick, a.Server.ID), inbox+".kick", fmt.Appendf(nil, `{"cid":%d}`, conn.CID)); err != nil {
				return err
			}
			kicks++
		}
		return nil
	}
	limit := time.NewTimer(answerWithin)
	defer limit.Stop()
	for waiting := true; waiting && (wait || kicks > 0 || len(s.missing(answered)) > 0); {
		select {
		case m := <-answers:
			if err := take(m); err != nil {
				failed = append(failed, err)
			}
		case <-limit.C:
			waiting = false
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.drop(began)
	missing := s.missing(answered)
	s.move(missing)
	if names := s.silence(missing); len(names) > 0 {
		failed = append(failed, fmt.Errorf("%s did not answer: it must run, be reached, and grant the system user %s", strings.Join(names, ", "), askAll))
	}
	if kicks > 0 {
		failed = append(failed, fmt.Errorf("%d kicks were not confirmed: the system user needs the right to publish %s", kicks, fmt.Sprintf(kick, "*")))
	}
	return errors.Join(failed...)
}

// missing are the ids of the servers that have not told all, "" while none is known.
func (s *system) missing(answered map[string]bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.servers) == 0 {
		return []string{""}
	}
	var ids []string
	for id := range s.servers {
		if !answered[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// move leaves servers that do not answer for others. When most do not, the one that is connected here may be cut off from them.
func (s *system) move(missing []string) {
	s.mu.Lock()
	most := len(s.servers) > 1 && 2*len(missing) > len(s.servers)
	due := len(missing) > 0 && time.Since(s.moved) > moveEvery
	if due {
		s.moved = time.Now()
	}
	s.mu.Unlock()
	if due {
		s.elsewhere(func(serverID string) bool { return most || slices.Contains(missing, serverID) })
	}
}

// drop takes servers for gone that had been silent for longer than rights last when they were asked.
func (s *system) drop(asked time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.servers, func(_ string, server *clusterServer) bool {
		gone := asked.Sub(server.heard) > s.rights+goneAfter
		if gone {
			s.log.Warn("a server of the NATS cluster is taken for gone: everybody's rights there have run out", "server", server.name, "last_heard", server.heard)
		}
		return gone
	})
}

// silence tells of servers that did not answer, when that changes, and names them.
func (s *system) silence(missing []string) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(missing, "") {
		return []string{"the cluster"}
	}
	for id, server := range s.servers {
		now := slices.Contains(missing, id)
		if now {
			names = append(names, "server "+server.name)
		}
		if now && !server.silent {
			s.log.Error("a server of the NATS cluster does not answer: people whose token is revoked may stay connected to it until their rights end", "server", server.name)
		}
		if !now && server.silent {
			s.log.Info("a server of the NATS cluster answers again", "server", server.name)
		}
		server.silent = now
	}
	s.telemetry.SilentServers(len(names))
	slices.Sort(names)
	return names
}
