package broker

import (
	"crypto/sha256"
	"fmt"
	"regexp"

	"jejak/domain"
	"jejak/internal/access"
	"jejak/internal/people"
)

// slotsEach is how many consumers a person may have made for himself beside the lasting one.
const slotsEach = 4

// Grant is what a person may do over NATS.
type Grant struct {
	// Events are the subjects of the feed that he may hear, the filter of his consumers too; none: no feed.
	Events []string
	// Status are the keys of the bucket that he may read, as subjects; none: no bucket.
	Status []string
	// Checkpoints are the keys of the notary's bucket: everybody who may connect reads them.
	Checkpoints []string
	// Publish and Subscribe are his permissions, everything else is denied.
	Publish, Subscribe []string
}

// Refusal says why somebody may not connect: a word for the security log.
type Refusal string

// The reasons beside those of the token itself.
const (
	noFeedForRole  Refusal = "role_without_feed"
	noFeedForScope Refusal = "scope_without_feed"
	unsafeID       Refusal = "id_unfit_for_nats"
)

// safeID is an id that is one token of a subject and a name of a consumer. An id that ends like a slot's name could be another person's slot.
// The server's own ids always fit; others can be chosen in a simulated data directory.
var safeID, slotLike = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`), regexp.MustCompile(`-[1-4]$`)

// Consumers are the names of a person's consumers of the feed: the lasting one first, then the slots.
func Consumers(userID string) []string {
	names := []string{userID}
	for i := 1; i <= slotsEach; i++ {
		names = append(names, fmt.Sprintf("%s-%d", userID, i))
	}
	return names
}

// Permissions is what a person may do over NATS, by the table of reading (internal/access): the feed as the model feed, the bucket as the model
// regency. The refusal is "" when he may connect at all. province is the one unit whose people see all.
func Permissions(user people.User, province domain.Code) (Grant, Refusal) {
	if !safeID.MatchString(user.ID) || slotLike.MatchString(user.ID) {
		return Grant{}, unsafeID
	}
	events, badEvents := areas(access.Sees(user.Actor(), access.Feed), user.Scope, province)
	status, badStatus := areas(access.Sees(user.Actor(), access.Regency), user.Scope, province)
	if events == "" && status == "" {
		return Grant{}, max(badEvents, badStatus)
	}
	if !access.SeesMoney(user.Role) {
		status = "" // the value of a key is the row with all that is in it
	}
	g := Grant{Subscribe: []string{"_INBOX." + user.ID + ".>"}}
	if events != "" {
		g.events(user.ID, events)
	}
	if status != "" {
		g.status(user.ID, status)
	}
	g.checkpoints()
	return g, ""
}

const (
	everything = ">"           // the area of those who see all
	allEvents  = "jejak.>"     // what they may hear
	allAreas   = "jejak.*.*.>" // the same, as they ask for it without a wish of theirs
)

// areas is the area of a view from a scope: one token, or everything; "" with the reason for none.
func areas(view access.View, scope string, province domain.Code) (string, Refusal) {
	code := domain.Code(scope)
	switch view {
	case access.All:
		return everything, ""
	case access.Escorts:
		return scope, ""
	case access.Unit:
		switch {
		case code == province:
			return everything, ""
		case code.Level() == domain.Regency:
			return scope, ""
		}
		return "", noFeedForScope
	case access.Nothing, access.Within, access.Touching:
	}
	return "", noFeedForRole
}

// ackPrefix begins the subjects on which NATS has the messages of consumers acknowledged where its feature flag js_ack_fc_v2 is set, which is to become
// the default; else they begin with "$JS.ACK."+Stream. It names the domain ("_" for none) and the account. Neither may be a wildcard: in
// "$JS.ACK.*.*.JEJAK.ID.>" fits "$JS.ACK.JEJAK.VICTIM.JEJAK.ID.1.2.3" too, on which the consumer VICTIM listens in the old form.
var ackPrefix = "$JS.ACK._." + accountHash(Account) + "." + Stream + "."

// accountHash is the name of an account as it stands in those subjects: nats-server has it in getHash.
func accountHash(account string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := sha256.Sum256([]byte(account))
	name := sum[:8]
	for i := range name {
		name[i] = digits[int(name[i])%len(digits)]
	}
	return string(name)
}

func (g *Grant) events(id, area string) {
	g.Events = []string{allEvents}
	if area != everything {
		g.Events = []string{"jejak.*." + area + ".>"}
	}
	g.Subscribe = append(g.Subscribe, g.Events...)
	for _, name := range Consumers(id) {
		g.consumer(Stream, name)
		g.Publish = append(g.Publish, "$JS.ACK."+Stream+"."+name+".>", ackPrefix+name+".>")
	}
}

func (g *Grant) status(id, area string) {
	g.Status = []string{"$KV." + Bucket + ".>"}
	if area != everything {
		g.Status = []string{"$KV." + Bucket + ".*." + area}
	}
	g.Subscribe = append(g.Subscribe, g.Status...)
	for _, keys := range g.Status {
		g.Publish = append(g.Publish, "$JS.API.DIRECT.GET."+BucketStream+"."+keys)
	}
	if area == everything {
		g.Publish = append(g.Publish, "$JS.API.DIRECT.GET."+BucketStream) // with the key in the body, which no right can look at
	}
	g.Publish = append(g.Publish, "$JS.API.STREAM.INFO."+BucketStream)
	g.consumer(BucketStream, id) // it needs no acknowledgement
}

func (g *Grant) checkpoints() {
	const keys = "$KV." + NotaryBucket + ".>"
	g.Checkpoints = []string{keys}
	g.Subscribe = append(g.Subscribe, keys)
	g.Publish = append(g.Publish, "$JS.API.DIRECT.GET."+NotaryBucketStream, "$JS.API.DIRECT.GET."+NotaryBucketStream+"."+keys,
		"$JS.API.STREAM.INFO."+NotaryBucketStream)
}

func (g *Grant) consumer(stream, name string) {
	g.Publish = append(g.Publish, "$JS.API.CONSUMER.MSG.NEXT."+stream+"."+name, "$JS.API.CONSUMER.INFO."+stream+"."+name)
}
