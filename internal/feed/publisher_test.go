package feed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"jejak/domain/given"
	"jejak/eventstore"
	"jejak/projections/feed"
)

// run runs a publisher until stop is called or the test ends.
func run(t testing.TB, cfg Config) (p *Publisher, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	p = New(cfg)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return p, stop
}

func replays(messages []*jetstream.RawStreamMsg) (n int) {
	for _, m := range messages {
		if m.Header.Get(feed.HeaderReplay) == "true" {
			n++
		}
	}
	return n
}

// What was in the log before is a replay, what comes is not; a restart repeats nothing, with its checkpoint and without.
func TestPublish(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	before := len(l.want())
	kept := &memory{}
	p, stop := run(t, b.config(l, kept))
	if all := b.published(l, p); replays(all) != before {
		t.Errorf("%d of %d messages are replays", replays(all), len(all))
	}
	for n := range 3 {
		for i := range 5 {
			l.add(other, accident("3509", 1000+10*n+i))
		}
		if all := b.published(l, p); replays(all) != before {
			t.Errorf("%d of %d messages are replays", replays(all), len(all))
		}
		if n < 2 {
			stop()
			if n == 1 {
				kept = &memory{}
			} else if kept.at.Position == 0 {
				t.Error("no checkpoint was kept")
			}
			l.add(other, accident("3509", 2000+n)) // while none runs
			p, stop = run(t, b.config(l, kept))
		}
	}
	lag, err := p.Lag(t.Context())
	if err != nil || !lag.Oldest.IsZero() || lag.Head == 0 {
		t.Errorf("lag %+v, %v", lag, err)
	}
	s, err := b.js().Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	if c.Discard != jetstream.DiscardOld || c.MaxBytes != 64<<20 || c.MaxAge != DefaultMaxAge || c.MaxConsumers != maxConsumers || c.DenyPurge || c.DenyDelete {
		t.Errorf("stream %+v", c)
	}
}

// TestKilledAnywhere: a publisher that ends after any message that it sent, or that was acknowledged, is followed by one that goes on.
func TestKilledAnywhere(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	messages := len(l.want())
	step := 1
	if testing.Short() {
		step = 7
	}
	for _, at := range []string{"sent", "acknowledged"} {
		for i := 1; i <= messages; i += step {
			kept := &memory{}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			cfg := b.config(l, kept)
			n := 0
			kill := func() {
				if n++; n == i {
					cancel()
				}
			}
			if at == "sent" {
				cfg.sent = kill
			} else {
				cfg.acked = kill
			}
			New(cfg).Run(ctx)
			cancel()
			if n < i {
				t.Fatalf("only %d of %d messages were %s within a minute", n, i, at)
			}
			cfg.JetStream.Conn().Close()
			if i%2 == 0 {
				kept = &memory{}
			}
			p, stop := run(t, b.config(l, kept))
			b.caughtUp(l, p)
			stop()
			if all := b.same(l); replays(all) != messages {
				t.Errorf("%d of %d messages are replays", replays(all), messages)
			}
			b.deleteStream()
		}
	}
}

// TestBrokerGone: the broker is stopped in the middle and comes back with what it had, with an older copy of it, or with nothing.
func TestBrokerGone(t *testing.T) {
	for _, with := range []string{"what it had", "an older copy", "nothing"} {
		t.Run(with, func(t *testing.T) {
			b, l := newBroker(t), newLog(t)
			l.add(other, accident("3509", 1))
			p, _ := run(t, b.config(l, &memory{}))
			b.published(l, p)
			for round := range 3 {
				older := t.TempDir()
				if with == "an older copy" {
					b.stop()
					if err := os.CopyFS(older, os.DirFS(b.dir)); err != nil {
						t.Fatal(err)
					}
					b.start()
				}
				for i := range 20 {
					l.add(other, accident("3509", 100*(round+1)+i))
				}
				if round == 1 {
					l.tell()
				}
				if round > 0 {
					b.caughtUp(l, p)
				}
				b.stop()
				l.add(other, accident("3509", 5000+round)) // commands go on
				switch with {
				case "an older copy":
					b.dir = older
				case "nothing":
					b.dir = t.TempDir()
				}
				b.start()
				b.published(l, p)
			}
		})
	}
}

// TestStreamLost: somebody deletes the stream, empties it, or deletes messages at its end, while the publisher has nothing to do or much.
func TestStreamLost(t *testing.T) {
	lose := map[string]wayOfLoss{
		"end deleted": func(b *broker, s jetstream.Stream) error {
			for n := range uint64(5) {
				if err := s.DeleteMsg(b.Context(), s.CachedInfo().State.LastSeq-n); err != nil {
					return err
				}
			}
			return nil
		},
	}
	maps.Copy(lose, waysOfLoss)
	for how, lose := range lose {
		for _, busy := range []bool{false, true} {
			t.Run(fmt.Sprint(how, " busy ", busy), func(t *testing.T) {
				b, l := newBroker(t), newLog(t)
				l.tell()
				p, _ := run(t, b.config(l, &memory{}))
				b.published(l, p)
				s, err := b.js().Stream(t.Context(), Stream)
				if err != nil {
					t.Fatal(err)
				}
				if err := lose(b, s); err != nil {
					t.Fatal(err)
				}
				if busy {
					for i := range 20 {
						l.add(other, accident("3509", 100+i))
					}
				}
				if how == "end deleted" && busy { // then they may lie between others, which a rebuild mends
					b.caughtUp(l, p)
					if err := p.Rebuild(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
				}
				want := len(l.want())
				eventually(t, "the stream is whole again", func() bool {
					s, err := b.js().Stream(t.Context(), Stream)
					return err == nil && int(s.CachedInfo().State.Msgs) == want
				})
				b.published(l, p)
			})
		}
	}
}

// lost counts what a publisher tells of losses.
type lost struct {
	noMetrics
	n atomic.Int64
}

func (l *lost) FeedFailed(reason string) {
	if reason == ReasonLost {
		l.n.Add(1)
	}
}

// wayOfLoss is what somebody does to the stream.
type wayOfLoss func(b *broker, s jetstream.Stream) error

var waysOfLoss = map[string]wayOfLoss{
	"deleted": func(b *broker, _ jetstream.Stream) error { return b.js().DeleteStream(b.Context(), Stream) },
	"purged":  func(b *broker, s jetstream.Stream) error { return s.Purge(b.Context()) },
	"purged in part": func(b *broker, s jetstream.Stream) error {
		return s.Purge(b.Context(), jetstream.WithPurgeSequence(s.CachedInfo().State.LastSeq-2))
	},
}

// TestLostWhileDown: what somebody did to the stream while no publisher ran is told by the one that starts, and the stream is filled again: also when the
// log went on meanwhile. Its checkpoint tells what the stream was; without one, what is gone from a stream that is younger than messages get did not age.
func TestLostWhileDown(t *testing.T) {
	b := newBroker(t)
	for how, lose := range waysOfLoss {
		for _, forgotten := range []bool{false, true} {
			for _, more := range []int{0, 3} {
				l, kept, told := newLog(t), &memory{}, &lost{}
				l.tell()
				cfg := b.config(l, kept)
				cfg.Metrics = told
				p, stop := run(t, cfg)
				b.published(l, p)
				stop()
				s, err := cfg.JetStream.Stream(t.Context(), Stream)
				if err == nil {
					err = lose(b, s)
				}
				if err != nil {
					t.Fatal(err)
				}
				for i := range more {
					l.add(other, accident("3509", 100+i))
				}
				if forgotten {
					cfg.Checkpoints = &memory{}
				}
				told.n.Store(0)
				p, stop = run(t, cfg)
				want := len(l.want())
				eventually(t, fmt.Sprintf("%s, checkpoint forgotten %t, %d more: the stream is whole again", how, forgotten, more), func() bool {
					s, err := cfg.JetStream.Stream(t.Context(), Stream)
					return err == nil && int(s.CachedInfo().State.Msgs) == want
				})
				b.published(l, p)
				// A stream that is not there, and of which nothing is known, is a first start.
				if n := told.n.Load(); n == 0 && (how != "deleted" || !forgotten) {
					t.Errorf("%s, checkpoint forgotten %t, %d more: nothing is told", how, forgotten, more)
				}
				stop()
				if err := cfg.JetStream.DeleteStream(t.Context(), Stream); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestLostWhileBusy: the same in the middle of publishing, with messages under way; and another publisher is first with the next message, so that the
// session ends before anybody has looked.
func TestLostWhileBusy(t *testing.T) {
	b := newBroker(t)
	for how, lose := range waysOfLoss {
		l, told, kept := newLog(t), &lost{}, &memory{}
		l.tell()
		p, stop := run(t, b.config(l, kept))
		b.published(l, p)
		stop()
		before := len(l.want())
		for i := range 20 {
			l.add(other, accident("3509", 100+i))
		}
		want := l.want()
		cfg := b.config(l, kept)
		cfg.Metrics = told
		sent := 0
		cfg.sent = func() {
			if sent++; sent != 5 {
				return
			}
			err := cfg.JetStream.Conn().FlushTimeout(10 * time.Second)
			s, err2 := b.looking().Stream(t.Context(), Stream)
			if err = errors.Join(err, err2); err == nil {
				err = lose(b, s)
			}
			if err == nil && how != "deleted" {
				_, err = b.looking().PublishMsg(t.Context(), natsMessage(&want[before+sent]))
			}
			if err != nil {
				t.Error(err)
			}
		}
		p, stop = run(t, cfg)
		eventually(t, how+": the stream is whole again", func() bool {
			s, err := b.looking().Stream(t.Context(), Stream)
			return err == nil && int(s.CachedInfo().State.Msgs) == len(want)
		})
		b.published(l, p)
		if told.n.Load() == 0 {
			t.Errorf("%s: nothing is told", how)
		}
		stop()
		if err := b.js().DeleteStream(t.Context(), Stream); err != nil {
			t.Fatal(err)
		}
	}
}

// natsMessage is a message as a publisher sends it.
func natsMessage(m *feed.Message) *nats.Msg {
	msg := &nats.Msg{Subject: m.Subject, Header: nats.Header{}, Data: m.Body}
	for _, h := range m.Headers {
		msg.Header[h.Name] = []string{h.Value}
	}
	return msg
}

// TestWhatIsKnownOfAStream: messages that go by the stream's limits, also by tighter ones that it had before, are not lost.
func TestWhatIsKnownOfAStream(t *testing.T) {
	day, now := 24*time.Hour, time.Now()
	old := known{Created: now.Add(-200 * day), First: 1000, MaxAge: 90 * day, MaxBytes: 4 << 30, Samples: []sample{{now.Add(-100 * day), 500}, {now.Add(-80 * day), 2000}, {now.Add(-day), 9000}}}
	for name, c := range map[string]struct {
		known known
		first uint64
		bytes uint64
		age   time.Duration
		want  bool
	}{
		"nothing went":                         {old, 1000, 1 << 30, 90 * day, false},
		"by age":                               {old, 1900, 1 << 30, 90 * day, false},
		"the youngest too":                     {old, 9500, 1 << 30, 90 * day, true},
		"what is 79 days old":                  {old, 2002, 1 << 30, 90 * day, true},
		"by bytes":                             {old, 9500, 4<<30 - 1<<20, 90 * day, false},
		"by age, before it was raised":         {known{Created: old.Created, First: 1000, MaxAge: 30 * day, MaxBytes: 4 << 30, Samples: old.Samples}, 8000, 1 << 30, 90 * day, false},
		"unknown, and younger than its limits": {known{Created: now.Add(-10 * day), First: 1, Samples: []sample{{now.Add(-10 * day), 0}}}, 2, 1 << 30, 90 * day, true},
		"unknown, and older":                   {known{Created: old.Created, First: 1, Samples: []sample{{old.Created, 0}}}, 2, 1 << 30, 90 * day, false},
	} {
		w := watch{known: c.known}
		info := &jetstream.StreamInfo{Config: jetstream.StreamConfig{MaxAge: c.age, MaxBytes: 4 << 30}, State: jetstream.StreamState{Msgs: 1, FirstSeq: c.first, Bytes: c.bytes}}
		if got := w.cutOff(info); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// lacking is what a publisher tells of messages that are missing.
type lacking struct {
	noMetrics
	n atomic.Int64
}

func (l *lacking) FeedMissing(n int) { l.n.Store(int64(n)) }

// TestLostInTheMiddle: the broker has lost messages between others that it had acknowledged. That is told, also by a publisher that starts later,
// until a rebuild brings them back; what comes is published all the same.
func TestLostInTheMiddle(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	cfg, told := b.config(l, &memory{}), &lacking{}
	cfg.Metrics = told
	p, stop := run(t, cfg)
	b.published(l, p)
	s, err := b.js().Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	for _, sequence := range []uint64{3, 4, 9} {
		if err := s.DeleteMsg(t.Context(), sequence); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "it is told", func() bool { return told.n.Load() == 3 })
	l.add(other, accident("3509", 1))
	b.caughtUp(l, p)
	stop()
	told.n.Store(0)
	cfg.JetStream = b.js()
	p, _ = run(t, cfg)
	eventually(t, "it is told again after a start", func() bool { return told.n.Load() == 3 })
	l.add(other, accident("3509", 2))
	b.caughtUp(l, p)
	if n := len(b.messages()); n != len(l.want())-3 {
		t.Errorf("%d of %d messages", n, len(l.want()))
	}
	if err := p.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b.published(l, p)
	eventually(t, "nothing is missing", func() bool { return told.n.Load() == 0 })
}

// TestEndLostWhileDown: the last messages are gone when the publisher starts, whether it has a checkpoint or not.
func TestEndLostWhileDown(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	for _, kept := range []*memory{{}, nil} {
		keep := kept
		if keep == nil {
			keep = &memory{}
		}
		p, stop := run(t, b.config(l, keep))
		b.published(l, p)
		stop()
		s, err := b.js().Stream(t.Context(), Stream)
		if err != nil {
			t.Fatal(err)
		}
		for n := range uint64(7) {
			if err := s.DeleteMsg(t.Context(), s.CachedInfo().State.LastSeq-n); err != nil {
				t.Fatal(err)
			}
		}
		if kept == nil {
			keep = &memory{}
		}
		p, stop = run(t, b.config(l, keep))
		b.published(l, p)
		stop()
	}
}

// TestTwoPublishers: two servers of one log publish at once, are stopped and started, and one rebuilds.
func TestTwoPublishers(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	one, _ := run(t, b.config(l, &memory{}))
	two, stop := run(t, b.config(l, &memory{}))
	for i := range 200 {
		l.add(other, accident("3509", 1000+i))
		if i == 80 {
			stop()
		}
		if i == 120 {
			two, _ = run(t, b.config(l, &memory{}))
		}
	}
	b.caughtUp(l, two)
	b.published(l, one)
	if err := two.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		l.add(other, accident("3509", 2000+i))
	}
	want := len(l.want())
	eventually(t, "the stream is whole again", func() bool {
		s, err := b.js().Stream(t.Context(), Stream)
		return err == nil && int(s.CachedInfo().State.Msgs) == want
	})
	b.caughtUp(l, two)
	b.published(l, one)
}

// TestBrokerFull: the stream takes nothing, as with a full disk. Commands go on, and what they made follows when there is room.
func TestBrokerFull(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	p, _ := run(t, b.config(l, &memory{}))
	b.published(l, p)
	s, err := b.js().Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	full := s.CachedInfo().Config
	full.Discard, full.MaxBytes = jetstream.DiscardNew, int64(s.CachedInfo().State.Bytes)+10
	if _, err := b.js().UpdateStream(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		l.add(other, accident("3509", 1000+i))
	}
	eventually(t, "the publisher says that it fails", func() bool { return strings.Contains(p.Failing(), "maximum bytes") })
	if p.Trouble() != "" {
		t.Errorf("trouble %q", p.Trouble())
	}
	if lag, err := p.Lag(t.Context()); err != nil || !lag.Oldest.Equal(given.Start) {
		t.Errorf("lag %+v, %v", lag, err)
	}
	full.MaxBytes = 64 << 20
	if _, err := b.js().UpdateStream(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	b.published(l, p)
	eventually(t, "it no longer fails", func() bool { return p.Failing() == "" })
}

// TestUnusableStreams: what the publisher may not change it refuses, and says why.
func TestUnusableStreams(t *testing.T) {
	for want, c := range map[string]jetstream.StreamConfig{
		"subjects":      {Subjects: []string{"jejak.>"}},
		"storage":       {Storage: jetstream.MemoryStorage},
		"retention":     {Retention: jetstream.InterestPolicy},
		"denies purg":   {DenyPurge: true},
		"other streams": {Sources: []*jetstream.StreamSource{{Name: "elsewhere"}}},
	} {
		b, l := newBroker(t), newLog(t)
		c.Name = Stream
		if len(c.Subjects) == 0 {
			c.Subjects = []string{feed.Subjects}
		}
		if _, err := b.js().CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		p, stop := run(t, b.config(l, &memory{}))
		eventually(t, "refused for its "+want, func() bool { return strings.Contains(p.Trouble(), want) })
		if err := b.js().DeleteStream(t.Context(), Stream); err != nil {
			t.Fatal(err)
		}
		l.add(other, accident("3509", 1))
		b.published(l, p)
		eventually(t, "no more trouble", func() bool { return p.Trouble() == "" })
		stop()
	}
	b, l := newBroker(t), newLog(t)
	cfg := b.config(l, &memory{})
	cfg.Replicas = 3
	p, _ := run(t, cfg)
	eventually(t, "refused for its replicas", func() bool { return strings.Contains(p.Trouble(), "3 replicas") })
}

// TestOtherLimits: a publisher brings a stream that is there to its own limits, and leaves alone what is the administrator's. Nothing is published again.
func TestOtherLimits(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	cfg := b.config(l, &memory{})
	p, stop := run(t, cfg)
	b.published(l, p)
	stop()
	s, err := b.js().Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	theirs := s.CachedInfo().Config
	theirs.Description, theirs.MaxConsumers = "of the administrator", -1
	if _, err := b.js().UpdateStream(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	cfg.JetStream, cfg.MaxBytes, cfg.MaxAge = b.js(), 32<<20, 36*time.Hour
	p, stop = run(t, cfg)
	if all := b.published(l, p); all[0].Sequence != 1 {
		t.Errorf("the stream begins with message %d", all[0].Sequence)
	}
	if s, err = b.js().Stream(t.Context(), Stream); err != nil {
		t.Fatal(err)
	}
	if c := s.CachedInfo().Config; c.MaxBytes != 32<<20 || c.MaxAge != 36*time.Hour || c.Description != "of the administrator" {
		t.Errorf("%+v", c)
	}
	stop()
	// Less room than is taken: the oldest go, and that is no loss.
	cfg.JetStream, cfg.MaxBytes = b.js(), int64(s.CachedInfo().State.Bytes)/2
	p, _ = run(t, cfg)
	b.caughtUp(l, p)
	l.add(other, accident("3509", 1))
	b.caughtUp(l, p)
	if s, err = b.js().Stream(t.Context(), Stream); err != nil {
		t.Fatal(err)
	}
	if state := s.CachedInfo().State; state.FirstSeq == 1 || int(state.LastSeq) != len(l.want()) || int64(state.Bytes) > cfg.MaxBytes {
		t.Errorf("%+v", state)
	}
}

// TestStreamOfAnotherLog: a stream that has what the log does not have is left alone until a rebuild is asked for.
func TestStreamOfAnotherLog(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	p, stop := run(t, b.config(l, &memory{}))
	b.published(l, p)
	stop()
	fresh := newLog(t)
	fresh.add(other, accident("3509", 1))
	p, _ = run(t, b.config(fresh, &memory{}))
	eventually(t, "the publisher says why it stands still", func() bool { return strings.Contains(p.Trouble(), "feed rebuild") })
	b.same(l)
	if err := p.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b.published(fresh, p)
	eventually(t, "no more trouble", func() bool { return p.Trouble() == "" })
}

// TestRebuild: everything is published again as a replay, a consumer that was there gets it, and what comes later is none.
func TestRebuild(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	p, _ := run(t, b.config(l, &memory{}))
	eventually(t, "an empty log is rebuilt", func() bool { return p.Rebuild(t.Context(), nil) == nil })
	l.tell()
	if all := b.published(l, p); replays(all) != 0 {
		t.Errorf("%d messages are replays", replays(all))
	}
	c, err := b.js().CreateOrUpdateConsumer(t.Context(), Stream, jetstream.ConsumerConfig{Durable: "someone", FilterSubject: "jejak.*.3509.>"})
	if err != nil {
		t.Fatal(err)
	}
	read := func() (n int) {
		got, err := c.Fetch(1000, jetstream.FetchMaxWait(500*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		for m := range got.Messages() {
			n++
			if err := m.Ack(); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	first := read()
	var progress []Progress
	if err := p.Rebuild(t.Context(), func(at Progress) { progress = append(progress, at) }); err != nil {
		t.Fatal(err)
	}
	if all := b.published(l, p); replays(all) != len(all) || all[0].Header.Get("Nats-Rollup") != "all" {
		t.Errorf("%d of %d messages are replays; the first is %v", replays(all), len(all), all[0].Header)
	}
	if n := read(); n != first || n == 0 {
		t.Errorf("the consumer got %d messages, then %d", first, n)
	}
	if last := progress[len(progress)-1]; !last.Done || last.Position < last.To {
		t.Errorf("progress %+v", progress)
	}
	before := len(l.want())
	l.add(other, accident("3509", 77777))
	if all := b.published(l, p); replays(all) != before {
		t.Errorf("%d of %d messages are replays", replays(all), len(all))
	}
}

// TestAgedOut: a stream that is empty because its messages were old is not filled again.
func TestAgedOut(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	l.tell()
	cfg := b.config(l, &memory{})
	cfg.MaxAge = time.Second
	p, stop := run(t, cfg)
	b.caughtUp(l, p)
	empty := func() bool {
		s, err := b.js().Stream(t.Context(), Stream)
		return err == nil && s.CachedInfo().State.Msgs == 0
	}
	for n := range 3 {
		eventually(t, "the stream is empty", empty)
		last := uint64(len(l.want()))
		if n == 1 {
			stop()
			cfg.JetStream = b.js()
			p, stop = run(t, cfg)
		}
		l.add(other, accident("3509", 500+n))
		b.caughtUp(l, p)
		s, err := b.js().Stream(t.Context(), Stream)
		if err != nil || s.CachedInfo().State.LastSeq != last+1 {
			t.Fatalf("%v: sequence %d after %d", err, s.CachedInfo().State.LastSeq, last)
		}
	}
}

// TestStatus: however many put rows at once, the newest is there in the end, and none ever goes back.
func TestStatus(t *testing.T) {
	b, l := newBroker(t), newLog(t)
	p := New(b.config(l, &memory{}))
	row := func(n int) []byte { return fmt.Appendf(nil, `{"code":"3578","position":%d}`, n) }
	// The bucket is made when it is not there.
	if err := p.Status(t.Context(), given.Election, "3578", 1, row(1)); err != nil {
		t.Fatal(err)
	}
	kv, err := b.js().KeyValue(t.Context(), Bucket)
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := kv.WatchAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const writers, rows = 4, 50
	var failed atomic.Int64
	done := make(chan struct{})
	for w := range writers {
		go func() {
			defer func() { done <- struct{}{} }()
			p := New(b.config(l, &memory{}))
			for n := w; n < rows; n += 1 + w%2 {
				if p.Status(t.Context(), given.Election, "3578", eventstore.Position(n+1), row(n+1)) != nil {
					failed.Add(1)
				}
			}
		}()
	}
	for range writers {
		<-done
	}
	if failed.Load() > 0 {
		t.Errorf("%d rows failed", failed.Load())
	}
	if err := p.Status(t.Context(), given.Election, "3578", 3, row(3)); err != nil {
		t.Errorf("an older row: %v", err)
	}
	e, err := kv.Get(t.Context(), "pemilu2024.3578")
	if err != nil || string(e.Value()) != string(row(rows)) {
		t.Errorf("%v, %v", e, err)
	}
	last := ""
	for limit := time.After(time.Minute); ; {
		var e jetstream.KeyValueEntry
		select {
		case e = <-watcher.Updates():
		case <-limit:
			t.Fatalf("the newest row is not told; the last is %s", last)
		}
		if e == nil {
			continue
		}
		if now := fmt.Sprintf("%40s", e.Value()); now < last {
			t.Errorf("%s after %s", now, last)
		} else {
			last = now
		}
		if string(e.Value()) == string(row(rows)) {
			break
		}
	}
}
