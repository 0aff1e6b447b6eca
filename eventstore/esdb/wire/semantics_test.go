package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"jejak/eventstore/esdb/wire"
)

const wrong = esdb.ErrorCodeWrongExpectedVersion

func TestIdempotency(t *testing.T) {
	c := connect(t, start(t, wire.Options{}).ConnectionString())
	first := appendTo(t, c, "a-1", esdb.NoStream{}, events(0, 2)...)
	second := appendTo(t, c, "a-1", esdb.Revision(1), events(2, 4)...)
	appendTo(t, c, "a-1", esdb.Revision(3), events(4, 300)...)

	// For ever, and whatever the bodies.
	other := events(0, 2)
	other[0].Data, other[1].EventType = []byte("other"), "Other"
	for name, again := range map[string]*esdb.WriteResult{
		"the first":            appendTo(t, c, "a-1", esdb.NoStream{}, events(0, 2)...),
		"with other bodies":    appendTo(t, c, "a-1", esdb.NoStream{}, other...),
		"with any revision":    appendTo(t, c, "a-1", esdb.Any{}, events(0, 2)...),
		"with one that exists": appendTo(t, c, "a-1", esdb.StreamExists{}, events(0, 2)...),
	} {
		if *again != *first {
			t.Errorf("retry %s gives %+v, want %+v", name, again, first)
		}
	}
	if again := appendTo(t, c, "a-1", esdb.Revision(1), events(2, 4)...); *again != *second {
		t.Errorf("retry of the second gives %+v, want %+v", again, second)
	}
	if again := appendTo(t, c, "a-1", esdb.NoStream{}, events(0, 4)...); *again != *second {
		t.Errorf("both at once give %+v, want %+v", again, second)
	}

	failAppend(t, c, wrong, "a-1", esdb.NoStream{}, event(1000))
	failAppend(t, c, wrong, "a-1", esdb.NoStream{}, events(1, 3)...)            // other slots
	failAppend(t, c, wrong, "a-1", esdb.NoStream{}, event(0), event(1000))      // in part
	failAppend(t, c, wrong, "a-1", esdb.Revision(298), event(299), event(1000)) // in part, beyond the end
	failAppend(t, c, wrong, "a-1", esdb.Any{}, event(0), event(1000))
	failAppend(t, c, wrong, "a-1", esdb.Revision(300), event(1000)) // the future
	failAppend(t, c, wrong, "a-2", esdb.Revision(0), event(1000))
	failAppend(t, c, wrong, "a-2", esdb.StreamExists{}, event(1000))
	appendTo(t, c, "a-2", esdb.NoStream{}, events(0, 2)...) // ids are of a stream
	if got := readStream(t, c, "a-1", esdb.ReadStreamOptions{}, 1000); len(got) != 300 {
		t.Errorf("%d events, want 300", len(got))
	}
}

func revisions(list []*esdb.ResolvedEvent) []uint64 {
	out := []uint64{}
	for _, e := range list {
		out = append(out, e.OriginalEvent().EventNumber)
	}
	return out
}

func TestReadDirections(t *testing.T) {
	c := connect(t, start(t, wire.Options{}).ConnectionString())
	appendTo(t, c, "a-1", esdb.NoStream{}, events(0, 5)...)
	for _, test := range []struct {
		direction esdb.Direction
		from      esdb.StreamPosition
		count     uint64
		want      []uint64
	}{
		{esdb.Forwards, esdb.Start{}, 3, []uint64{0, 1, 2}},
		{esdb.Forwards, esdb.Revision(3), 9, []uint64{3, 4}},
		{esdb.Forwards, esdb.Revision(5), 9, []uint64{}},
		{esdb.Forwards, esdb.End{}, 9, []uint64{}},
		{esdb.Backwards, esdb.End{}, 2, []uint64{4, 3}},
		{esdb.Backwards, esdb.Revision(1), 9, []uint64{1, 0}},
		{esdb.Backwards, esdb.Revision(99), 1, []uint64{4}},
		{esdb.Backwards, esdb.Start{}, 9, []uint64{0}},
	} {
		got := revisions(readStream(t, c, "a-1", esdb.ReadStreamOptions{Direction: test.direction, From: test.from}, test.count))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("direction %v from %v, %d: %s", test.direction, test.from, test.count, diff)
		}
	}
}

func TestReadAll(t *testing.T) {
	s := start(t, wire.Options{})
	c := connect(t, s.ConnectionString())
	for i := range 100 {
		appendTo(t, c, "a-1", esdb.Any{}, event(i))
	}
	all, err := collect(c.ReadAll(within(t), esdb.ReadAllOptions{}, 1000))
	if err != nil {
		t.Fatal(err)
	}
	var own, links, previous = 0, 0, uint64(0)
	for _, e := range all {
		p := e.Event.Position
		if p.Commit <= previous || p.Commit != p.Prepare || *e.Commit != p.Commit {
			t.Fatalf("position %+v after %d", p, previous)
		}
		previous = p.Commit
		if strings.HasPrefix(e.Event.StreamID, "$") {
			own++
		}
		if e.Event.EventType == "$>" {
			links++
		}
	}
	if own < 9 || links < 2 || len(all)-own != 100 {
		t.Errorf("%d records, %d of the server's own, %d links", len(all), own, links)
	}
	at := all[20].Event.Position
	from, err := collect(c.ReadAll(within(t), esdb.ReadAllOptions{From: at}, 2))
	if err != nil || len(from) != 2 || from[0].Event.Position != at {
		t.Errorf("from a position: %d, %v", len(from), err)
	}
	back, err := collect(c.ReadAll(within(t), esdb.ReadAllOptions{From: at, Direction: esdb.Backwards}, 1))
	if err != nil || len(back) != 1 || back[0].Event.Position != all[19].Event.Position {
		t.Errorf("backwards from a position: %d, %v", len(back), err)
	}
	last, err := collect(c.ReadAll(within(t), esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, 1))
	if err != nil || len(last) != 1 || last[0].Event.Position != all[len(all)-1].Event.Position {
		t.Errorf("backwards from the end: %d, %v", len(last), err)
	}
	resolved := readStream(t, c, "$ce-a", esdb.ReadStreamOptions{ResolveLinkTos: true}, 1)
	if len(resolved) != 1 || resolved[0].Link == nil || resolved[0].Event == nil || resolved[0].Event.StreamID != "a-1" {
		t.Errorf("a link is %+v", resolved)
	}
}

func TestSoftDelete(t *testing.T) {
	s := start(t, wire.Options{})
	c := connect(t, s.ConnectionString())
	for stream, expected := range map[string]esdb.ExpectedRevision{"a-1": esdb.NoStream{}, "a-2": esdb.Any{}, "a-3": esdb.Revision(2)} {
		appendTo(t, c, stream, esdb.NoStream{}, events(0, 3)...)
		_, err := c.DeleteStream(within(t), stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(1)})
		if grpcCode(err) != codes.FailedPrecondition {
			t.Errorf("deletion at a wrong revision: %v", err)
		}
		if _, err := c.DeleteStream(within(t), stream, esdb.DeleteStreamOptions{ExpectedRevision: esdb.Revision(2)}); err != nil {
			t.Fatal(err)
		}
		if _, err := collect(c.ReadStream(within(t), stream, esdb.ReadStreamOptions{}, 9)); code(err) != esdb.ErrorCodeResourceNotFound {
			t.Errorf("a deleted stream: %v", err)
		}
		failAppend(t, c, esdb.ErrorCodeStreamDeleted, stream, esdb.StreamExists{}, event(3))
		failAppend(t, c, wrong, stream, esdb.Revision(1), event(3))
		if r := appendTo(t, c, stream, expected, event(3)); r.NextExpectedVersion != 3 {
			t.Errorf("numbering goes on at %d, want 3", r.NextExpectedVersion)
		}
		if diff := cmp.Diff([]uint64{3}, revisions(readStream(t, c, stream, esdb.ReadStreamOptions{}, 9))); diff != "" {
			t.Error(diff)
		}
	}
	if n := len(s.Records()); n != 12 {
		t.Errorf("$all has %d events, want all 12", n)
	}
}

func TestTombstone(t *testing.T) {
	c := connect(t, start(t, wire.Options{}).ConnectionString())
	appendTo(t, c, "a-1", esdb.NoStream{}, event(0))
	if _, err := c.TombstoneStream(within(t), "a-1", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Revision(0)}); err != nil {
		t.Fatal(err)
	}
	failAppend(t, c, esdb.ErrorCodeStreamDeleted, "a-1", esdb.Any{}, event(1))
	failAppend(t, c, esdb.ErrorCodeStreamDeleted, "a-1", esdb.NoStream{}, event(0))
	if _, err := collect(c.ReadStream(within(t), "a-1", esdb.ReadStreamOptions{}, 9)); code(err) != esdb.ErrorCodeStreamDeleted {
		t.Errorf("a tombstone: %v", err)
	}
}

func TestStreamMetadata(t *testing.T) {
	c := connect(t, start(t, wire.Options{}).ConnectionString())
	appendTo(t, c, "a-1", esdb.NoStream{}, events(0, 9)...)
	for _, n := range []uint64{5, 2} {
		meta := esdb.StreamMetadata{}
		meta.SetMaxCount(n)
		if _, err := c.SetStreamMetadata(within(t), "a-1", esdb.AppendToStreamOptions{}, meta); err != nil {
			t.Fatal(err)
		}
		if got := revisions(readStream(t, c, "a-1", esdb.ReadStreamOptions{}, 9)); len(got) != int(n) || got[0] != 9-n {
			t.Errorf("with a count of %d: %v", n, got)
		}
	}
	if diff := cmp.Diff([]uint64{1}, revisions(readStream(t, c, "$$a-1", esdb.ReadStreamOptions{}, 9))); diff != "" {
		t.Errorf("of metadata only the newest is readable: %s", diff)
	}
	got, err := c.GetStreamMetadata(within(t), "a-1", esdb.ReadStreamOptions{})
	if err != nil || got.MaxCount() == nil || *got.MaxCount() != 2 {
		t.Errorf("metadata %+v, %v", got, err)
	}
	appendTo(t, c, "a-1", esdb.Revision(8), event(9))
}

func TestTooLarge(t *testing.T) {
	s := start(t, wire.Options{MaxAppendSize: 1000})
	c := connect(t, s.ConnectionString())
	fits := event(0)
	fits.Metadata, fits.Data = nil, bytes.Repeat([]byte{'x'}, 1000-2*len(fits.EventType))
	appendTo(t, c, "a-1", esdb.NoStream{}, fits)
	large := fits
	large.EventID, large.Metadata = event(1).EventID, []byte{'x'}
	// The client says what it learnt at the end, or that it could not send.
	if _, err := c.AppendToStream(within(t), "a-1", esdb.AppendToStreamOptions{}, large); err == nil {
		t.Error("too large an append is taken")
	}
	if n := len(s.Records()); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func TestRefusedOptions(t *testing.T) {
	memory := start(t, wire.Options{})
	for _, opt := range []wire.Options{
		{Listen: "0.0.0.0:0"}, {Listen: ":0"}, {Listen: "nonsense"}, {Listen: "example.org:1"}, {MaxAppendSize: -1}, {Password: "p"},
		{Version: "24.10.0-prerelease"}, {Faults: wire.Faults{Reset: -1}}, {Cluster: memory, File: t.TempDir() + "/log"},
	} {
		if s, err := wire.Start(opt); err == nil {
			_ = s.Stop()
			t.Errorf("%+v is taken", opt)
		}
	}
}

func grpcCode(err error) codes.Code {
	var e *esdb.Error
	if errors.As(err, &e) {
		return status.Code(e.Err())
	}
	return status.Code(err)
}
