// Package esdb is the event store on EventStoreDB, for what one machine cannot hold or must not be lost with.
//
// It speaks the protocol through the stubs that come with github.com/EventStore/EventStore-Client-Go/v4, and reads connection strings with
// that module, but keeps the connection itself: that module's Client waits for ever after one failed discovery, ignores contexts while it
// connects, never sends requires-leader, loses connections and the details of errors (docs/decisions/008-eventstoredb.md). Here every call
// ends with its context, and the store comes back by itself when the server does.
//
// EventStoreDB finds events by stream and position only. Where a command's events are is kept in an Index, which follows the log.
package esdb
