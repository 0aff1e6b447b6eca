package broker

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain"
	"jejak/internal/access"
)

const page = "../../docs/access.md"

// row reads a row of the table of reading from the page: role, then word.
func row(t *testing.T, model string) map[domain.Role]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	table := bytes.Join(regexp.MustCompile(`(?s)<!-- (?:reading|fields): written by.*?<!-- (?:reading|fields): end -->`).FindAll(text, -1), nil)
	line := regexp.MustCompile(`(?m)^\| ` + model + ` \|(.*)\|$`).FindSubmatch(table)
	if line == nil {
		t.Fatalf("%s has no row for %s", page, model)
	}
	words := map[domain.Role]string{}
	for i, cell := range strings.Split(string(line[1]), "|") {
		words[access.Roles()[i]] = strings.TrimSpace(cell)
	}
	return words
}

// hears says by the page's word whether somebody of a scope may hear an area; "" is everything.
func hears(word, scope, area string) bool {
	switch word {
	case "all":
		return true
	case "unit":
		return scope == "35" || len(scope) == 4 && area == scope
	case "escorted":
		return area == scope
	}
	return false
}

var (
	areasOf   = []string{"35", "3578", "3501", "P3578A", "P3578B", "357801"}
	scopesFor = map[domain.Role][]string{
		domain.RoleProvince: {"35"}, domain.RoleSimulator: {"35"}, domain.RoleDistrict: {"357801"}, domain.RoleVillage: {"3578011001"},
		domain.RoleStation: {"3578011001001"}, domain.RoleEscort: {"P3578A", "P3578B"}, domain.RoleSupervisor: {"35", "3578", "357801", "3578011001", "3578011001001"},
	}
)

func scopesOf(role domain.Role) []string {
	if s, ok := scopesFor[role]; ok {
		return s
	}
	return []string{"35", "3578", "3501"}
}

// TestEveryRoleAndArea: what a role hears is what the page says, on the real server.
func TestEveryRoleAndArea(t *testing.T) {
	d := openDoor(t)
	feed, regency := row(t, "feed"), row(t, "regency")
	for role, whole := range row(t, "regency: budget") {
		if whole == "-" {
			regency[role] = "-" // the value of a key is the whole row
		}
	}
	d.user(domain.RoleSimulator, "35")
	for _, role := range access.Roles() {
		for _, scope := range scopesOf(role) {
			user := d.user(role, scope)
			below := len(scope) > 4 && scope[0] != 'P'
			conn, err := d.try(user)
			if below {
				if err == nil {
					conn.Close()
					t.Errorf("%s of %s was let in", role, scope)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s of %s: %v", role, scope, err)
				continue
			}
			heard := map[string]bool{} // subject -> may be heard
			for _, area := range areasOf {
				events, status := hears(feed[role], scope, area), regency[role] != "escorted" && hears(regency[role], scope, area)
				for _, subject := range []string{"jejak.*." + area + ".>", "jejak.pemilu2024." + area + ".shipment.*.*", "jejak.*." + area + ".*.*.*"} {
					heard[subject] = events
				}
				heard["$KV."+Bucket+".*."+area] = status
				heard["$KV."+Bucket+".pemilu2024."+area] = status
			}
			for _, subject := range []string{"jejak.>", "jejak.*.*.>", "jejak.*.*.*.*.*", "jejak.pemilu2024.>", "jejak.pemilu2024.*.shipment.>"} {
				heard[subject] = hears(feed[role], scope, "")
			}
			for _, subject := range []string{"$KV." + Bucket + ".>", "$KV." + Bucket + ".pemilu2024.*", "$KV." + Bucket + ".*.*"} {
				heard[subject] = hears(regency[role], scope, "")
			}
			for _, subject := range []string{
				">", "*", "*.>", "*.*.*.*.*.*", "$SYS.>", "$JS.>", "$JS.API.>", "$JS.ACK.>", "$JS.EVENT.>", "$KV.>", "_INBOX.>", "_INBOX.*", "_INBOX.usr-other.>", "_R_.>", "$G.>",
				"_INBOX." + d.user(domain.RoleEscort, "P3578A").ID + "x.>",
			} {
				heard[subject] = false
			}
			heard["_INBOX."+user.ID+".>"], heard["_INBOX."+user.ID+".abc"] = true, true
			for subject, want := range heard {
				for _, queue := range []string{"", "workers"} {
					if got := maySubscribe(t, conn, subject, queue); got != want {
						t.Errorf("%s of %s, subscription to %s (queue %q): %v, want %v", role, scope, subject, queue, got, want)
					}
				}
			}
			conn.Close()
		}
	}
}

// TestNobodyDoesWhatIsThePublishers tries every way to publish, to make consumers and to read what is not one's own.
func TestNobodyDoesWhatIsThePublishers(t *testing.T) {
	d := openDoor(t)
	d.event("3578", "SHP-3578-1", 1)
	victim := d.user(domain.RoleEscort, "P3578B")
	d.connect(victim)
	operator2 := d.user(domain.RoleOperator, "3501")
	d.connect(operator2)
	for _, attacker := range []struct{ role, scope string }{{"escort", "P3578A"}, {"operator", "3578"}, {"province", "35"}, {"admin", "35"}, {"simulator", "35"}, {"carrier", "3578"}} {
		user := d.user(domain.Role(attacker.role), attacker.scope)
		conn := d.connect(user)
		forbidden := []string{
			"jejak.pemilu2024." + attacker.scope + ".shipment.SHP-3578-1.dispatched", "jejak.x", "$KV." + Bucket + ".pemilu2024." + attacker.scope, "anything",
			"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.INFO." + Stream, "$JS.API.STREAM.CREATE.X", "$JS.API.STREAM.UPDATE." + Stream,
			"$JS.API.STREAM.PURGE." + Stream, "$JS.API.STREAM.DELETE." + Stream, "$JS.API.STREAM.DELETE." + BucketStream, "$JS.API.STREAM.MSG.DELETE." + Stream,
			"$JS.API.STREAM.PURGE." + BucketStream, "$JS.API.STREAM.SNAPSHOT." + Stream, "$JS.API.STREAM.RESTORE." + Stream, "$JS.API.STREAM.PEER.REMOVE." + Stream,
			"$JS.API.STREAM.MSG.GET." + Stream, "$JS.API.STREAM.MSG.GET." + BucketStream, "$JS.API.DIRECT.GET." + Stream, "$JS.API.DIRECT.GET." + Stream + ".jejak.>",
			"$JS.API.DIRECT.GET." + BucketStream + ".jejak.>", "$JS.API.DIRECT.GET." + NotaryBucketStream + ".jejak.>",
			"$JS.API.CONSUMER.CREATE." + Stream, "$JS.API.CONSUMER.CREATE." + Stream + "." + user.ID, "$JS.API.CONSUMER.CREATE." + Stream + ".mine",
			"$JS.API.CONSUMER.CREATE." + Stream + ".mine.jejak.>", "$JS.API.CONSUMER.CREATE." + BucketStream, "$JS.API.CONSUMER.CREATE." + BucketStream + "." + user.ID + ".$KV.>",
			"$JS.API.CONSUMER.DURABLE.CREATE." + Stream + "." + user.ID, "$JS.API.CONSUMER.DURABLE.CREATE." + Stream + ".mine",
			"$JS.API.CONSUMER.NAMES." + Stream, "$JS.API.CONSUMER.LIST." + Stream, "$JS.API.CONSUMER.DELETE." + Stream + "." + victim.ID,
			"$JS.API.CONSUMER.DELETE." + Stream + "." + user.ID, "$JS.API.CONSUMER.PAUSE." + Stream + "." + victim.ID, "$JS.API.CONSUMER.RESET." + Stream + "." + victim.ID,
			"$JS.API.CONSUMER.UNPIN." + Stream + "." + victim.ID,
			"$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + victim.ID, "$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + victim.ID + "-1", "$JS.API.CONSUMER.INFO." + Stream + "." + victim.ID,
			"$JS.API.CONSUMER.MSG.NEXT." + BucketStream + "." + operator2.ID, "$JS.API.CONSUMER.INFO." + BucketStream + "." + operator2.ID,
			"$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + user.ID + "-5", "$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + user.ID + ".x",
			"$JS.ACK." + Stream + "." + victim.ID + ".1.1.1.1700000000000000000.0", "$JS.ACK._.HASH." + Stream + "." + victim.ID + ".1.1.1.1700000000000000000.0",
			ackPrefix + victim.ID + ".1.1.1.1700000000000000000.0", "$JS.ACK." + Stream + "." + victim.ID + "." + Stream + "." + user.ID + ".1.2.3",
			"_INBOX." + victim.ID + ".forged", "_INBOX." + user.ID + ".own", "$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.AUTH", "$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.USER.INFO", "_R_.x",
		}
		if !slices.Contains([]string{"province", "admin", "simulator"}, attacker.role) {
			forbidden = append(forbidden, "$JS.API.DIRECT.GET."+BucketStream+".$KV."+Bucket+".pemilu2024.3501", "$JS.API.DIRECT.GET."+BucketStream)
		}
		if attacker.role == "escort" {
			forbidden = append(forbidden, "$JS.API.STREAM.INFO."+BucketStream, "$JS.API.CONSUMER.MSG.NEXT."+BucketStream+"."+user.ID,
				"$JS.API.DIRECT.GET."+BucketStream+".$KV."+Bucket+".pemilu2024.3578")
		}
		if attacker.role == "carrier" { // he has neither feed nor bucket
			forbidden = append(forbidden, "$JS.API.STREAM.INFO."+BucketStream, "$JS.API.CONSUMER.MSG.NEXT."+BucketStream+"."+user.ID, "$JS.API.CONSUMER.INFO."+BucketStream+"."+user.ID,
				"$JS.API.DIRECT.GET."+BucketStream+".$KV."+Bucket+".pemilu2024.3578")
			forbidden = append(forbidden, "$JS.API.CONSUMER.MSG.NEXT."+Stream+"."+user.ID, "$JS.API.CONSUMER.INFO."+Stream+"."+user.ID)
		}
		for _, subject := range forbidden {
			if mayPublish(t, conn, subject, "{}") {
				t.Errorf("%s of %s may publish to %s", attacker.role, attacker.scope, subject)
			}
		}
		own := "$JS.API.CONSUMER.INFO." + Stream + "." + user.ID
		if attacker.role == "carrier" {
			own = "$JS.API.STREAM.INFO." + NotaryBucketStream
		}
		if !mayPublish(t, conn, own, "") {
			t.Errorf("%s of %s may not ask for what is his own", attacker.role, attacker.scope)
		}
	}
	d.asBefore(1)
}

// asBefore: the feed has that many messages, and the victim's consumer has given none.
func (d *door) asBefore(messages uint64) {
	d.t.Helper()
	stream, err := d.js.Stream(d.t.Context(), Stream)
	if err != nil {
		d.t.Fatal(err)
	}
	if n := stream.CachedInfo().State.LastSeq; n != messages {
		d.t.Errorf("the feed has %d messages, want %d", n, messages)
	}
	bucket, err := d.js.Stream(d.t.Context(), BucketStream)
	if err != nil {
		d.t.Fatal(err)
	}
	if n := bucket.CachedInfo().State.LastSeq; n != 0 {
		d.t.Errorf("the bucket has %d values, want none", n)
	}
	info, err := d.js.Consumer(d.t.Context(), Stream, d.user(domain.RoleEscort, "P3578B").ID)
	if err != nil {
		d.t.Fatal(err)
	}
	if at := info.CachedInfo(); at.Delivered.Consumer != 0 || at.NumAckPending != 0 || at.NumWaiting != 0 {
		d.t.Errorf("somebody has pulled from the victim's consumer: %+v", at)
	}
}

// TestAnswersCannotBeAimedAtOthers: NATS does not ask whether the sender of a request may publish to its reply subject. An answer that is aimed at
// the feed, the bucket, another person or the API must reach nobody.
func TestAnswersCannotBeAimedAtOthers(t *testing.T) {
	d := openDoor(t)
	victim, boss, attacker := d.user(domain.RoleEscort, "P3578B"), d.user(domain.RoleProvince, "35"), d.user(domain.RoleEscort, "P3578A")
	d.event("P3578B", "SHP-3578-9", 1)
	d.event("P3578A", "SHP-3578-1", 2)
	watching := d.connect(victim)
	forged, err := watching.SubscribeSync("jejak.*.P3578B.>")
	if err != nil {
		t.Fatal(err)
	}
	inbox, err := watching.SubscribeSync("_INBOX." + victim.ID + ".>")
	if err != nil {
		t.Fatal(err)
	}
	above := d.connect(boss)
	all, err := above.SubscribeSync("jejak.>")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := above.SubscribeSync("$KV." + Bucket + ".>")
	if err != nil {
		t.Fatal(err)
	}
	if err := above.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := watching.Flush(); err != nil {
		t.Fatal(err)
	}
	conn := d.connect(attacker)
	pull, err := json.Marshal(map[string]any{"batch": 5, "no_wait": true})
	if err != nil {
		t.Fatal(err)
	}
	for _, aim := range []string{
		"jejak.pemilu2024.P3578B.shipment.SHP-3578-9.arrived", "$KV." + Bucket + ".pemilu2024.3578", "_INBOX." + victim.ID + ".forged",
		"$JS.API.STREAM.PURGE." + Stream, "$JS.API.STREAM.DELETE." + Stream, "$JS.API.CONSUMER.DELETE." + Stream + "." + victim.ID,
		"$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + victim.ID, "$SYS.REQ.USER.AUTH",
	} {
		for _, ask := range []string{"$JS.API.CONSUMER.INFO." + Stream + "." + attacker.ID, "$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + attacker.ID} {
			for _, body := range [][]byte{nil, pull, []byte("nonsense")} {
				if err := conn.PublishMsg(&nats.Msg{Subject: ask, Reply: aim, Data: body}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// An honest pull comes after them all, and gets what the aimed ones could not take away.
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	own, err := js.Consumer(t.Context(), Stream, attacker.ID)
	if err != nil {
		t.Fatal(err)
	}
	if msg, err := own.Next(jetstream.FetchMaxWait(generous)); err != nil || msg.Headers().Get("ce-sequence") != "2" {
		t.Errorf("an honest pull: %v %v", msg, err)
	}
	d.event("P3578B", "SHP-3578-9", 3)
	d.row("3578", "true")
	for name, sub := range map[string]*nats.Subscription{"live of the victim": forged, "live of the province": all} {
		if msg, err := sub.NextMsg(generous); err != nil || msg.Header.Get("ce-sequence") != "3" {
			t.Errorf("%s: %v %v", name, msg, err)
		}
	}
	if msg, err := keys.NextMsg(generous); err != nil || string(msg.Data) != "true" {
		t.Errorf("the bucket, live: %v %v", msg, err)
	}
	if msg, err := inbox.NextMsg(100 * time.Millisecond); err == nil {
		t.Errorf("in the victim's inbox: %s", msg.Data)
	}
	stream, err := d.js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := d.js.Stream(t.Context(), BucketStream)
	if err != nil {
		t.Fatal(err)
	}
	if n, m := stream.CachedInfo().State.LastSeq, bucket.CachedInfo().State.LastSeq; n != 3 || m != 1 {
		t.Errorf("the feed has %d messages, the bucket %d", n, m)
	}
	info, err := d.js.Consumer(t.Context(), Stream, victim.ID)
	if err != nil || info.CachedInfo().Delivered.Consumer != 0 {
		t.Errorf("the victim's consumer: %+v %v", info, err)
	}
}
