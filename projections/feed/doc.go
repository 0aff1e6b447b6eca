// Package feed makes the messages of the event feed from the records of ledgers: one for the area of the unit whose ledger it is, and, of what
// happens to a shipment, one more for each police unit that escorts it.
//
// It is pure: equal logs give equal messages, byte for byte, whoever makes them and whenever. Publishing them is internal/feed.
//
// What is no act of a ledger is not in the feed: the reference data of elections, rejected commands, changes of accounts.
//
// Subjects are jejak.<election>.<area>.<entity>.<id>.<event>. The area is the code of the unit, or a police unit. People and devices are never
// named by the feed itself; what a unit's area gets of an event is its data as the log has it, what a police unit gets is made of the few fields
// of PoliceShipment and PoliceIncident and of nothing else.
package feed
