package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type jetStream struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	last   []uint64
}

// openJetStream embeds the server and connects without a socket.
func openJetStream(ctx context.Context, dir string, writers int) (appender, error) {
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, fmt.Errorf("make the NATS server: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the NATS server does not start")
	}
	j := &jetStream{server: s, last: make([]uint64, writers)}
	if j.conn, err = nats.Connect("", nats.InProcessServer(s)); err == nil {
		j.js, err = jetstream.New(j.conn, jetstream.WithPublishAsyncMaxPending(1<<17))
	}
	if err == nil {
		_, err = j.js.CreateStream(ctx, jetstream.StreamConfig{Name: "LOG", Subjects: []string{"ledger.>"}, Storage: jetstream.FileStorage})
	}
	return j, err
}

// append publishes n messages. Only the first says which sequence it expects: JetStream appends message by message, several at once are
// not one append to it.
func (j *jetStream) append(ctx context.Context, w, n int) error {
	subject := fmt.Sprintf("ledger.%d", w)
	acks := make([]jetstream.PubAckFuture, n)
	for i := range acks {
		m := &nats.Msg{Subject: subject, Data: record}
		var options []jetstream.PublishOpt
		if i == 0 {
			options = append(options, jetstream.WithExpectLastSequencePerSubject(j.last[w]))
		}
		var err error
		if acks[i], err = j.js.PublishMsgAsync(m, options...); err != nil {
			return err
		}
	}
	for _, a := range acks {
		select {
		case ok := <-a.Ok():
			j.last[w] = ok.Sequence
		case err := <-a.Err():
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (j *jetStream) close() error {
	j.conn.Close()
	j.server.Shutdown()
	j.server.WaitForShutdown()
	return nil
}
