package broker

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"jejak/internal/share"
)

// Who has connected and not yet shown a token is a stranger. He has authTimeout for it, and a server that counts him among its connections could be filled by one
// machine that opens them and says nothing. So strangers have room of their own, and those who have waited longest make room for others.
const (
	strangersEach  = 256  // of one address; of IPv6, of one network of 64 bits
	strangersAll   = 1024 // of all addresses
	strangersRoom  = 4096 // connections beside maxConns that the server takes, for what comes between two looks
	strangersEvery = 100 * time.Millisecond
)

// watchStrangers sees to it that strangers keep nobody out.
func (e *embedded) watchStrangers(ctx context.Context) {
	e.watched.Go(func() {
		letIn := 0 // connections of who is no stranger, when it was last looked
		every(ctx, strangersEvery, func(context.Context) {
			s := e.current()
			if s.NumClients()-letIn <= strangersEach {
				return // whoever they are, they are few
			}
			if n, err := sendStrangersAway(s); err == nil { // the server is being started anew: the next look sees it
				letIn = n
			}
		})
	})
}

// sendStrangersAway ends the connections of strangers beyond what they may have, the oldest first, and tells how many connections are not strangers'.
func sendStrangersAway(s *server.Server) (letIn int, err error) {
	found, err := s.Connz(&server.ConnzOptions{Username: true, Sort: server.ByCid, Limit: maxConns + strangersRoom})
	if err != nil {
		return 0, err
	}
	each, all := map[string]int{}, 0
	for i := len(found.Conns) - 1; i >= 0; i-- { // the newest first: they stay
		conn := found.Conns[i]
		if !stranger(conn) {
			letIn++
			continue
		}
		address := share.Address(conn.IP)
		each[address]++
		if all++; all > strangersAll || each[address] > strangersEach {
			// One that has ended meanwhile is no error.
			_ = s.DisconnectClientByID(conn.Cid)
		}
	}
	return letIn, nil
}

// stranger tells whether nobody has been let in over a connection yet.
func stranger(conn *server.ConnInfo) bool {
	switch conn.Account {
	case Account, authAccount, systemAccount:
		return false
	}
	return !strings.HasPrefix(conn.Account, personPrefix)
}
