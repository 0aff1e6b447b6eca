package wire

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// chatterEvery is how many records come between two of the server's own.
const chatterEvery = 40

const jsonContent = "application/json"

// begin writes what a real server writes into a new log.
func (l *memlog) begin(address string) error {
	stats := "$stats-" + address
	for _, e := range []struct {
		stream, typ, data string
	}{
		{"$$" + stats, "$metadata", `{"$maxAge":86400}`},
		{"$$$scavenges", "$metadata", `{"$maxAge":2592000}`},
		{"$user-admin", "$UserCreated", `{"loginName":"admin","fullName":"Event Store Administrator","groups":["$admins"]}`},
		{"$$$user-admin", "$metadata", `{"$acl":{"$r":"$admins"}}`},
		{"$users", "$User", `admin`},
		{"$user-ops", "$UserCreated", `{"loginName":"ops","fullName":"Event Store Operations","groups":["$ops"]}`},
		{"$users", "$User", `ops`},
		{"$streams", "$>", `0@$user-admin`},
		{stats, "$statsCollected", `{"proc-id":1}`},
	} {
		if err := l.own(e.stream, e.typ, e.data); err != nil {
			return err
		}
	}
	return nil
}

// chatter writes records of the server's own now and then, as its statistics and projections do. The caller writes.
func (l *memlog) chatter() error {
	all, _ := l.view()
	if len(all)-l.quietSince < chatterEvery {
		return nil
	}
	last := all[len(all)-1]
	if err := l.own("$stats-0.0.0.0:2113", "$statsCollected", fmt.Sprintf(`{"log-records":%d}`, len(all))); err != nil {
		return err
	}
	if !last.System() {
		category, _, _ := strings.Cut(last.Stream, "-")
		if err := l.own("$ce-"+category, "$>", fmt.Sprintf("%d@%s", last.Revision, last.Stream)); err != nil {
			return err
		}
	}
	all, _ = l.view()
	l.quietSince = len(all)
	return nil
}

func (l *memlog) own(name, typ, data string) error {
	s, _ := l.stream(name)
	records, _ := l.place(l.next, name, s.last()+1, now(), []proposed{{id: uuid.New(), typ: typ, content: jsonContent, data: []byte(data)}})
	return l.commit(records)
}
