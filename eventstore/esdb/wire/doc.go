// Package wire speaks EventStoreDB's protocol as a server, for tests.
package wire

import (
	_ "github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	_ "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	_ "github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	_ "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	_ "google.golang.org/grpc"
)
