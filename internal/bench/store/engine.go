package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"jejak/eventstore"
	"jejak/eventstore/esdb"
	"jejak/eventstore/esdb/wire"
	"jejak/internal/bench/harness"
	"jejak/internal/bench/report"
)

// Engine measures what the adapter of EventStoreDB costs.
var Engine = harness.Section{Name: "engine", Title: "The adapter of EventStoreDB", Run: runEngine}

var clients = []contender{
	{"Jejak, esdb engine", "", openAdapter, 0},
	{"the official client alone", "", openClient, 0},
}

func runEngine(ctx context.Context, opt harness.Options) ([]report.Table, error) {
	p := planOf(opt)
	p.writers = slices.DeleteFunc(slices.Clone(p.writers), func(w int) bool { return w == 64 || w > 256 })
	tables, _, err := compare(ctx, opt, clients, p, "engine")
	for i := range tables {
		tables[i].Notes = append(tables[i].Notes,
			"Both append to a server of the tests in this process, in memory: this is what the adapter costs beside the client (its index, its envelope, its checks), and says nothing about EventStoreDB.")
	}
	return tables, err
}

type adapter struct {
	server   *wire.Server
	s        *esdb.Store
	versions []eventstore.Version
}

func openAdapter(ctx context.Context, _ string, writers int) (appender, error) {
	server, err := wire.Start(wire.Options{})
	if err != nil {
		return nil, err
	}
	s, err := esdb.Open(ctx, server.ConnectionString(), esdb.Options{})
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return &adapter{server, s, make([]eventstore.Version, writers)}, nil
}

func (a *adapter) append(ctx context.Context, w, n int) error {
	_, err := a.s.Append(ctx, fmt.Sprintf("ledger-%d", w), a.versions[w], events(n)...)
	a.versions[w] += eventstore.Version(n)
	return err
}

func (a *adapter) close() error { return errors.Join(a.s.Close(), a.server.Stop()) }

type naked struct {
	server   *wire.Server
	c        *client.Client
	versions []int64
}

func openClient(_ context.Context, _ string, writers int) (appender, error) {
	server, err := wire.Start(wire.Options{})
	if err != nil {
		return nil, err
	}
	config, err := client.ParseConnectionString(server.ConnectionString())
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	config.Logger = client.NoopLogging()
	c, err := client.NewClient(config)
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	if _, err := c.GetServerVersion(); err != nil { // connected before many ask at once, which it does not survive
		return nil, errors.Join(err, server.Stop())
	}
	return &naked{server, c, make([]int64, writers)}, nil
}

func (k *naked) append(ctx context.Context, w, n int) error {
	list := make([]client.EventData, n)
	for i, e := range events(n) {
		list[i] = client.EventData{EventID: e.ID, EventType: e.Type, ContentType: client.ContentTypeJson, Data: e.Data, Metadata: e.Metadata}
	}
	var expected client.ExpectedRevision = client.NoStream{}
	if k.versions[w] > 0 {
		expected = client.Revision(uint64(k.versions[w] - 1))
	}
	deadline := time.Minute
	_, err := k.c.AppendToStream(ctx, fmt.Sprintf("ledger-%d", w), client.AppendToStreamOptions{ExpectedRevision: expected, Deadline: &deadline}, list...)
	k.versions[w] += int64(n)
	return err
}

func (k *naked) close() error { return errors.Join(k.c.Close(), k.server.Stop()) }
