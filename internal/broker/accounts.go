package broker

import (
	"fmt"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
)

// ownAccounts makes an account of NATS for each person who connects. They stay until the server ends: a few kilobytes each. It is for one
// goroutine at a time.
type ownAccounts struct {
	server *server.Server
	feed   *server.Account
	made   map[string]error // by user
}

// ownAccount is the name of a person's account; the prefix keeps it from the names of the others.
func ownAccount(userID string) string { return "person-" + userID }

// exportFeed lets the accounts of people import what they may be granted. What each of them imports, ownAccounts.of decides.
func exportFeed(s *server.Server) (*server.Account, error) {
	feed, err := s.LookupAccount(Account)
	if err != nil {
		return nil, fmt.Errorf("find the account of the feed: %w", err)
	}
	for _, subject := range []string{"jejak.>", "$KV." + Bucket + ".>", "$KV." + NotaryBucket + ".>"} {
		if err := feed.AddStreamExport(subject, nil); err != nil {
			return nil, fmt.Errorf("export %s: %w", subject, err)
		}
	}
	for subject, answers := range map[string]server.ServiceRespType{
		"$JS.API.CONSUMER.MSG.NEXT.*.*":                   server.Streamed, // a pull is answered with many messages
		"$JS.API.CONSUMER.INFO.*.*":                       server.Singleton,
		"$JS.API.STREAM.INFO." + BucketStream:             server.Singleton,
		"$JS.API.DIRECT.GET." + BucketStream + ".>":       server.Singleton,
		"$JS.API.STREAM.INFO." + NotaryBucketStream:       server.Singleton,
		"$JS.API.DIRECT.GET." + NotaryBucketStream + ".>": server.Singleton,
		"$JS.ACK." + Stream + ".>":                        server.Singleton,
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
	failed, made := o.made[userID] // A person's role and scope never change.
	if !made {
		failed = o.make(name, g)
		o.made[userID] = failed
	}
	return name, failed
}

func (o *ownAccounts) make(name string, g Grant) error {
	account, err := o.server.RegisterAccount(name)
	if err != nil {
		return fmt.Errorf("make the account %s: %w", name, err)
	}
	for _, subject := range slices.Concat(g.Events, g.Status, g.Checkpoints) {
		if err := account.AddStreamImport(o.feed, subject, ""); err != nil {
			return fmt.Errorf("import %s into %s: %w", subject, name, err)
		}
	}
	for _, subject := range g.Publish {
		if err := account.AddServiceImport(o.feed, subject, ""); err != nil {
			return fmt.Errorf("import %s into %s: %w", subject, name, err)
		}
	}
	return nil
}
