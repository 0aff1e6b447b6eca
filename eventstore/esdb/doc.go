// Package esdb is the event store on EventStoreDB, for more than one machine.
package esdb

import _ "github.com/EventStore/EventStore-Client-Go/v4/esdb"
