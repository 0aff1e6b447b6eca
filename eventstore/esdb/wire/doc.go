// Package wire is a server for tests that speaks EventStoreDB's protocol: streams, gossip and server features, over loopback TCP only.
//
// It answers as EventStoreDB 23.10 does where that is known from its source, can be killed, restarted and told to misbehave, and keeps its
// log in memory or in a file. What it cannot prove about a real server is said in docs/esdb-test-server.md.
package wire
