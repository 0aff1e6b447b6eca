package broker

import (
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ownAccounts makes an account of NATS for each person who connects. They stay until the server ends, some 35 KB each: NATS forgets no account, and cannot take
// imports back without putting others in. It is for one goroutine at a time.
type ownAccounts struct {
	server *server.Server
	feed   *server.Account
	made   map[string]*own // by user
}

// own is a person's account.
type own struct {
	account *server.Account
	failed  error     // why it could not be made
	asked   time.Time // when he was let in last
	left    bool      // what he need not keep has been taken back since
}

// errTooManyConnections says that a person has as many connections as he may, or that there are as many as there may be.
var errTooManyConnections = fmt.Errorf("all %d connections of this account, or all %d of the server, are in use", maxConnsEach, maxConns)

// personPrefix begins the names of people's accounts and keeps them from the names of the others.
const personPrefix = "person-"

// ownAccount is the name of a person's account.
func ownAccount(userID string) string { return personPrefix + userID }

// exportFeed lets the accounts of people import what they may be granted. What each of them imports, ownAccounts.of decides.
func exportFeed(s *server.Server) (*server.Account, error) {
	feed, err := s.LookupAccount(Account)
	if err != nil {
		return nil, fmt.Errorf("find the account of the feed: %w", err)
	}
	for _, subject := range []string{allEvents, "$KV." + Bucket + ".>", "$KV." + NotaryBucket + ".>"} {
		if err := feed.AddStreamExport(subject, nil); err != nil {
			return nil, fmt.Errorf("export %s: %w", subject, err)
		}
	}
	for subject, answers := range map[string]server.ServiceRespType{
		"$JS.API.CONSUMER.MSG.NEXT.*.*":                   server.Streamed, // a pull is answered with many messages
		"$JS.API.CONSUMER.INFO.*.*":                       server.Singleton,
		"$JS.API.STREAM.INFO." + BucketStream:             server.Singleton,
		"$JS.API.DIRECT.GET." + BucketStream:              server.Singleton,
		"$JS.API.DIRECT.GET." + BucketStream + ".>":       server.Singleton,
		"$JS.API.STREAM.INFO." + NotaryBucketStream:       server.Singleton,
		"$JS.API.DIRECT.GET." + NotaryBucketStream:        server.Singleton,
		"$JS.API.DIRECT.GET." + NotaryBucketStream + ".>": server.Singleton,
		"$JS.ACK." + Stream + ".>":                        server.Singleton,
		ackPrefix + ">":                                   server.Singleton,
	} {
		if err := feed.AddServiceExportWithResponse(subject, answers, nil); err != nil {
			return nil, fmt.Errorf("export %s: %w", subject, err)
		}
	}
	return feed, nil
}

// of is the account of a person, made when he comes for the first time since the start.
func (o *ownAccounts) of(userID string, g Grant) (string, error) {
	name := ownAccount(userID)
	a := o.made[userID] // A person's role and scope never change.
	if a == nil {
		a = &own{}
		a.account, a.failed = o.make(name, g)
		o.made[userID] = a
	}
	a.asked, a.left = time.Now(), false
	if a.account != nil && a.account.NumLocalConnections() >= maxConnsEach {
		return "", errTooManyConnections
	}
	if o.server.NumClients() >= maxConns && o.connections() >= maxConns { // many of them may be strangers
		return "", errTooManyConnections
	}
	return name, a.failed
}

// connections are all that people have.
func (o *ownAccounts) connections() int {
	n := 0
	for _, a := range o.made {
		if a.account != nil {
			n += a.account.NumLocalConnections()
		}
	}
	return n
}

func (o *ownAccounts) make(name string, g Grant) (*server.Account, error) {
	account, err := o.server.RegisterAccount(name)
	if err != nil {
		return nil, fmt.Errorf("make the account %s: %w", name, err)
	}
	for _, subject := range slices.Concat(g.Events, g.Status, g.Checkpoints) {
		if err := account.AddStreamImport(o.feed, subject, ""); err != nil {
			return nil, fmt.Errorf("import %s into %s: %w", subject, name, err)
		}
	}
	for _, subject := range g.Publish {
		if err := account.AddServiceImport(o.feed, subject, ""); err != nil {
			return nil, fmt.Errorf("import %s into %s: %w", subject, name, err)
		}
	}
	return account, nil
}

// leavers lists who was let in before a time, has no connection now and still has what he need not keep.
func (o *ownAccounts) leavers(before time.Time) []string {
	var ids []string
	for id := range o.made {
		if o.gone(id, before) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (o *ownAccounts) gone(userID string, before time.Time) bool {
	a := o.made[userID]
	return a != nil && !a.left && a.asked.Before(before) && (a.account == nil || a.account.NumLocalConnections() == 0)
}

// left says that what a person need not keep has been taken back.
func (o *ownAccounts) left(userID string) {
	if a := o.made[userID]; a != nil {
		a.left = true
	}
}
